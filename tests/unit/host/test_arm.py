"""AT_HWCAP, architecture levels, and what oneDNN dispatches to."""

import pytest

from dnnready.host import arm

V80 = {"fp", "asimd", "crc32"}
V82 = V80 | {"atomics", "asimdrdm", "fphp", "asimdhp", "dcpop", "lrcpc", "asimddp"}
V84 = V82 | {"fcma", "jscvt", "dit", "flagm", "ilrcpc", "uscat", "sve"}
V85 = V84 | {"sb", "frint", "flagm2"}
V86 = V85 | {"bf16", "i8mm"}


def words(flags):
    result = [0, 0]
    for flag in flags:
        word, bit = arm.BITS[flag]
        result[word] |= 1 << bit
    return result


@pytest.mark.parametrize(
    ("flags", "sve_bytes", "level", "isa"),
    [
        (set(), 0, "", ""),
        (V80, 0, "armv8-a", "asimd"),
        (V80 | {"atomics", "asimdrdm"}, 0, "armv8.1-a", "asimd"),
        (V82, 0, "armv8.2-a", "asimd"),
        (V84 - {"uscat"}, 16, "armv8.3-a", "sve_128"),
        (V84, 32, "armv8.4-a", "sve_256"),
        (V84, 64, "armv8.4-a", "sve_512"),
        (V84, 256, "armv8.4-a", "sve_512"),
        (V84, 0, "armv8.4-a", "asimd"),  # the length could not be asked
        (V85, 16, "armv8.5-a", "sve_128"),
        (V86, 16, "armv8.6-a", "sve_128"),
        (V85 | {"sve2"}, 16, "armv9-a", "sve_128"),
        (V84 | {"sve2"}, 16, "armv8.4-a", "sve_128"),
    ],
)
def test_level_and_isa(flags, sve_bytes, level, isa):
    found = arm.flags_of_hwcap(words(flags))
    assert set(found) == flags
    assert (arm.level(found), arm.isa(found, sve_bytes)) == (level, isa)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ("", "")),
        ("CPU implementer : 0xc0\nCPU part : 0xac3\n" * 8, ("Ampere", "Ampere-1")),
        ("CPU implementer : 0x99\nCPU part : 0x123\n", ("0x99", "part 0x123")),
    ],
)
def test_names(text, names):
    assert arm.vendor_and_model(text) == names


def test_midr_is_the_same_core_as_in_cpuinfo():
    assert arm.vendor_and_model(arm.midr_text("0x00000000410fd083")) == ("ARM", "Cortex-A72")
