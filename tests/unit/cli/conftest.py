"""A device in a directory: the program as a file, and stacks whose releases have a real venv."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

import pytest

import dnnready
from dnnready.archive import build

PACKAGE = Path(dnnready.__file__).parent


class Device(NamedTuple):
    """A prefix with the program in it."""

    prefix: Path

    def release(self, stack: str, name: str, environment: str = "", *, current: bool = True) -> Path:
        """A release with a venv of this Python; `environment` is the text of its file."""
        stack_directory = self.prefix / "stacks" / stack
        release = stack_directory / "releases" / name
        venv.create(release / "venv", symlinks=True, with_pip=False)
        (release / "environment").write_text(environment, encoding="utf-8")
        if current:
            self.switch(stack, name)
        return release

    def switch(self, stack: str, name: str) -> None:
        """Make a release current."""
        link = self.prefix / "stacks" / stack / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(f"releases/{name}")

    def run(
        self, *arguments: str, env: Optional[Mapping[str, str]] = None, **keywords: Any
    ) -> subprocess.CompletedProcess[str]:
        """The installed program with these arguments and only this environment."""
        command: Sequence[str] = [str(self.prefix / "bin" / "dnnready"), *arguments]
        variables = {"PATH": "/usr/bin:/bin"} if env is None else dict(env)
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, **keywords)


@pytest.fixture(scope="session")
def program() -> bytes:
    """The zip application for this Python."""
    return build(PACKAGE, sys.executable)


@pytest.fixture
def device(tmp_path: Path, program: bytes) -> Device:
    """A device without stacks."""
    path = tmp_path / "prefix" / "bin" / "dnnready"
    path.parent.mkdir(parents=True)
    path.write_bytes(program)
    path.chmod(0o755)
    (tmp_path / "prefix" / "stacks").mkdir()
    return Device(tmp_path / "prefix")
