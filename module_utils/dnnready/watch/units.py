"""The texts of the service and the timer, for the host's manager and for a user's.

What the service may not have, it does not get: no network, no capability, no device, nothing to write but the prefix,
the fact and the metrics. One thing it must keep: MemoryDenyWriteExecute= is not set, because oneDNN writes the code of
a convolution into memory and then runs it. A user's manager cannot make a file system of its own without user
namespaces, so there the service has what needs none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..environment.render import MARK
from ..errors import DnnreadyError

NAME = "dnnready-watch"
#: What systemd.time(7) knows in a calendar event: letters, digits, and this punctuation.
_CALENDAR = re.compile(r"[A-Za-z0-9 *:,./~+_-]{1,120}")
_SIZE = re.compile(r"[0-9]{1,15}[KMGT]?|[0-9]{1,3}%")

_OF_BOTH = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
KeyringMode=private
UMask=0022
"""

_OF_THE_HOST = """\
ProtectSystem=strict
ProtectHome=read-only
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
IPAddressDeny=any
RemoveIPC=yes
"""


@dataclass(frozen=True)
class Settings:
    """What a user may choose."""

    prefix: str
    user: bool = False  #: for a user's own manager
    stacks: Sequence[str] = ()
    calendar: str = "hourly"
    random_delay: int = 900  #: seconds
    proof_every: int = 86400  #: seconds
    timeout: int = 600  #: seconds for each run of a framework, at the lowest priority
    textfile_directory: str = ""
    writable: Sequence[str] = ()  #: directories beside the prefix; they need not be there
    capabilities: str = ""  #: what it cannot do without
    memory_max: str = ""
    fail_on_drift: bool = False


def checked(settings: Settings) -> Settings:
    """The settings, or DnnreadyError for what no unit can say."""
    if not _CALENDAR.fullmatch(settings.calendar):
        raise DnnreadyError(f"{settings.calendar!r} is no calendar event of systemd.", "Give hourly, or *:0/15.")
    if settings.memory_max and not _SIZE.fullmatch(settings.memory_max):
        raise DnnreadyError(f"{settings.memory_max!r} is no amount of memory.", "Give bytes with K, M or G: 512M.")
    for value, least in ((settings.random_delay, 0), (settings.proof_every, 0), (settings.timeout, 1)):
        if value < least:
            raise DnnreadyError(f"{value} seconds make no sense.", f"Give {least} or more.")
    for path in (settings.prefix, settings.textfile_directory, *settings.writable):
        if not path.isprintable():
            raise DnnreadyError(f"The path {path!r} has characters that no unit can say.", "Choose another place.")
    return settings


def service(settings: Settings) -> str:
    """The text of the service."""
    asked = checked(settings)
    program = f"{asked.prefix}/bin/dnnready"
    words = [program, "--prefix", asked.prefix, "watch", *asked.stacks]
    words += ["--proof-every", str(asked.proof_every), "--timeout", str(asked.timeout)]
    words += ["--textfile-directory", asked.textfile_directory] if asked.textfile_directory else []
    words += ["--fail-on-drift"] if asked.fail_on_drift else []
    lines = [
        MARK,
        "[Unit]",
        "Description=Look whether the stacks of dnnready still run as they were proven",
        f"ConditionPathExists={specified(program)}",
        # A check is short and started by a timer or by hand: the default, five starts in ten seconds, only refuses
        # the latter.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(word(one) for one in words)}",
        "Nice=19",
        "CPUSchedulingPolicy=idle",
        "IOSchedulingClass=idle",
        "TimeoutStartSec=2h",
        *([f"MemoryMax={asked.memory_max}"] if asked.memory_max else []),
        *_OF_BOTH.splitlines(),
    ]
    if not asked.user:
        paths = (quoted(asked.prefix), *(quoted(f"-{path}") for path in asked.writable))
        lines += [f"CapabilityBoundingSet={asked.capabilities}", f"ReadWritePaths={' '.join(paths)}"]
        lines += _OF_THE_HOST.splitlines()
    return "".join(f"{line}\n" for line in lines)


_WHAT = "Look now and then whether the stacks of dnnready still run as they were proven"


def timer(settings: Settings, what: str = _WHAT) -> str:
    """The text of a timer. The delay differs from device to device and stays the same on each."""
    asked = checked(settings)
    lines = (
        MARK,
        "[Unit]",
        f"Description={what}",
        "",
        "[Timer]",
        f"OnCalendar={asked.calendar}",
        "OnActiveSec=1min",
        f"RandomizedDelaySec={asked.random_delay}",
        "FixedRandomDelay=yes",
        "AccuracySec=1min",
        "Persistent=yes",
        "",
        "[Install]",
        "WantedBy=timers.target",
    )
    return "".join(f"{line}\n" for line in lines)


def word(text: str) -> str:
    """A word of a command line (systemd.service(5)): quoted, without variables and specifiers."""
    return quoted(text.replace("$", "$$"))


def quoted(text: str) -> str:
    """A quoted word (systemd.syntax(7)) without specifiers."""
    return '"' + specified(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def specified(text: str) -> str:
    """A text in which % is no specifier."""
    return text.replace("%", "%%")
