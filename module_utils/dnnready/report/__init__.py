"""What a person reads at the end: rows, their table, and the run document that says the same to programs."""

from __future__ import annotations
