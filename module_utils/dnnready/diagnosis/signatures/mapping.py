"""Memory that the system does not give as asked: executable, thread-local, or mapped from a file."""

from __future__ import annotations

from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign

_DENIED = ("permission denied", "operation not permitted")


def _details(evidence: Evidence) -> dict[str, str]:
    library = evidence.holder
    return {"library": library if libraries.bundled(library) else libraries.basename(library)} if library else {}


def _executable_stack(evidence: Evidence) -> Sequence[Candidate]:
    """A policy says EACCES, glibc 2.41 says EINVAL."""
    details = _details(evidence)
    if evidence.group("errno").lower().startswith(_DENIED):
        return (Candidate("selinux_or_noexec", 0.92, details), Candidate("exec_stack", 0.5, details))
    weight = 0.94 if evidence.group("errno") else 0.75
    return (Candidate("exec_stack", weight, details), Candidate("selinux_or_noexec", 0.5, details))


def _segment(evidence: Evidence) -> Sequence[Candidate]:
    """EPERM is a mount or a policy, ENOMEM a limit; without a word it is mostly the mount."""
    details, errno = _details(evidence), evidence.group("errno").lower()
    if errno.startswith(_DENIED):
        return (Candidate("selinux_or_noexec", 0.92, details),)
    if errno.startswith(("cannot allocate", "out of memory")):
        return (Candidate("out_of_memory", 0.85, details), Candidate("selinux_or_noexec", 0.2, details))
    return (Candidate("selinux_or_noexec", 0.72, details), Candidate("out_of_memory", 0.55, details))


SIGNATURES = (
    sign(
        "executable_stack",
        "A library asks for an executable stack and does not get it.",
        (
            r"cannot enable executable stack(?: as shared object requires(?:: (?P<errno>[A-Z][\w"
            " ]{3,40}))?)?"
        ),
        _executable_stack,
        "ImportError: a.so: cannot enable executable stack as shared object requires: Invalid argument",
    ),
    sign(
        "static_tls",
        "The reserve for thread-local data of late loaded libraries is used up.",
        (
            "cannot allocate memory in static TLS block",
            "cannot load any more object with static TLS",
            r"[^\n]{0,40}initial-exec TLS resolves",
        ),
        lambda evidence: (Candidate("static_tls", 0.96, _details(evidence)),),
        "OSError: /usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block",
    ),
    sign(
        "map_segment",
        "A library cannot be mapped as code.",
        (
            r"\(?(?:failed to map (?:the )?segment|cannot map zero-fill pages)(?: from shared"
            r" object)?(?:: (?P<errno>[A-Z][\w ]{3,40}))?"
        ),
        _segment,
        "a.so: failed to map segment from shared object: Operation not permitted",
    ),
    sign(
        "policy_denied",
        "A security policy refused it, and logged that.",
        (
            r"avc: denied \{ (?:exec\w*|map|mmap_zero) \}",
            r"SELinux is preventing [^\n]{1,200}(?:exec|map)\w* access",
            r"apparmor=\"?DENIED\"?[^\n]{0,200}(?:exec|mmap|\.so)",
            r"fapolicyd[^\n]{0,80}dec=deny",
            r"file contains a virus or potentially unwanted software",
            r"blocked by group policy",
            r"Application Control policy has blocked",
            r"developer cannot be verified",
            "Device Guard policy",
            r"blocked by (?:your administrator|AppLocker|Windows Defender)",
        ),
        {"selinux_or_noexec": 0.94},
        'type=AVC msg=audit(1:1): avc: denied { execmem } for pid=1 comm="python"',
    ),
    sign(
        "text_relocation",
        "A policy refuses to change a library's code in memory.",
        (
            "cannot restore segment prot after reloc",
            "cannot apply additional memory protection after relocation",
            "cannot make segment writable for relocation",
            "cannot change memory protections",
        ),
        lambda evidence: (Candidate("selinux_or_noexec", 0.9, _details(evidence)),),
        "a.so: cannot restore segment prot after reloc: Permission denied",
    ),
    sign(
        "run_time_code",
        "The system does not let a program make code at run time.",
        (
            (
                r"(?:unable|fail\w*|cannot|could not|can't) (?:to )?(?:make|allocate|set|mark|change"
                r"|map)(?: the| a)?[^\n]{0,30}(?:memory|page|region|buffer)[^\n]{0,30}executable"
            ),
            (
                r"(?:allocat|mak|mapp)\w+ (?:an? )?executable memory[^\n]{0,40}(?:fail|denied"
                "|not permitted)"
            ),
            r"mmap[^\n]{0,40}not permitted[^\n]{0,20}PROT_EXEC",
            r"PROT_EXEC[^\n]{0,60}(?:not permitted|denied|EPERM|EACCES)",
            r"mprotect[^\n]{0,60}(?:fail|denied|EACCES|EPERM|not permitted)",
            "failed to memory protect",
            "(?:cannot|failed to) allocate (?:executable|code) memory",
            "execmem (?:denied|access)",
            r"Unable to allocate section memory",
            r"Allocation failed for executable memory",
            r"Cannot allocate write\+execute memory",
            r"Xbyak::Error[^\n]{0,20}\n?[^\n]{0,30}can't protect",
        ),
        {"selinux_or_noexec": 0.82, "onednn_primitive_error": 0.3},
        "unable to make memory readable+executable: PermissionDenied",
    ),
    sign(
        "interpreter_refused",
        "The folder may hold no programs: its mount is noexec, or a policy refuses.",
        (
            r"(?:bad interpreter|/(?:python[\d.]{0,5}|\S{1,200}\.so[\d.]{0,8})'?): Permission denied",
            r"fork/exec \S{1,250}: permission denied",
            r"\[Errno 1\] Operation not permitted: '[^'\n]{1,200}\.so",
            r"\[Errno 13\] Permission denied: '[^'\n]{1,200}\.(?:so|pyd|dll|dylib)",
        ),
        {"selinux_or_noexec": 0.8},
        "bash: /mnt/venv/bin/pip: /mnt/venv/bin/python: bad interpreter: Permission denied",
    ),
    sign(
        "macos_policy",
        "macOS refuses a library by its signature.",
        (
            "library load disallowed by system policy",
            r"code signature (?:in [^\n]{1,200})?(?:invalid|not valid)",
            "different Team IDs",
            "library validation failed",
            "Code Signature Invalid",
        ),
        {"selinux_or_noexec": 0.8, "corrupt_install": 0.45},
        "(code signature in 'a.dylib' not valid for use in process: library load disallowed by system policy)",
    ),
)
