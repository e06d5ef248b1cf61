"""Makes a depot on a connected machine: wheels, Debian packages, their manifest, bill of materials and signature."""
