"""Finds the real stacks that tests of frameworks run.

DNNREADY_TEST_PYTORCH, _TENSORFLOW, _ONEDNN and _MKL name a release directory or an interpreter each; without them the
current release below DNNREADY_TEST_PREFIX or /opt/dnnready serves, and without that a test is skipped (CI refuses
skips). DNNREADY_TEST_LIBRARY_PATH is the loader path of oneDNN and MKL where they are no release.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from dnnready.conv2d.stored import variables


class Stack(NamedTuple):
    """A real stack: what runs it, and what its libraries are found by."""

    python: Path
    environment: dict[str, str]


def real(name: str) -> Stack:
    """The stack that a test of a framework uses, or a skip."""
    prefix = os.environ.get("DNNREADY_TEST_PREFIX") or "/opt/dnnready"
    named = os.environ.get(f"DNNREADY_TEST_{name.upper()}")
    place = Path(named or f"{prefix}/stacks/{name}/current")
    python = place / "venv" / "bin" / "python" if place.is_dir() else place
    if not python.exists():
        pytest.skip(f"no stack {name}: set DNNREADY_TEST_{name.upper()}, or provision this machine")
    path = os.environ.get("DNNREADY_TEST_LIBRARY_PATH", "")
    environment = {"LD_LIBRARY_PATH": path} if path and name in ("onednn", "mkl") else {}
    if place.is_dir():
        environment.update(variables(str(place.resolve())))
    return Stack(python, environment)
