"""Distribution packages: what a stack needs and the host lacks, installed by apt and taken away again."""
