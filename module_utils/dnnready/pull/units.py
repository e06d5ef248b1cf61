"""The texts of the service and the timer of a host that pulls.

The service provisions as root: it installs packages, writes below /etc, restarts units. So the file system is not
read-only and few capabilities go. What provisioning never needs is taken all the same: kernel modules and settings,
the clock, raw devices, other address families, homes. Two settings must not come: MemoryDenyWriteExecute= (a stack is
proven within a run, and oneDNN writes code and runs it) and RestrictSUIDSGID= (dpkg unpacks such files).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..environment.render import MARK
from ..watch import units as watch_units
from ..watch.units import quoted, specified, word

NAME = "dnnready-pull"
#: A run may be cut by a shutdown at any time; longer than this nobody waits for its playbook to end by itself.
_STOP = "90s"

_SANDBOX = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_BLOCK_SUSPEND CAP_BPF CAP_LINUX_IMMUTABLE
CapabilityBoundingSet=~CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_NET_RAW CAP_PERFMON CAP_SYSLOG CAP_SYS_BOOT CAP_SYS_MODULE
CapabilityBoundingSet=~CAP_SYS_PACCT CAP_SYS_RAWIO CAP_SYS_TIME CAP_WAKE_ALARM
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
KeyringMode=private
UMask=0022
"""


@dataclass(frozen=True)
class Schedule:
    """When a host pulls."""

    calendar: str = "hourly"
    random_delay: int = 900  #: seconds


def service(prefix: Path, schedule: Schedule, timeout: int) -> str:
    """The text of the service. `timeout`: seconds of the playbook; fetching and proving have an hour beside it."""
    watch_units.checked(_timer(prefix, schedule))
    program = f"{prefix}/pull/program"
    words = (program, "--prefix", str(prefix), "pull")
    lines = [
        MARK,
        "[Unit]",
        "Description=Bring the project of dnnready to this host, verify it, and run it",
        f"ConditionPathExists={specified(program)}",
        "Wants=network-online.target",
        "After=network-online.target",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(word(one) for one in words)}",
        "Nice=10",
        "IOSchedulingPriority=7",
        f"TimeoutStartSec={timeout + 3600}",
        f"TimeoutStopSec={_STOP}",
        *_SANDBOX.splitlines(),
        f"ReadWritePaths={quoted(str(prefix))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def timer(prefix: Path, schedule: Schedule) -> str:
    """The text of the timer."""
    return watch_units.timer(_timer(prefix, schedule), "Bring the project of dnnready to this host now and then")


def _timer(prefix: Path, schedule: Schedule) -> watch_units.Settings:
    return watch_units.Settings(str(prefix), calendar=schedule.calendar, random_delay=schedule.random_delay)
