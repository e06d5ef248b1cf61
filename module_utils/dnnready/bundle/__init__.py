"""A support bundle: what somebody needs who cannot log in to the host, without its secrets."""
