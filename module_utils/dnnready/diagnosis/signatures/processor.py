"""The processor: instructions it lacks, one that is only imitated, and what the kernel tells about it."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _instructions(evidence: Evidence) -> Sequence[Candidate]:
    details = {"instructions": evidence.group("instructions")} if evidence.group("instructions") else {}
    if evidence.context.emulated:
        return (Candidate("emulation_limits", 0.92, details), Candidate("cpu_lacks_instructions", 0.7, details))
    return (Candidate("cpu_lacks_instructions", 0.92, details), Candidate("emulation_limits", 0.54, details))


def _illegal(evidence: Evidence) -> Sequence[Candidate]:
    """SIGILL names no instruction; what is on the stack says whose code it was."""
    if evidence.context.emulated:
        return (Candidate("emulation_limits", 0.9), Candidate("cpu_lacks_instructions", 0.66))
    if evidence.context.has("libmkldnn.so", "libdnnl.so"):
        # The framework brings its own copy inside: a library file on the stack is another one.
        return (Candidate("dnn_library_version_conflict", 0.8), Candidate("cpu_lacks_instructions", 0.78))
    return (Candidate("cpu_lacks_instructions", 0.85), Candidate("emulation_limits", 0.53))


_SETS = r"(?P<instructions>(?:AVX|SSE|FMA|F16C|BMI|VNNI|NEON|SVE|ASIMD|x86-64-v|X86_V)[\w.()\- ,]{0,60}?)"
SIGNATURES = (
    sign(
        "instructions_required",
        "The build uses instructions that this CPU does not have.",
        (
            (
                "(?:was|is|were) (?:compiled|built) (?:to use|using"
                rf"|with) {_SETS} instructions?, (?:but these aren't|which your)"
            ),
            (
                r"(?:CPU|processor|machine|hardware|platform|system)[^\n]{0,40}(?:does ?n[o']t|lacks?"
                r"|without|do not) (?:appear to )?(?:support|have)?[^\n]{0,25}?(?:AVX|SSE|FMA"
                "|x86-64-v|X86_V|NEON)"
            ),
            r"requires?[^\n]{0,50}(?:CPU|processor)[^\n]{0,40}(?:AVX|SSE|x86-64-v)",
            "CPU does not support x86-64-v",
            "CPU ISA level is lower than required",
            r"(?:CPU|processor) does(?: not|n't) support the instructions (?:that )?this",
            r"Missing CPU feature",
            r"64-bit code requested on a subtarget that doesn't support it",
            r"required CPU features were not detected",
            "built with baseline optimizations",
            "Missing required CPU features",
            "Your CPU is not supported",
            r"compiled to use (?:AVX|SSE|FMA)\w{0,8} instructions, but your machine",
            r"CPU does(?: not|n't) support (?:F16C|BMI\d?|VNNI|ASIMD|SVE)",
            r"CPU is missing (?:AVX|SSE|FMA)",
            r"Not supported by CPU: ?(?:avx|sse|fma)",
            r"(?:AVX|SSE4|FMA)[\w. ]{0,16}(?:and|,) [\w. ]{2,12} (?:is|are) required",
            r"CPU \d{1,3} is not supported",
            (
                r"(?:AVX|SSE|FMA|AVX2|AVX512)\w{0,8} (?:instructions? )?(?:is|are|was|were)?(?: not"
                r"|n't) (?:support\w*|available|detected|present|found|enabled) (?:on|by|in) (?:your|this"
                "|the) (?:local )?(?:machine|CPU|processor|computer|host|system|hardware)"
            ),
            (
                "(?:no|without|lacks?|needs?|requires?) (?:an? )?(?:CPU with )?(?:AVX|SSE4"
                r"|FMA)\w{0,8} (?:support|instructions?)"
            ),
            "EXCEPTION_ILLEGAL_INSTRUCTION",
            r"(?:requires?|needs?) (?:a CPU with )?(?:AVX|SSE4|FMA)\w{0,8}\b",
        ),
        _instructions,
        "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine.",
    ),
    sign(
        "illegal_instruction",
        "The process was ended by an instruction that the CPU does not know.",
        (
            "Illegal (?:hardware )?instruction",
            r"\bSIGILL\b",
            "0xC000001D",
            r"trap (?:6: )?invalid opcode",
            "EXC_BAD_INSTRUCTION",
            "3221225501",
            "-1073741795",
            r"(?:exit(?:ed)?(?: with)?|code|status)[\"' :=(]{1,4}132\b",
            r"\bSignalInfo: \*\*\* SIGILL",
            r"(?:exitcode|exit status|exit code|returncode)[ :=]{1,3}-4\b",
            r"\bsignal[ :=]{1,3}4\b",
        ),
        _illegal,
        "Illegal instruction (core dumped)",
    ),
    sign(
        "emulator_crash",
        "The emulator ended the program: it imitates the CPU only in part.",
        (
            r"qemu: uncaught target signal \d+",
            "rosetta error:",
            r"qemu: [Uu]nsupported syscall",
            r"BasicBlock requested for unrecognized address",
            r"TCG doesn't support requested feature",
            r"code object does not contain pc",
            r"qemu-\w+(?:-static)?: (?:Could not open|uncaught|unimplemented|unhandled)",
        ),
        {"emulation_limits": 0.96},
        "qemu: uncaught target signal 11 (Segmentation fault) - core dumped",
    ),
    sign(
        "image_of_other_platform",
        "The image is for another architecture than this machine.",
        (
            r"image's platform \((?P<image>[\w/]{3,30})\) does not match the (?:detected host"
            "|expected) platform"
        ),
        {"emulation_limits": 0.6, "wrong_architecture": 0.55},
        "WARNING: The requested image's platform (linux/amd64) does not match the detected host platform "
        "(linux/arm64/v8)",
    ),
    sign(
        "cpu_lists_unreadable",
        "The kernel's files about the CPU cannot be read.",
        (
            r"Error in cpuinfo: [^\n]{0,20}(?:parse|read|open|find)",
            "cpuinfo initialization failed",
            "cpuinfo_initialize(?:\\(\\))? failed",
            r"Permission denied: '/dev/shm",
            "Failed to initialize (?:CPU info|PyTorch cpuinfo)",
            (
                "(?:failed|fail|unable|cannot|could not|can't|error"
                r"|no such file)[^\n]{0,80}(?:/sys/devices/system/cpu|/proc/cpuinfo)"
            ),
            (
                r"(?:/sys/devices/system/cpu|/proc/cpuinfo)[^\n]{0,60}(?:No such file"
                "|Permission denied|not (?:found|readable|mounted))"
            ),
            "Check failed: -1 != path_length",
            "-1 != path_length",
            r"fail\w* to initialize cpuinfo",
            r"Error in cpuinfo: prctl",
            r"Permission denied: '/proc/\w",
            r"(?:failed|unable|could not|cannot) [^\n]{0,30}(?:retrieve|read|get|detect) (?:the )?CPU information",
            r"(?:can't|cannot|could not|failed to|unable to) (?:open|read|parse) '?/(?:proc/(?:stat|meminfo|self)"
            r"|sys/devices/system/node)",
            r"No such file or directory: '/(?:proc/(?:stat|meminfo|loadavg|self)|sys/devices/system)",
        ),
        {"proc_sys_unavailable": 0.88, "benign_message": 0.35},
        "Error in cpuinfo: failed to parse the list of possible processors in /sys/devices/system/cpu/possible",
    ),
    sign(
        "shared_memory_unavailable",
        "The sandbox has no shared memory folder.",
        (
            "Can't open SHM",
            r"dev/shm[^\n]{0,40}(?:No such file|not (?:found|mounted))",
            r"No such file or directory: '/dev/shm",
            r"\[Errno 38\] Function not implemented",
            r"lacks a functioning sem_open",
            r"cannot import name '?SemLock",
            r"OSError: \[Errno 38\] Function not implemented",
        ),
        {"proc_sys_unavailable": 0.66},
        "OMP: Error #179: Function Can't open SHM2 failed:",
    ),
)
