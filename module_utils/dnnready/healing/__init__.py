"""Mends what a diagnosis found, proves it again, and takes back what did not help."""
