"""Releases: identity, locks, the store on disk, building, and switching."""
