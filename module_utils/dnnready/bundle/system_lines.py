"""Which lines of a system's logs speak of a process that the kernel or a policy ended or held back."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Iterator
from typing import Optional

#: What a line is about, and how the kernel (x86 and ARM), auditd, systemd and its core dump handler say it.
KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "seccomp",
            r"\btype=1326\b|\btype=SECCOMP\b|\baudit\b.*\bsig=31\b|status=31/SYS|\bSIGSYS\b",
        ),
        ("apparmor", r"apparmor=\"?DENIED"),
        ("selinux", r"\bavc: +denied\b|SELinux is preventing|\btype=(?:SELINUX_ERR|USER_AVC)\b.*denied"),
        (
            "out_of_memory",
            r"\bout of memory\b|\boom[-_ ]?kill|\boom_reaper\b|page allocation failure|systemd-oomd.*killed",
        ),
        (
            "illegal_instruction",
            r"trap invalid opcode|\binvalid opcode\b|undefined instruction|\bSIGILL\b|status=4/ILL|signal 4\b|\bsig=4\b"
            r"|illegal instruction",
        ),
        (
            "bus_error",
            r"\bSIGBUS\b|status=7/BUS|signal 7\b|\bsig=7\b|\bbus error\b|alignment trap|MCE: Killing|Memory failure:",
        ),
        (
            "segmentation_fault",
            r"\bsegfault at\b|general protection|unhandled (?:level|page|signal|translation).*(?:fault|\b11\b)"
            r"|\bSIGSEGV\b|status=11/SEGV|signal 11\b|\bsig=11\b|segmentation fault"
            # What belongs to the line before: the instructions, and on older kernels the library.
            r"|\bCode: (?:<?[0-9a-f]{2}>? ){8}|\] +in [^\s\[]+\[[0-9a-f]+\+[0-9a-f]+\]",
        ),
        (
            "ended_by_signal",
            r"code=(?:killed|dumped), status=\d+/|\bdumped core\b|\btype=ANOM_ABEND\b|\btype=1701\b|\bSIGABRT\b"
            r"|result 'oom-kill'",
        ),
        ("limit", r"fork rejected by pids controller|ENOSPC|No space left on device|cgroup: .*(?:exceeded|rejected)"),
    )
)

_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")
_SYSLOG = re.compile(r"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d)\b")
_AUDIT = re.compile(r"\baudit[(:]\s?\(?(\d{9,11})\.\d+:\d+\)")
_SINCE_BOOT = re.compile(r"^(?:<\d+>)?\[ *(\d+)\.\d+\]")
_DAY = 86400


def kind(line: str) -> str:
    """What a line is about; empty where it is not of interest."""
    return next((name for name, pattern in KINDS if pattern.search(line)), "")


def written(line: str, now: float, booted: float) -> Optional[float]:
    """When a line was written, in seconds since 1970; None where it does not say. `booted` in the same seconds."""
    since_boot = _SINCE_BOOT.match(line)
    if since_boot:
        return booted + int(since_boot[1])
    audit = _AUDIT.search(line)
    if audit:
        return float(audit[1])
    try:
        iso = _ISO.search(line)
        if iso:
            moment = calendar.timegm(time.strptime(iso[1].replace(" ", "T"), "%Y-%m-%dT%H:%M:%S"))
            return moment - _offset(iso[2])
        syslog = _SYSLOG.match(line)
        if syslog:
            return _this_or_last_year(f"{syslog[1]} {syslog[2]} {syslog[3]}", now)
    except (ValueError, OverflowError):
        pass
    return None


def select(lines: Iterable[str], days: float, now: float, booted: float) -> Iterator[str]:
    """The lines of interest of the last days, each with its kind before it. A line without a date counts as new."""
    since = now - days * _DAY
    for line in lines:
        found = kind(line)
        if not found:
            continue
        moment = written(line, now, booted)
        if moment is None or moment >= since:
            yield f"[{found}] {line.rstrip()}"


def _offset(zone: Optional[str]) -> int:
    """Seconds east of Greenwich."""
    if not zone or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    size = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -size if zone[0] == "-" else size


def _this_or_last_year(text: str, now: float) -> float:
    """Classic syslog writes no year, and its own local time."""
    year = time.localtime(now).tm_year
    for candidate in (year, year - 1):
        try:
            moment = time.mktime(time.strptime(f"{candidate} {text}", "%Y %b %d %H:%M:%S"))
        except ValueError:  # the 29th of February
            continue
        if moment <= now + _DAY:
            return moment
    raise ValueError(text)
