"""The device's side of a depot: check its signature, fetch what is missing, never leave half a file."""
