"""From what a user asks for to cases: stacks of dnnready, and one target of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import DnnreadyError
from ..host import collect
from .examine import examine, unseen
from .probe import Case
from .target import Target
from .targets import interpreter, running, service, stack

FRAMEWORKS = ("onednn", "mkl", "pytorch", "tensorflow")
_INSTALL_FROM = "Provision it: ansible-playbook site.yml"


@dataclass(frozen=True)
class Asked:
    """What shall be diagnosed. Without python, unit and pid: stacks, and without names all that are installed."""

    prefix: str = ""
    stacks: Sequence[str] = ()
    python: str = ""
    unit: str = ""
    pid: int = 0
    frameworks: Sequence[str] = ()
    directory: str = ""
    program: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    host: Optional[Mapping[str, Any]] = None
    thorough: bool = False
    timeout: float = 120.0
    next_start: bool = False  #: of a service: as it would be started now, not as it runs

    @property
    def foreign(self) -> bool:
        """Whether a target of the user's own is named."""
        return bool(self.python or self.unit or self.pid)


def diagnose(asked: Asked, say: Callable[[str], None] = lambda _text: None) -> list[dict[str, Any]]:
    """A diagnosis for each target. What cannot be looked at has a `problem`; raises DnnreadyError for wrong words."""
    unknown = [name for name in asked.frameworks if name not in FRAMEWORKS]
    if unknown:
        raise DnnreadyError(f"There is no framework {unknown[0]!r}.", f"Known: {', '.join(FRAMEWORKS)}.")
    host = asked.host or collect(asked.prefix or "/", [])
    return [examine(case, say=say) if isinstance(case, Case) else case for case in _cases(asked, host)]


def of(asked: Asked) -> Iterator[Any]:
    """The cases; in place of one that cannot be looked at the diagnosis that says so."""
    return _cases(asked, asked.host or collect(asked.prefix or "/", []))


def _cases(asked: Asked, host: Mapping[str, Any]) -> Iterator[Any]:
    if asked.foreign:
        try:
            yield Case(_foreign(asked), host, thorough=asked.thorough, timeout=asked.timeout)
        except DnnreadyError as error:
            yield unseen(_named(asked), error.message, error.hint)
        return
    for name in asked.stacks or stacks(asked.prefix):
        yield _of_stack(asked, name, host)


def _of_stack(asked: Asked, name: str, host: Mapping[str, Any]) -> Case:
    target = stack.target(asked.prefix, name)
    spec = stack.spec(target.release_path)
    return Case(
        target,
        host,
        options=spec.get("options") or {},
        stack_directory=os.path.join(asked.prefix, "stacks", name),
        thorough=asked.thorough,
        timeout=asked.timeout,
    )


def _foreign(asked: Asked) -> Target:
    if asked.unit:
        return service.target(asked.unit, asked.frameworks, asked.python, next_start=asked.next_start)
    if asked.pid:
        return running.target(asked.pid, asked.frameworks, asked.python)
    return interpreter.target(asked.python, asked.frameworks, asked.directory, asked.program, asked.environment)


def _named(asked: Asked) -> dict[str, Any]:
    kind = "unit" if asked.unit else ("process" if asked.pid else "python")
    return Target(kind, asked.unit or str(asked.pid or "") or asked.python, asked.python).document()


def stacks(prefix: str) -> list[str]:
    """The stacks below a prefix. Raises DnnreadyError where there is none."""
    directory = os.path.join(prefix, "stacks")
    try:
        names = sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except OSError:
        names = []
    if not names:
        raise DnnreadyError(
            f"No stack is installed in {prefix or '(no prefix)'}.",
            f"{_INSTALL_FROM}, or name what to look at: --python, --unit or --pid.",
        )
    return names
