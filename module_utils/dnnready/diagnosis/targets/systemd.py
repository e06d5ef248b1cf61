"""What systemd says of a service, and children that get the conditions of a service.

A transient unit (systemd-run) with the directives of the service's own files meets the same sandbox, limits and
account, and is gone when it ends. Nothing of the service itself is started or changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from ...errors import DnnreadyError
from ...process import Completed, run
from .login import unquoted

_TIMEOUT = 20.0
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
}
#: Directives that start, stop or supervise the program, make directories of it, or are given in another way.
_NOT_CONDITIONS = re.compile(
    r"Exec\w+|Type|ExitType|Restart\w*|PIDFile|BusName|Notify\w*|Watchdog\w*|Timeout\w*|RuntimeMax\w*|Standard\w+|TTY\w*|"
    r"Syslog\w*|Log\w+|KillMode|\w*KillSignal|SendSIG\w+|RemainAfterExit|GuessMainPID|Success\w+|Sockets|FileDescriptor\w*|"
    r"(?:Runtime|State|Cache|Logs|Configuration)Directory\w*|Environment|EnvironmentFile|PassEnvironment|UnsetEnvironment|"
    r"StartLimit\w*|OOMPolicy|FailureAction|UtmpIdentifier|UtmpMode|SurviveFinalKillSignal|RootDirectoryStartOnly|"
    r"Slice|Delegate|DefaultDependencies|WorkingDirectory|NonBlocking|PermissionsStartOnly|ReloadSignal|USBFunction\w*"
)
_VARIABLES = ("Environment", "EnvironmentFile", "PassEnvironment", "UnsetEnvironment")
_RESULT = re.compile(r"^Finished with result: (\S+)$", re.MULTILINE)
_CODE = re.compile(r"^Main process\w* terminated with: code=(\S+?)/status=(\S+)$", re.MULTILINE)
_CHATTER = re.compile(
    r"^(?:Running as unit: |Running scope as unit: |Finished with result: |Main process\w* terminated with: |"
    r"Service runtime: |CPU time consumed: |Memory peak: |Memory swap peak: |IP traffic |IO bytes |Press \^\] ).*\n?",
    re.MULTILINE,
)
_UNKNOWN_DIRECTIVE = re.compile(r"Unknown assignment: (\w+)|Failed to parse (\w+)=|Unsupported (\w+)")


@dataclass(frozen=True)
class Unit:
    """A service as its files and its manager describe it."""

    name: str
    shown: Mapping[str, str]  #: `systemctl show`
    directives: tuple[tuple[str, str], ...]  #: of [Service], in order, from all of its files

    @property
    def conditions(self) -> list[str]:
        """Directives that shape what its program meets, as systemd-run takes them."""
        return [f"{name}={value}" for name, value in self.directives if not _NOT_CONDITIONS.fullmatch(name)]

    @property
    def variables(self) -> list[str]:
        """Directives that make its environment."""
        return [f"{name}={value}" for name, value in self.directives if name in _VARIABLES]

    @property
    def main_pid(self) -> Optional[int]:
        """Its main process, where it runs."""
        text = self.shown.get("MainPID", "0")
        return int(text) if text.isdigit() and int(text) > 0 else None

    @property
    def command(self) -> list[str]:
        """The words of ExecStart: as it was written where that can be read."""
        for name, value in reversed(self.directives):
            if name == "ExecStart" and value:
                return _words(value.lstrip("@-:+!"))
        return []


def available() -> str:
    """Why services cannot be asked about here, "" where they can."""
    if not os.path.isdir("/run/systemd/system"):
        return "systemd does not run here"
    if os.geteuid() != 0:
        return "only root can start a process under the conditions of a service"
    return ""


def read(name: str) -> Unit:
    """A service by its name. Raises DnnreadyError where systemd does not know it."""
    full = name if "." in name else f"{name}.service"
    if not re.fullmatch(r"[A-Za-z0-9:_.\\@-]{1,255}", full) or full.startswith("-"):
        raise DnnreadyError(f"{name!r} is not the name of a systemd service.")
    if not os.path.isdir("/run/systemd/system"):
        raise DnnreadyError(f"Cannot look at {full}: systemd does not run here.", "Name a process instead: --pid.")
    shown = run(["systemctl", "show", "--no-pager", full], env=_ENVIRONMENT, timeout=_TIMEOUT)
    properties = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    if properties.get("LoadState") != "loaded":
        raise DnnreadyError(
            f"systemd has no service {full} ({properties.get('LoadState') or shown.stderr.strip()}).",
            "See the names by: systemctl list-units --type=service",
        )
    text = run(["systemctl", "cat", "--no-pager", full], env=_ENVIRONMENT, timeout=_TIMEOUT).stdout
    return Unit(full, properties, tuple(directives(text, full)))


def directives(text: str, unit: str) -> Iterable[tuple[str, str]]:
    """(name, value) of every line of [Service], comments and continuations resolved, specifiers of names filled in."""
    section = ""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if bare.startswith("["):
            section = bare.strip("[]")
        elif section == "Service" and "=" in bare:
            name, _, value = bare.partition("=")
            yield name.strip(), _specified(value.strip(), unit)


def _specified(value: str, unit: str) -> str:
    stem = unit.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    words = {"%n": unit, "%N": stem, "%p": prefix, "%i": instance, "%I": instance.replace("-", "/"), "%j": prefix}
    return re.sub(r"%[nNpiIj]", lambda match: words[match.group()], value)


@dataclass(frozen=True)
class Conditions:
    """Starts children under the conditions of a service; a Launch."""

    assignments: tuple[str, ...]

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout: float,
        stdin: str = "",
        cwd: Optional[str] = None,
    ) -> Completed:
        """As process.run, with the ending that the service's manager saw."""
        given = [f"--setenv={name}={value}" for name, value in env.items()]
        command = ["systemd-run", "--pipe", "--wait", "--collect", f"--property=RuntimeMaxSec={timeout:.0f}"]
        command += [f"--property={one}" for one in self.assignments]
        command += [f"--working-directory={cwd}"] if cwd else []
        done = run([*command, *given, "--", *argv], env=_ENVIRONMENT, timeout=timeout + 20, stdin=stdin)
        return ended(done)


