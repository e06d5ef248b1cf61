"""The journal, the kernel's ring buffer or the log files of the system: the first that can be read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Optional

from ..errors import DnnreadyError
from . import limits
from .bundle import Bundle
from .commands import answer, ask
from .system_lines import select

#: Not `journalctl -k`, which stops at the last boot: a device that dies reboots.
_MATCHES = "_TRANSPORT=kernel + _TRANSPORT=audit + SYSLOG_IDENTIFIER=systemd + SYSLOG_IDENTIFIER=systemd-coredump"
FILES = ("/var/log/kern.log", "/var/log/syslog", "/var/log/messages")
AUDIT = "/var/log/audit/audit.log"
_FILE_BYTES = 16 << 20
_UNIT_LINES = 2000
_HIDDEN = "not seeing messages from other users"
_KERNEL = " kernel: "
_NAME = "system-log.txt"
_WHAT = "lines of the system about signals, memory and denials"


def fill(bundle: Bundle, days: float, files: Sequence[str] = FILES, audit: str = AUDIT) -> None:
    """Add what the system wrote about signals, memory and denials, and say of each source that gave nothing why."""
    started = time.monotonic()
    text, source = "", ""
    sources: tuple[tuple[str, Callable[[], Optional[str]]], ...] = (
        ("journal", lambda: _journal(bundle, days)),
        ("dmesg", lambda: answer(["dmesg"]).stdout),
        ("log files", lambda: _files(bundle, files)),
    )
    for name, look in sources:
        try:
            raw = look()
        except (DnnreadyError, OSError) as error:
            bundle.leave_out(f"system log: {name}", str(error))
            continue
        if raw is None:
            continue
        text, source = f"{text}\n{raw}", f"{source}, {name}" if source else name
        if name != "journal" or _KERNEL in raw:  # in a container the journal has nothing of the kernel
            break
    lines = list(_chosen(text, days))
    more = _audit(bundle, audit)
    if more:
        lines += [line for line in _chosen(more, days) if line not in set(lines)]
        source = f"{source}, {audit}" if source else audit
    if not source:
        bundle.leave_out(_WHAT, "no journal, kernel buffer or log file could be read")
        return
    body = "".join(f"{line}\n" for line in lines) or f"No such line in the last {days:g} days.\n"
    bundle.text(_NAME, body, _WHAT, source, seconds=time.monotonic() - started)


def fill_unit(bundle: Bundle, unit: str, days: float, folder: str) -> None:
    """Add the last lines of a service."""
    argv = [
        "journalctl",
        "--no-pager",
        "-q",
        "-o",
        "short-iso",
        f"--since=-{days:g}d",
        "-n",
        str(_UNIT_LINES),
        "-u",
        unit,
    ]
    done = answer(argv, 40)
    if not done.stdout.strip():
        bundle.leave_out(
            f"journal of {unit}", f"it has no line in the last {days:g} days, or none that this user may read"
        )
        return
    bundle.text(f"{folder}/journal.txt", done.stdout, f"journal of {unit}", " ".join(argv), seconds=done.wall_seconds)


def _chosen(text: str, days: float) -> list[str]:
    now = time.time()
    return list(select(limits.whole_lines(text).splitlines(), days, now, now - time.clock_gettime(time.CLOCK_BOOTTIME)))


def _journal(bundle: Bundle, days: float) -> Optional[str]:
    argv = [
        "journalctl",
        "--no-pager",
        "-o",
        "short-iso",
        f"--since=-{days:g}d",
        "-r",
        "-n",
        "200000",
        *_MATCHES.split(),
    ]
    done = ask(argv, 60)
    words = done.stderr.strip()
    if _HIDDEN in words:
        bundle.leave_out("system log: messages of other users", "this user is not in the group adm or systemd-journal")
    if not done.ok or "No journal files" in words or not done.stdout.strip() or done.stdout.startswith("-- No entries"):
        last = words.splitlines()[-1] if words else "it has no entry of the kernel or of systemd"
        bundle.leave_out("system log: journal", last)
        return None
    return "\n".join(reversed(limits.whole_lines(done.stdout).splitlines()))


def _files(bundle: Bundle, files: Sequence[str]) -> Optional[str]:
    found = []
    for path in files:
        if os.path.exists(path):
            try:
                found.append(limits.read(path, _FILE_BYTES)[0])
            except OSError as error:
                bundle.leave_out(f"system log: {path}", f"{error.strerror}")
    return "\n".join(found) if found else None


def _audit(bundle: Bundle, path: str) -> str:
    """Where auditd runs, denials are in its own file and not in the journal."""
    try:
        return limits.read(path, _FILE_BYTES)[0]
    except FileNotFoundError:
        return ""
    except OSError as error:
        bundle.leave_out(f"system log: {path}", f"{error.strerror}")
        return ""
