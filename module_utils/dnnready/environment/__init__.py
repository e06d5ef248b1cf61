"""Environment variables: who reads them, which values are good, what fits a host, and how they are written.

`evaluate` checks variables, `recommend` computes and merges them, `render` writes and reads them,
`places` puts them where a release, login shells or systemd find them. `catalogue` holds what is known.
"""
