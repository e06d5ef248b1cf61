"""What a host is: CPU, cores, libraries, interpreters, room, limits."""

from .collect import SCHEMA, collect

__all__ = ["SCHEMA", "collect"]
