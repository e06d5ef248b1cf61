"""Memory and disk: more was asked for than is there, or than a limit allows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _full(evidence: Evidence) -> Sequence[Candidate]:
    """ENOSPC is said of disks, but also of shared memory and semaphores."""
    if re.search(r"dev/shm|shared memory|\bshm\b|sem_?(?:get|open)", evidence.line):
        return (Candidate("out_of_memory", 0.72), Candidate("no_disk_space", 0.66))
    return (Candidate("no_disk_space", 0.95),)


def _bytes(evidence: Evidence) -> Sequence[Candidate]:
    asked = evidence.group("bytes")
    details = {"bytes": asked} if asked else {}
    huge = asked.isdigit() and int(asked) >= 1 << 50
    other = {"model_or_input_error": 0.7 if huge else 0.3}
    return (
        Candidate("out_of_memory", 0.94, details),
        *(Candidate(cause, weight, details) for cause, weight in other.items()),
    )


SIGNATURES = (
    sign(
        "allocation_failed",
        "An allocation failed: more memory was asked for than there is.",
        (
            "OOM when allocating",
            "Resource ?exhausted: (?!.{0,40}thread)",
            "ResourceExhaustedError",
            (
                "DefaultCPUAllocator: (?:not enough|can't allocate) memory(?:: you tried to allocate"
                r" (?P<bytes>\d{1,24}))?"
            ),
            "std::bad_alloc",
            r"(?:numpy\S{0,40}|^|\s)_?(?:Array)?MemoryError\b(?!: Cannot allocate write)",
            r"Unable to allocate [\d.]{1,12} ?[KMGTP]?i?B",
            (
                "(?:Cannot|can't|could not|failed to) (?:allocate|reserve) (?!.{0,30}(?:TLS"
                r"|executable|code|write.execute))(?:\d+ bytes|memory|buffer|requested|an array)"
            ),
            "Cannot allocate memory(?! in static)",
            "Memory allocation still failed",
            "Failed to allocate memory",
            "CUDA out of memory",
            r"OutOfMemoryError(?!: unable to create)",
            "out of memory(?: trying)?",
            "not enough memory",
            "paging file is too small",
            "Insufficient (?:shared )?memory",
            r"posix_memalign\([^\n]{1,80}== 0",
            r"(?:RuntimeError|Error|what\(\)|EXCEPTION) ?: bad allocation",
            r"unable to mmap (?:memory|\d{1,20} bytes)",
            r"OMP: Error #10[15]: (?:Memory allocation failed|Out of heap memory)",
            r"ran out of memory trying to allocate",
            r"Fail(?:ed)? to alloc(?:ate)?(?: memory of)? \d{1,20}",
            r"allocation of (?:size )?\d{4,20}(?: bytes)? failed",
            r"tried to allocate more memory than is available",
            "Could not allocate bytes object",
            "Cannot recover from MemoryErrors",
            r"malloc: \*\*\* can't allocate region",
            r"(?:vkAllocateMemory|fastMalloc|aligned_malloc|posix_memalign) failed",
            "not enough space in the context's memory pool",
            r"posix_memalign[^\n]{0,80}\(12 vs\. 0\)",
            r"\[Errno 12\]",
        ),
        lambda evidence: () if re.search(r"static TLS|failed to map", evidence.line) else _bytes(evidence),
        "RuntimeError: [enforce fail at alloc_cpu.cpp:81] data. DefaultCPUAllocator: not enough memory: you "
        "tried to allocate 19 bytes.",
    ),
    sign(
        "killed_for_memory",
        "The kernel ended the process because memory ran out.",
        (
            r"oom[-_]kill\w*",
            r"systemd-oomd[^\n]{0,20} killed",
            "OOMKilled",
            r"Out of memory: Kill\w*",
            r"Killed process \d+",
            "Memory cgroup out of memory",
        ),
        {"out_of_memory": 0.95},
        "Out of memory: Killed process 1234 (python3) total-vm:8388608kB",
    ),
    sign(
        "killed",
        "The process was killed from outside, which is mostly the kernel's answer to missing memory.",
        (
            (
                r"(?:^|\n|\d{1,8} )Killed(?= {0,2}(?:$|\n|python|\S{0,30}/))|\b(?:exit(?:ed)?(?: with)?"
                r"|code|status|returned)[ :=(]{1,3}(?:code |status )?137\b|killed by signal: Killed"
                r"|signal 9 \(SIGKILL\)|died with <Signals\.SIGKILL"
            ),
            r"Negsignal\.SIGKILL",
            r"(?:exit(?:ed)?(?: with)?(?: code)?|signal|returncode)[ :=]{1,3}(?:code )?(?:-9\b|9 ?[:(]? ?SIGKILL)",
            r"(?:terminated|killed|exited|ended) (?:by|with|on|due to) signal[ :]{1,2}9\b",
        ),
        {"out_of_memory": 0.74},
        "train.sh: line 3: 1234 Killed python train.py",
    ),
    sign(
        "disk_full",
        "A disk, a quota or a temporary folder is full.",
        (
            "No space left on device",
            r"\[Errno 28\]",
            r"\bENOSPC\b",
            "Disk quota exceeded",
            "not enough (?:free )?(?:disk )?space(?! in the context)",
            "There is not enough space",
            "disk (?:is )?full",
            "insufficient disk space",
            r"Unzipped size must be smaller than \d{6,12}",
            r"slug size[^\n]{0,30}too large",
            r"(?:code|package|layer|image|storage) (?:size|storage)? ?limit[^\n]{0,20}exceeded",
            "don't have enough free space",
        ),
        _full,
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    ),
)
