"""The page of a fleet: one HTML file that loads nothing from anywhere."""

from __future__ import annotations
