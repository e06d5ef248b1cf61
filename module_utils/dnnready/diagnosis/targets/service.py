"""A service as a target: its interpreter, the environment that its process has, and its sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import DnnreadyError
from ..target import Launch, Target, plainly
from . import command, running, systemd


def target(name: str, frameworks: Sequence[str], python: str = "", *, next_start: bool = False) -> Target:
    """The target of a service, as it runs or as it would be started now.

    Raises DnnreadyError where there is none, or nothing says which Python it runs.
    """
    unit = systemd.read(name)
    hindrance = systemd.available()
    launch: Launch = plainly
    properties = dict(unit.shown)
    if not hindrance:
        taken, refused = systemd.without_unknown(unit.conditions)
        launch = systemd.Conditions(taken)
        properties["dnnready_refused"] = ", ".join(refused)
    pid = unit.main_pid
    environment = running.environment(pid) if pid and not next_start else None
    origin = f"/proc/{pid}/environ, the running service" if environment else "what systemd would start it with"
    if environment is None:
        if hindrance:
            raise DnnreadyError(
                f"{unit.name} does not run, and {hindrance}.", "Start the service, or run this as root."
            )
        environment = systemd.environment(unit)
    properties["dnnready_hindrance"] = hindrance
    words = unit.command
    program = command.read(words, environment)
    found = python or program.python
    if not found:
        raise DnnreadyError(
            f"Nothing says which Python {unit.name} runs: {' '.join(words)[:200] or 'it has no ExecStart'}.",
            "Name it: --python PATH (dnnready_target_python).",
        )
    return Target(
        kind="unit",
        name=unit.name,
        python=found,
        frameworks=tuple(frameworks),
        environment={**environment, **program.variables},
        environment_from=origin,
        directory=unit.shown.get("WorkingDirectory", "").lstrip("-!") or "/",
        program=program.script,
        unit=unit.name,
        pid=pid,
        properties=properties,
        launch=launch,
    )
