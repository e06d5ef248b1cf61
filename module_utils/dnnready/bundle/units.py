"""A systemd service: what it starts, its sandbox, its limits, and what its main process has loaded."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping

from ..errors import DnnreadyError
from . import limits
from .bundle import Bundle
from .commands import answer

_UNIT = re.compile(r"[A-Za-z0-9:_.@][A-Za-z0-9:_.\\@-]{0,246}")
#: What decides how a framework runs in it. Environment is taken apart: of most variables only the name is shown.
PROPERTIES = (
    "Id,Names,LoadState,ActiveState,SubState,Result,Type,User,Group,MainPID,ExecMainPID,ExecMainCode,ExecMainStatus,"
    "NRestarts,ExecStart,WorkingDirectory,RootDirectory,RootImage,FragmentPath,DropInPaths,EnvironmentFiles,"
    "PassEnvironment,UnsetEnvironment,MemoryDenyWriteExecute,SystemCallFilter,SystemCallErrorNumber,"
    "SystemCallArchitectures,NoNewPrivileges,ProtectSystem,ProtectHome,ProtectProc,ProcSubset,PrivateTmp,PrivateUsers,"
    "PrivateDevices,PrivateNetwork,ReadOnlyPaths,ReadWritePaths,InaccessiblePaths,NoExecPaths,ExecPaths,"
    "TemporaryFileSystem,BindPaths,BindReadOnlyPaths,DynamicUser,AppArmorProfile,SELinuxContext,RestrictRealtime,"
    "CPUAffinity,AllowedCPUs,NUMAPolicy,CPUQuotaPerSecUSec,CPUWeight,MemoryMax,MemoryHigh,MemorySwapMax,MemoryCurrent,"
    "TasksMax,TasksCurrent,LimitNPROC,LimitNOFILE,LimitAS,LimitDATA,LimitSTACK,LimitMEMLOCK,LimitCORE,LimitCPU,"
    "OOMPolicy,OOMScoreAdjust,TimeoutStartUSec,WatchdogUSec,Nice,Personality"
)
_FILE_BYTES = 4 << 20


def check(names: list[str]) -> list[str]:
    """The names of units with their suffix. Raises DnnreadyError for what is no name."""
    for name in names:
        if not _UNIT.fullmatch(name):
            raise DnnreadyError(f"{name!r} is not the name of a systemd unit.", "Give names such as camera.service.")
    return [name if name.rpartition(".")[1] else f"{name}.service" for name in names]


def folder(unit: str) -> str:
    """Where a unit's members are in the bundle."""
    return f"units/{re.sub(r'[^A-Za-z0-9_.@-]', '_', unit)}"


def properties(unit: str) -> dict[str, str]:
    """The properties of a unit. Raises DnnreadyError where systemd does not answer or does not know it."""
    argv = ["systemctl", "show", "--no-pager", "-p", f"{PROPERTIES},Environment", "--", unit]
    found = dict(line.partition("=")[::2] for line in answer(argv).stdout.splitlines() if "=" in line)
    if found.get("LoadState") == "not-found":
        raise DnnreadyError(f"There is no unit {unit}.", "Name it as `systemctl list-units` does.")
    return found


def assigned(words: str) -> dict[str, str]:
    """The variables of the property Environment: NAME=value words, quoted as in a shell."""
    try:
        pieces = shlex.split(words)
    except ValueError:
        pieces = words.split()
    return dict(piece.partition("=")[::2] for piece in pieces if "=" in piece)


def fill(bundle: Bundle, unit: str, found: Mapping[str, str]) -> None:
    """Add what systemd says of a unit, and its main process where it runs."""
    place = folder(unit)
    variables = assigned(found.get("Environment", ""))
    body = "".join(f"{name}={value}\n" for name, value in found.items() if name != "Environment")
    body += "".join(f"Environment: {line}\n" for line in shown(bundle, variables))
    bundle.text(f"{place}/properties.txt", body, f"properties of {unit}", f"systemctl show {unit}")
    pid = found.get("MainPID", "0")
    if not pid.isdigit() or pid == "0":
        bundle.leave_out(f"process of {unit}", "it does not run")
        return
    for name in ("limits", "status", "cgroup"):
        _process_file(bundle, f"/proc/{pid}/{name}", f"{place}/process-{name}.txt", unit)
    try:
        body = "".join(f"{line}\n" for line in shown(bundle, environment(pid)))
        bundle.text(f"{place}/process-environment.txt", body, f"variables of {unit}", f"/proc/{pid}/environ")
        maps = limits.read(f"/proc/{pid}/maps", _FILE_BYTES)[0]
        text = "".join(f"{path}\n" for path in libraries(maps))
        bundle.text(f"{place}/process-libraries.txt", text, f"libraries of {unit}", f"/proc/{pid}/maps")
    except OSError as error:
        bundle.leave_out(f"process of {unit}", f"{error.filename}: {error.strerror}")


def shown(bundle: Bundle, variables: Mapping[str, str]) -> list[str]:
    """Variables as lines, as far as a bundle may show them."""
    return [f"{name}={value}" for name, value in bundle.redactor.environment(variables).items()]


def environment(pid: str) -> dict[str, str]:
    """The variables that a process was started with. Raises OSError."""
    with open(f"/proc/{pid}/environ", "rb") as stream:
        data = stream.read(_FILE_BYTES)
    pieces = (os.fsdecode(piece) for piece in data.split(b"\0") if b"=" in piece)
    return dict(piece.partition("=")[::2] for piece in pieces)


def libraries(maps: str) -> list[str]:
    """The shared libraries in a text of /proc/PID/maps, without addresses."""
    paths = (line.split(None, 5)[5] for line in maps.splitlines() if len(line.split(None, 5)) > 5)  # noqa: PLR2004 - proc(5)
    return sorted({path for path in paths if re.search(r"\.so(?:\.|$| )", path)})


def _process_file(bundle: Bundle, path: str, member: str, unit: str) -> None:
    try:
        bundle.text(member, limits.read(path, _FILE_BYTES)[0], f"process of {unit}", path)
    except OSError as error:
        bundle.leave_out(f"process of {unit}", f"{path}: {error.strerror}")
