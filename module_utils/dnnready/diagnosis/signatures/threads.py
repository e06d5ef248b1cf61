"""Threads that cannot be started: the errno says whether a limit is reached (EAGAIN) or it is forbidden (EPERM)."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_FORBIDDEN = (
    "operation not permitted",
    "permissiondenied",
    "permission denied",
    "eperm",
    "(1 vs. 0)",
    "code: 1,",
    "errno=1)",
    "error #1:",
    "not permitted",
)
_EXHAUSTED = (
    "resource temporarily",
    "eagain",
    "wouldblock",
    "(11 vs. 0)",
    "code: 11",
    "is 11",
    "error #11",
    "errno 11",
    "code:11",
    "cannot allocate",
)


def _errno(evidence: Evidence) -> Sequence[Candidate]:
    words = (evidence.line if "vs. 0)" in evidence.line else evidence.text).lower()
    if any(word in words for word in _FORBIDDEN):
        return (Candidate("seccomp_blocks_threads", 0.94),)
    if any(word in words for word in _EXHAUSTED):
        return (Candidate("thread_limit", 0.94),)
    if evidence.context.has("pthread_create failed", "operation not permitted"):
        return (Candidate("seccomp_blocks_threads", 0.72), Candidate("thread_limit", 0.66))
    return (Candidate("thread_limit", 0.72), Candidate("seccomp_blocks_threads", 0.66))


_ERRNO = (
    r"Resource temporarily unavailable|Operation not permitted|PermissionDenied|Permission denied|WouldBlock"
    r"|EAGAIN|EPERM"
    r"|code: ?11\b|\(1 vs\. 0\)|\(11 vs\. 0\)|is 11\b|errno 11\b|Cannot allocate memory"
)
SIGNATURES = (
    sign(
        "thread_refused",
        "The system refuses to start a thread.",
        (
            r"(?:pthread_create|blas_thread_init|thread creation|creat\w+ [^\n]{0,20}thread"
            r"|spawn [^\n]{0,30}thread|start [^\n]{0,20}thread|new thread"
            rf"|\bclone3?\b)[^\n]{{0,120}}?(?:{_ERRNO})[^\n]{{0,20}}"
        ),
        _errno,
        "libgomp: Thread creation failed: Resource temporarily unavailable",
    ),
    sign(
        "thread_refused_detail",
        "The system refuses to start a thread.",
        (
            r"(?:return code from pthread_create|std::system_error)[^\n]{0,80}(?:\n[^\n]{0,60})?(?"
            rf":{_ERRNO})"
        ),
        _errno,
        "ERROR; return code from pthread_create() is 11",
    ),
    sign(
        "thread_not_started",
        "The system refuses to start a thread, and the message does not say why.",
        (
            (
                "(?:can(?:'t|not) start new thread|unable to (?:start|create)(?: a| new"
                "| native)? ?thread|failed to (?:start|create)(?: a| new)? ?thread"
                r"|Thread \S{0,60} ?creation via pthread_create\(\) failed"
                r"|unable to allocate necessary resources for OMP thread)[^\n]{0,60}"
            ),
            "OMP: Error #136: Cannot create thread",
            "thread constructor failed",
            "unable to create (?:new )?native thread",
            r"failed to create new OS thread[^\n]{0,60}errno=(?:1|11)\b",
            r"System unable to allocate necessary resources for the monitor thread",
            r"OMP: Hint Try decreasing the (?:value of OMP_NUM_THREADS|number of threads)",
        ),
        _errno,
        "RuntimeError: can't start new thread",
    ),
    sign(
        "threads_fewer",
        "Fewer threads than asked for are allowed, or built for.",
        (r"Cannot form a team with \d+ threads",),
        {"thread_limit": 0.64, "invalid_env_value": 0.6, "out_of_memory": 0.5},
        "OMP: Warning #96: Cannot form a team with 96 threads, using 48 instead.",
    ),
    sign(
        "process_limit",
        "No further process or thread may be started.",
        (
            r"\bfork\b[^\n]{0,40}Resource temporarily unavailable",
            r"(?:BlockingIOError|OSError): \[Errno 11\]",
            r"ThreadPoolBuildError[^\n]{0,80}code: 11",
            r"\[Errno 24\] Too many open files",
            r"Too many open files \(24\)",
            r"pthread_create\(?\)? failed with error 11",
            r"received 0 items of ancdata",
            "OMP: System error #11",
            "fork rejected by pids controller",
            "EAGAIN on (?:fork|clone|pthread_create)",
        ),
        {"thread_limit": 0.9},
        "bash: fork: retry: Resource temporarily unavailable",
    ),
    sign(
        "openmp_system_error",
        "Intel's or LLVM's OpenMP is refused by the system.",
        r"OMP: System error #(?P<number>\d{1,4})",
        lambda evidence: {
            "1": (Candidate("seccomp_blocks_threads", 0.85),),
            "11": (Candidate("thread_limit", 0.9),),
            "12": (Candidate("out_of_memory", 0.75), Candidate("thread_limit", 0.6)),
            "22": (Candidate("invalid_env_value", 0.66), Candidate("thread_limit", 0.5)),
            "28": (Candidate("no_disk_space", 0.7),),
            "38": (Candidate("proc_sys_unavailable", 0.6),),
        }.get(evidence.group("number"), ()),
        "OMP: System error #11: Resource temporarily unavailable",
    ),
)
