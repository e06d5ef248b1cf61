"""What must be well before a switch is final: the user's own command or unit, and the units that run in the stack."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from ..conv2d.stored import variables
from ..errors import DnnreadyError
from ..files import read_json, write_json
from ..process import Completed, run
from .rejection import RejectedError
from .store import Store

SCHEMA = "dnnready/gate/1"
TIMEOUT = 60.0
PROOF_TIMEOUT = 300.0
#: Lines of a log that are kept, and seconds for which a restarted service must stay what it is.
_LINES = 40
_STEADY = 1.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Gate:
    """What a switch has to pass beside the proof."""

    command: tuple[str, ...] = ()
    unit: str = ""
    restart: tuple[str, ...] = ()
    timeout: float = TIMEOUT  #: seconds, for the command, the unit and the restarts each
    proof_timeout: float = PROOF_TIMEOUT

    @staticmethod
    def of(asked: Mapping[str, Any]) -> Gate:
        """From the parameters of the module dnn_release, or from gate.json."""
        return Gate(
            words(asked.get("health_command") or ""),
            str(asked.get("health_unit") or ""),
            tuple(map(str, asked.get("restart_units") or ())),
            float(asked.get("health_timeout") or TIMEOUT),
            float(asked.get("proof_timeout") or PROOF_TIMEOUT),
        )


NOTHING = Gate()


def words(command: Union[str, Sequence[Any]]) -> tuple[str, ...]:
    """A command as words, never for a shell. Raises DnnreadyError for quotes that do not end."""
    if not isinstance(command, str):
        return tuple(map(str, command))
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise DnnreadyError(f"health_command cannot be split into words: {error}: {command}", "Give a list.") from error


def kept(store: Store) -> Gate:
    """The gate of the last switch, for a switch on the device itself; none where there was none."""
    try:
        document = read_json(store.gate)
    except DnnreadyError:
        document = None
    return Gate.of(document) if isinstance(document, Mapping) and document.get("schema") == SCHEMA else Gate()


def keep(store: Store, gate: Gate) -> None:
    """Keep the gate beside the releases, unless it is there already."""
    if kept(store) == gate:
        return
    document = {
        "schema": SCHEMA,
        "health_command": list(gate.command),
        "health_unit": gate.unit,
        "restart_units": list(gate.restart),
        "health_timeout": gate.timeout,
        "proof_timeout": gate.proof_timeout,
    }
    write_json(store.gate, document)


def check(store: Store, identifier: str, gate: Gate) -> None:
    """Run the user's command and start the user's unit. Raises RejectedError where one does not succeed in time."""
    if gate.command:
        try:
            done = run(gate.command, env=_environment(store, identifier), timeout=gate.timeout, cwd="/")
        except DnnreadyError as error:
            raise RejectedError(f"The health command cannot be run: {error.message}") from error
        if not done.ok:
            shown = shlex.join(gate.command)
            raise RejectedError(f"The health command {_how(done, gate.timeout)}: {shown}.", log=_last(done))
    if gate.unit:
        started = time.time()
        done = _systemctl("start", gate.unit, timeout=gate.timeout)
        state = _properties(gate.unit) if done.ok else {}
        if not done.ok or not _healthy(state):
            how = _how(done, gate.timeout) if not done.ok else f"is {state.get('ActiveState') or 'unknown'}"
            raise RejectedError(f"The health unit {gate.unit} {how}.", log=_journal(gate.unit, started) or _last(done))


def restart(units: Sequence[str], timeout: float) -> None:
    """Restart units; each must be active within `timeout` seconds, and stay so; else RejectedError."""
    for unit in units:
        started, clock = time.time(), time.monotonic()
        done = _systemctl("restart", unit, timeout=timeout)
        if not done.ok:
            why = _how(done, timeout)
            raise RejectedError(f"Unit {unit}: its restart {why}.", log=_journal(unit, started) or _last(done))
        while not _steady(unit):
            state, passed = _properties(unit).get("ActiveState") or "unknown", time.monotonic() - clock
            if state == "failed" or passed > timeout:  # one that systemd starts again by itself is `activating`
                text = f"Unit {unit} is {state} {passed:.0f} s after its restart."
                raise RejectedError(text, log=_journal(unit, started))
            time.sleep(0.2)


def restart_again(units: Sequence[str], timeout: float, *, only_running: bool = False) -> list[str]:
    """Restart units after the way back, as well as it goes; what did not work, in words."""
    troubles = []
    for unit in units:
        try:
            done = _systemctl("try-restart" if only_running else "restart", unit, timeout=timeout)
        except DnnreadyError as error:
            troubles.append(f"{unit}: {error.message}")
            continue
        if not done.ok:
            troubles.append(f"unit {unit}: its restart on the old release {_how(done, timeout)}")
    return troubles


def _steady(unit: str) -> bool:
    """Active, and still the same process a moment later: a service that dies at once is active first, too."""
    before = _properties(unit)
    if not _healthy(before):
        return False
    if before.get("Type") == "oneshot":
        return True
    time.sleep(_STEADY)
    return _properties(unit) == before


def _healthy(state: Mapping[str, str]) -> bool:
    if state.get("Type") == "oneshot" and state.get("ActiveState") == "inactive":
        return state.get("Result") == "success"
    return state.get("ActiveState") == "active"


def _properties(unit: str) -> dict[str, str]:
    asked = "--property=Type,ActiveState,Result,MainPID,NRestarts"
    done = _systemctl("show", asked, unit, timeout=TIMEOUT)
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())


def _systemctl(*words: str, timeout: float) -> Completed:
    """Of the host, or of the user's own manager where this is no root."""
    manager = ["--user"] if os.geteuid() else []
    return run(["systemctl", *manager, *words], env=_plain(), timeout=timeout)


def _journal(unit: str, since: float) -> str:
    manager = ["--user"] if os.geteuid() else []
    asked = ["-u", unit, f"--since=@{int(since)}", f"--lines={_LINES}"]  # never rounded up, past the first lines
    argv = ["journalctl", *manager, *asked, "--no-pager", "-o", "cat"]
    with contextlib.suppress(DnnreadyError):
        return run(argv, env=_plain(), timeout=TIMEOUT).stdout
    return ""


def _plain() -> dict[str, str]:
    """A small environment; a user's own service manager is found by XDG_RUNTIME_DIR."""
    own = {name: os.environ[name] for name in ("HOME", "XDG_RUNTIME_DIR") if name in os.environ}
    runtime = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"} if os.geteuid() else {}
    return {"PATH": os.environ.get("PATH") or _PATH, "LANG": "C.UTF-8", "HOME": "/", **runtime, **own}


def _environment(store: Store, identifier: str) -> dict[str, str]:
    """What `dnnready run` gives, over a small environment."""
    plain, venv = _plain(), str(store.release(identifier) / "venv")
    own = variables(str(store.release(identifier)))
    return {
        **plain,
        **own,
        "PATH": f"{venv}/bin:{own.get('PATH', plain['PATH'])}",
        "VIRTUAL_ENV": venv,
        "DNNREADY_STACK": store.stack,
        "DNNREADY_RELEASE": identifier,
    }


def _how(done: Completed, timeout: float) -> str:
    if done.timed_out:
        return f"did not end within {timeout:g} s"
    return f"was ended by {done.signal}" if done.signal else f"failed with exit code {done.exit_code}"


def _last(done: Completed) -> str:
    return "\n".join((done.stdout + done.stderr).splitlines()[-_LINES:])
