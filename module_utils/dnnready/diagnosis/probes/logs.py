"""Step 5, cheap: what the service wrote last, and what the kernel says of processes of the target."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ...errors import DnnreadyError
from ...process import run
from ..explain import explain
from ..probe import CHEAP, Case, Observation, Probe, Suspicion

_TIMEOUT = 20.0
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_COLORS": "0"}
#: What a log says without a host weighs less than what a probe sees: it may be of last week.
_WEIGHTS = {"high": 0.7, "medium": 0.6, "low": 0.45}
_KERNEL = re.compile(
    r"trap invalid opcode|segfault at|general protection|bus error|Out of memory: Killed|oom-kill"
    r"|Memory cgroup out of memory|apparmor=\"DENIED\"|avc: +denied|type=1326|fork rejected by pids controller",
    re.IGNORECASE,
)
_CAUSES = (
    (re.compile(r"trap invalid opcode", re.IGNORECASE), "cpu_lacks_instructions"),
    (re.compile(r"oom-kill|Out of memory: Killed|Memory cgroup out of memory", re.IGNORECASE), "out_of_memory"),
    (re.compile(r"apparmor=\"DENIED\"|avc: +denied", re.IGNORECASE), "selinux_or_noexec"),
    (re.compile(r"fork rejected by pids controller", re.IGNORECASE), "thread_limit"),
    (re.compile(r"segfault at|general protection|bus error", re.IGNORECASE), "corrupt_install"),
)


def look(case: Case) -> Observation:
    """The journal of a service, and the kernel's lines about programs called like the target's."""
    suspicions, unknown, looked = [], [], []
    if case.target.unit:
        text, why = _journal(["--unit", case.target.unit, "--lines=400", "--output=cat"])
        looked += [f"the journal of {case.target.unit}"] if text else []
        unknown += [(f"the journal of {case.target.unit}", why)] if why else []
        suspicions += list(_of_service(text, case))
    text, why = _kernel()
    unknown += [("the kernel's log", why)] if why else []
    looked += ["the kernel's log"] if not why else []
    suspicions += list(_of_kernel(text, case))
    return Observation(
        said="" if suspicions or not looked else f"Nothing in {' and '.join(looked)} speaks of a failure.",
        suspicions=tuple(suspicions),
        unknown=tuple(unknown),
    )


def _of_service(text: str, case: Case) -> Iterator[Suspicion]:
    findings = [one for one in explain(text, case.host).findings if one.where in ("host", "model")]
    for finding in findings[:3]:
        if finding.cause != "benign_message":
            yield Suspicion(
                finding.cause, _WEIGHTS[finding.confidence], [f"The service wrote: {finding.line}"], finding.details
            )


def _of_kernel(text: str, case: Case) -> Iterator[Suspicion]:
    """Lines that name a program like the target's: its interpreter, or the unit. They may be old: a hint alone."""
    names = {os.path.basename(case.target.python), os.path.basename(os.path.realpath(case.target.python))} - {""}
    names |= {case.target.unit} - {""}
    lines = [line for line in text.splitlines() if _KERNEL.search(line) and any(name in line for name in names)]
    for line in lines[-1:]:
        cause = next((code for pattern, code in _CAUSES if pattern.search(line)), "")
        if cause:
            weight = 0.6 if case.target.unit and case.target.unit in line else 0.3
            yield Suspicion(cause, weight, [f"The kernel wrote: {line.strip()[:300]}"])


def _kernel() -> tuple[str, str]:
    text, why = _journal(["--dmesg", "--lines=2000", "--output=short-iso"])
    if text or not why:
        return text, why
    try:
        done = run(["dmesg"], env=_ENVIRONMENT, timeout=_TIMEOUT)
    except DnnreadyError as error:
        return "", str(error)
    return (done.stdout, "") if done.ok else ("", done.stderr.strip()[:200] or "dmesg says nothing")


def _journal(arguments: list[str]) -> tuple[str, str]:
    try:
        done = run(["journalctl", "--no-pager", "--quiet", "--boot", *arguments], env=_ENVIRONMENT, timeout=_TIMEOUT)
    except DnnreadyError as error:
        return "", str(error)
    return (done.stdout, "") if done.ok else ("", done.stderr.strip()[:200] or "journalctl says nothing")


PROBE = Probe(
    name="logs",
    step=5,
    cost=CHEAP,
    question="What do the service's and the kernel's logs say?",
    look=look,
)
