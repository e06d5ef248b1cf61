"""What keeps a stack from a host, found before anything is downloaded, each with the way out."""

from .check import blockers, preflight
from .notes import notes
from .render import render

__all__ = ["blockers", "notes", "preflight", "render"]
