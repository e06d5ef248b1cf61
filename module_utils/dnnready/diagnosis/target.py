"""What is diagnosed: a stack, an interpreter of somebody else, a service or a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Protocol

from ..process import Completed, run


class Launch(Protocol):
    """Starts a child under the conditions of a target; the arguments are those of process.run."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout: float,
        stdin: str = "",
        cwd: Optional[str] = None,
    ) -> Completed:
        """Run a program to its end."""
        ...


def plainly(
    argv: Sequence[str], *, env: Mapping[str, str], timeout: float, stdin: str = "", cwd: Optional[str] = None
) -> Completed:
    """Start a child as this process would."""
    return run(argv, env=env, timeout=timeout, stdin=stdin, cwd=cwd)


@dataclass(frozen=True)
class Target:
    """A framework where it runs: its interpreter, and the conditions that a process of it gets."""

    kind: str  #: stack, python, unit or process
    name: str  #: the stack, the path, the unit, or the number of the process
    python: str = ""  #: "" where none is known
    frameworks: tuple[str, ...] = ()  #: probes to run: onednn, mkl, pytorch, tensorflow; () means what is found
    environment: Mapping[str, str] = field(default_factory=dict)  #: all of it, as the process gets it
    environment_from: str = ""  #: where it comes from, in words
    directory: str = ""  #: working directory; "" where it does not matter
    program: str = ""  #: the script of a service or process, where it is one
    stack: str = ""
    release: str = ""
    release_path: str = ""
    unit: str = ""
    pid: Optional[int] = None
    properties: Mapping[str, str] = field(default_factory=dict)  #: of the unit, as `systemctl show` says
    launch: Launch = plainly

    @property
    def own(self) -> bool:
        """Whether it is dnnready's own stack, and not the environment of somebody else."""
        return self.kind == "stack"

    def document(self) -> dict[str, Any]:
        """As the diagnosis shows it; values of variables are no part of it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "python": self.python,
            "frameworks": list(self.frameworks),
            "environment_from": self.environment_from,
            "directory": self.directory,
            "stack": self.stack,
            "release": self.release,
            "unit": self.unit,
            "pid": self.pid,
        }
