"""AArch64: feature flags, the architecture level, the core's name, and the ISA that oneDNN dispatches to.

Flags carry the names of /proc/cpuinfo. Bits: linux/arch/arm64/include/uapi/asm/hwcap.h. Levels: what the Arm
Architecture Reference Manual makes mandatory, as far as Linux reports it. ISA: oneDNN's src/cpu/aarch64.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

#: name: (word, bit); word 0 is AT_HWCAP, word 1 AT_HWCAP2.
BITS: dict[str, tuple[int, int]] = {
    "fp": (0, 0),
    "asimd": (0, 1),
    "crc32": (0, 7),
    "atomics": (0, 8),
    "fphp": (0, 9),
    "asimdhp": (0, 10),
    "asimdrdm": (0, 12),
    "jscvt": (0, 13),
    "fcma": (0, 14),
    "lrcpc": (0, 15),
    "dcpop": (0, 16),
    "asimddp": (0, 20),
    "sve": (0, 22),
    "asimdfhm": (0, 23),
    "dit": (0, 24),
    "uscat": (0, 25),
    "ilrcpc": (0, 26),
    "flagm": (0, 27),
    "sb": (0, 29),
    "sve2": (1, 1),
    "flagm2": (1, 7),
    "frint": (1, 8),
    "svei8mm": (1, 9),
    "svebf16": (1, 12),
    "i8mm": (1, 13),
    "bf16": (1, 14),
    "sme": (1, 23),
}

LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("armv8-a", frozenset({"fp", "asimd"})),
    ("armv8.1-a", frozenset({"atomics", "asimdrdm", "crc32"})),
    ("armv8.2-a", frozenset({"dcpop"})),
    ("armv8.3-a", frozenset({"fcma", "jscvt", "lrcpc"})),
    ("armv8.4-a", frozenset({"asimddp", "dit", "flagm", "ilrcpc", "uscat"})),
    ("armv8.5-a", frozenset({"sb", "frint", "flagm2"})),
    ("armv8.6-a", frozenset({"bf16", "i8mm"})),
)
_ARMV9 = "armv9-a"

#: MIDR implementer codes of the manual, and of parts as in the kernel's asm/cputype.h.
IMPLEMENTERS = {
    0x41: "ARM",
    0x42: "Broadcom",
    0x43: "Cavium",
    0x46: "Fujitsu",
    0x48: "HiSilicon",
    0x4E: "NVIDIA",
    0x51: "Qualcomm",
    0x61: "Apple",
    0xC0: "Ampere",
}
PARTS = {
    (0x41, 0xD03): "Cortex-A53",
    (0x41, 0xD04): "Cortex-A35",
    (0x41, 0xD05): "Cortex-A55",
    (0x41, 0xD07): "Cortex-A57",
    (0x41, 0xD08): "Cortex-A72",
    (0x41, 0xD09): "Cortex-A73",
    (0x41, 0xD0A): "Cortex-A75",
    (0x41, 0xD0B): "Cortex-A76",
    (0x41, 0xD0C): "Neoverse-N1",
    (0x41, 0xD0D): "Cortex-A77",
    (0x41, 0xD40): "Neoverse-V1",
    (0x41, 0xD41): "Cortex-A78",
    (0x41, 0xD42): "Cortex-A78AE",
    (0x41, 0xD44): "Cortex-X1",
    (0x41, 0xD46): "Cortex-A510",
    (0x41, 0xD47): "Cortex-A710",
    (0x41, 0xD49): "Neoverse-N2",
    (0x41, 0xD4F): "Neoverse-V2",
    (0x46, 0x001): "A64FX",
    (0x48, 0xD01): "TaiShan-v110",
    (0x4E, 0x004): "Carmel",
    (0xC0, 0xAC3): "Ampere-1",
}


def flags_of_hwcap(words: Sequence[int]) -> list[str]:
    """The names in BITS that AT_HWCAP and AT_HWCAP2 tell of."""
    return [name for name, (word, bit) in BITS.items() if words[word] >> bit & 1]


def flags_of_text(flags: Collection[str]) -> list[str]:
    """The names in BITS among the features of /proc/cpuinfo."""
    return [name for name in BITS if name in flags]


def level(flags: Collection[str]) -> str:
    """armv8-a to armv8.6-a, armv9-a for 8.5 with SVE2; "" without Advanced SIMD."""
    reached = ""
    for name, needed in LEVELS:
        if not needed.issubset(flags):
            break
        reached = name
    return _ARMV9 if reached in ("armv8.5-a", "armv8.6-a") and "sve2" in flags else reached


def isa(flags: Collection[str], sve_bytes: int) -> str:
    """What oneDNN 3 dispatches to: sve_512, sve_256, sve_128 by the length of a vector in bytes, asimd, or ""."""
    if "sve" in flags:
        for bits in (512, 256, 128):
            if sve_bytes * 8 >= bits:
                return f"sve_{bits}"
    return "asimd" if "asimd" in flags else ""


def vendor_and_model(text: str) -> tuple[str, str]:
    """From /proc/cpuinfo: the implementer, and every kind of core ("Cortex-A55 + Cortex-A76")."""
    implementers = re.findall(r"^CPU implementer\s*:\s*(0x[0-9a-fA-F]+)", text, re.MULTILINE)
    parts = re.findall(r"^CPU part\s*:\s*(0x[0-9a-fA-F]+)", text, re.MULTILINE)
    cores = dict.fromkeys((int(who, 16), int(part, 16)) for who, part in zip(implementers, parts))
    vendors = dict.fromkeys(IMPLEMENTERS.get(who, f"{who:#x}") for who, _ in cores)
    return " + ".join(vendors), " + ".join(PARTS.get(core, f"part {core[1]:#x}") for core in cores)


def midr_text(midr: str) -> str:
    """A MIDR_EL1 register in the words of /proc/cpuinfo, for hosts that hide that file. Raises ValueError."""
    value = int(midr, 16)
    return f"CPU implementer : {value >> 24 & 0xFF:#x}\nCPU part : {value >> 4 & 0xFFF:#x}\n"
