"""How a supervisor tells that a process ended: systemd, containers, batch systems, functions in a cloud."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_SIGNALS: dict[str, tuple[Candidate, ...]] = {
    "ill": (Candidate("cpu_lacks_instructions", 0.84), Candidate("emulation_limits", 0.45)),
    "bus": (Candidate("corrupt_install", 0.6), Candidate("out_of_memory", 0.52)),
    "kill": (Candidate("out_of_memory", 0.68),),
    "exec": (Candidate("wrong_architecture", 0.6), Candidate("selinux_or_noexec", 0.58)),
    "sys": (Candidate("seccomp_blocks_threads", 0.6),),
}
_NUMBERS = {"4": "ill", "7": "bus", "9": "kill", "132": "ill", "135": "bus", "137": "kill", "31": "sys"}


def _ended(evidence: Evidence) -> Sequence[Candidate]:
    name = evidence.group("name").lower() or _NUMBERS.get(evidence.group("number"), "")
    if name == "ill" and evidence.context.emulated:
        return (Candidate("emulation_limits", 0.9), Candidate("cpu_lacks_instructions", 0.66))
    if name == "kill" and evidence.context.has("stopping ", "timed out", "scheduled restart", "sigterm"):
        return ()  # stopped, or restarted, by intent
    return _SIGNALS.get(name, ())


SIGNATURES = (
    sign(
        "service_ended",
        "The supervisor names the signal that ended the process.",
        (
            r"process exited, code=\w{4,8}, status=\d{1,3}/(?P<name>ILL|BUS|KILL|EXEC|SYS)\b",
            r"(?:process|container|child) (?:\w{1,12} ){0,3}received signal (?P<number>\d{1,2})\b",
        ),
        _ended,
        "systemd[1]: app.service: Main process exited, code=dumped, status=4/ILL",
    ),
    sign(
        "container_ended",
        "The container's status names the signal that ended the process.",
        r"\"?ExitCode\"?[\"' :=]{1,4}(?P<number>13[257])\b",
        _ended,
        '{"Status": "exited", "ExitCode": 132}',
    ),
    sign(
        "memory_of_job",
        "A batch system or a cloud ended the process for its memory.",
        (
            r"Exceeded (?:job|step) memory limit",
            r"DUE TO MEMORY LIMIT",
            r"killed by the OOM killer",
            r"Result 'oom-kill'",
            r"oom_kill event",
            r"(?:Runtime exited with error|Runtime\.ExitError)[^\n]{0,40}signal: killed",
            r"crashed after using all available RAM",
            r"(?:memory|RAM) (?:usage|limit) (?:was |is |has been )?exceeded",
            r"exceeded[^\n]{0,40}memory limit",
            r"excessive memory usage",
            r"Perhaps out of memory",
            r"notebook tried to allocate more memory",
        ),
        {"out_of_memory": 0.8},
        "slurmstepd: error: Exceeded job memory limit at some point.",
    ),
)
