"""Containers of podman, one for each fault."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple

#: Settings with which containers start here; `make test-host` found them.
CONFIGURATION = "/etc/containers/dnnready-test.conf"
ENVIRONMENT = {**os.environ, "CONTAINERS_CONF": CONFIGURATION}
LABEL = "dnnready.faults"


class PodmanError(Exception):
    """A command of podman that failed, with what it said."""


class Done(NamedTuple):
    """How a command ended; 124 where its time was up."""

    status: int
    output: str
    errors: str
    seconds: float


def podman(*words: str) -> str:
    """Standard output of a command of podman.

    Raises:
        PodmanError: when it exits with anything but 0.
    """
    done = subprocess.run(
        ["podman", *words], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PodmanError(f"podman {' '.join(words)} exited with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


class Container:
    """A container that is removed at the end of a `with` statement."""

    def __init__(self, name: str, image: str, arguments: Sequence[str] = ()) -> None:
        self.name = name
        self._run = [f"--name={name}", f"--label={LABEL}=1", "--systemd=always", *arguments, image]

    def __enter__(self) -> Container:
        subprocess.run(
            ["podman", "rm", "--force", "--time=0", self.name], env=ENVIRONMENT, capture_output=True, check=False
        )
        podman("run", "--detach", *self._run)
        for _ in range(100):
            # It says "offline" or nothing until it has a bus; `degraded` still boots a host that a user would use.
            if self.run("systemctl is-system-running", login=False).output.strip() in ("running", "degraded"):
                return self
            time.sleep(0.1)
        raise PodmanError(f"{self.name}: systemd has not booted")

    def __exit__(self, *_: object) -> None:
        podman("rm", "--force", "--time=0", self.name)

    def run(self, script: str, *, seconds: int = 120, login: bool = True) -> Done:
        """Run a line of shell, by default of a login shell, and end it where it takes too long."""
        # `timeout` is inside, because ending `podman exec` ends nothing there.
        command = [
            "podman",
            "exec",
            self.name,
            "timeout",
            "--kill-after=2",
            str(seconds),
            *(["bash", "-l"] if login else ["sh"]),
            "-c",
            script,
        ]
        started = time.monotonic()
        done = subprocess.run(
            command,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - started)
