"""What the steps of one build share: where, with which environment, how a child's failure is told."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..process import Completed, run
from .explain import failure
from .progress import Progress

#: Nobody waits longer for one step; on slow devices minutes are normal.
PATIENCE = 6 * 3600.0

#: In URLs, which a log must not tell; pip itself hides them.
_CREDENTIALS = re.compile(r"://[^/@\s]+@")
_ASK = """
import glob, json, os, platform, sys, sysconfig, zipfile
places = [os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")]
places.append(sysconfig.get_config_var("WHEEL_PKG_DIR") or places[0])
wheels = [path for place in places for path in glob.glob(os.path.join(place, "pip-*.whl"))]
print(json.dumps({
    "path": sys.executable,
    "version": platform.python_version(),
    "tag": "cp%d%d" % sys.version_info[:2],
    "packages": sysconfig.get_path("purelib"),
    "pip": [path for path in wheels if "pip/_vendor/urllib3/__init__.py" in zipfile.ZipFile(path).namelist()],
}))
"""
#: Variables that would send an installation elsewhere, or let another tree's modules in.
_MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON")


def without_credentials(text: str) -> str:
    """A text without the user and password of URLs in it."""
    return _CREDENTIALS.sub("://", text)


#: pip's own variables: every line of a lock is pinned, so constraints can only get in its way.
PIP_VARIABLES = {
    "PIP_CONSTRAINT": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_USER": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
}


@dataclass(frozen=True)
class Build:
    """One release in the making."""

    spec: Mapping[str, Any]
    prefix: Path
    release: Path
    kept_log: Path  #: where the log will be after a failure
    progress: Progress

    @property
    def venv(self) -> Path:
        """The venv of the release."""
        return self.release / "venv"

    @property
    def temporary(self) -> Path:
        """Where children put what is temporary; gone in the end."""
        return self.release / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of installers: the caller's with pip's settings in it, less what would mislead them.

        Everything temporary goes onto the disk of the release: the default is memory or too small on many devices, and
        a killed build leaves nothing outside its own directory.
        """
        return {
            **{name: value for name, value in os.environ.items() if name not in _MISLEADING},
            **PIP_VARIABLES,
            "TMPDIR": str(self.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "LC_ALL": "C.UTF-8",
        }

    def attempt(
        self,
        argv: Sequence[str],
        *,
        on_line: Optional[Callable[[str], None]] = None,
        environment: Optional[Mapping[str, str]] = None,
        timeout: float = PATIENCE,
    ) -> Completed:
        """Run a child and keep what it printed in the release's log."""
        done = run(argv, env=environment or self.environment, timeout=timeout, on_line=on_line)
        ended = done.signal or f"exit code {done.exit_code}"
        command = without_credentials(" ".join(argv))
        self.note([f"$ {command}", f"{done.stdout}{done.stderr}[{ended}, {done.wall_seconds:.1f} s]", ""])
        return done

    def note(self, lines: Sequence[str]) -> None:
        """Add lines to the release's log."""
        # A full disk is reported by the child itself; its log must not hide that.
        with contextlib.suppress(OSError), open(self.release / "log" / "install.log", "a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in lines)

    def require(self, done: Completed, doing: str) -> None:
        """Raise DnnreadyError with the reason where a child failed."""
        if not done.ok:
            raise failure(done, doing, str(self.kept_log))

    def make_venv(self, *options: str) -> dict[str, Any]:
        """Make the venv over the interpreter of the spec; returns what that says of itself (see `ask`)."""
        python = self.spec["python"]
        base = self.ask(python)
        if base["tag"] != self.spec["tag"]:
            raise DnnreadyError(
                f"{python} is {base['tag']} ({base['version']}), but the release was planned for {self.spec['tag']}.",
                "It changed since the host was read: run again.",
            )
        self.require(self.attempt([python, "-m", "venv", *options, str(self.venv)]), f"Making a venv with {python}")
        return base

    def ask(self, python: str) -> dict[str, Any]:
        """What an interpreter says of itself.

        path, version, tag, packages (its directory of distributions), pip (the wheels that ensurepip would unpack and
        that run by themselves; some distributions take pip apart).
        """
        done = run([python, "-I", "-c", _ASK], env=self.environment, timeout=60)
        if not done.ok:
            lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
            reason = lines[-1] if lines else done.signal or f"exit code {done.exit_code}"
            raise DnnreadyError(f"The interpreter {python} does not run: {reason}.", "Choose another: dnnready_python.")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