def without_unknown(assignments: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The assignments that this systemd-run takes, and those that it does not."""
    kept, refused = list(assignments), []
    for _ in range(len(kept) + 1):
        done = Conditions(tuple(kept))(["/bin/true"], env={}, timeout=_TIMEOUT)
        match = _UNKNOWN_DIRECTIVE.search(done.stderr)
        name = next((group for group in match.groups() if group), "") if match else ""
        bad = [one for one in kept if name and one.startswith(f"{name}=")]
        if not bad:
            break
        refused += bad
        kept = [one for one in kept if one not in bad]
    return tuple(kept), tuple(refused)


def ended(done: Completed) -> Completed:
    """A run of systemd-run as the run of the program in it."""
    result, code = _RESULT.search(done.stderr), _CODE.search(done.stderr)
    said = _CHATTER.sub("", done.stderr)
    if result is None:
        return replace(done, stderr=said)
    why, status = (code.group(1), code.group(2)) if code else ("", "")
    if result.group(1) == "timeout":
        return replace(done, stderr=said, exit_code=None, signal="SIGTERM", timed_out=True)
    if result.group(1) == "oom-kill":
        return replace(
            done,
            stderr=f"{said}\nA process of this unit has been killed by the OOM killer.\n",
            exit_code=None,
            signal="SIGKILL",
        )
    if why in ("killed", "dumped"):
        return replace(done, stderr=said, exit_code=None, signal=f"SIG{status}")
    return replace(done, stderr=said, exit_code=int(status) if status.isdigit() else done.exit_code)


def _words(text: str) -> list[str]:
    """Words as systemd splits them, near enough for paths: white space, and quotes around a word."""
    return [unquoted(word) for word in re.findall(r'"[^"]*"|\'[^\']*\'|\S+', text)]


def environment(unit: Unit) -> dict[str, str]:
    """The environment that systemd would give the program now, asked by a child that prints it."""
    done = Conditions(tuple(unit.variables))(["/usr/bin/env", "-0"], env={}, timeout=_TIMEOUT)
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry)
    if not found:
        raise DnnreadyError(
            f"systemd does not start a child with the environment of {unit.name}: {done.stderr.strip()[:300]}"
        )
    return {
        name: value
        for name, value in found.items()
        if name not in ("INVOCATION_ID", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM")
    }
