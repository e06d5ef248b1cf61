"""Causes of step 1: what is installed is for another processor or system."""

from __future__ import annotations

from .cause import Cause, Remedy

CAUSES = (
    Cause(
        "glibc_too_old",
        1,
        "The build needs a newer C library than this system has.",
        (
            Remedy(
                "This host has glibc {glibc}, the build wants {wanted}: take an older build, or a container with "
                "a newer system."
                " Never replace glibc by hand.",
                lambda facts, _: facts.musl is False,
                certain=True,
            ),
            Remedy("Take an older build of the package, or a newer system or container. Never replace glibc by hand."),
        ),
        "`ldd --version` prints less than {wanted}.",
        "release",
    ),
    Cause(
        "musl_libc",
        1,
        "A build for glibc is used on a system with musl, such as Alpine Linux.",
        (
            Remedy(
                "Use an image with glibc (python:3-slim instead of python:3-alpine); there are no musl wheels of "
                "these frameworks."
            ),
        ),
        "`ldd --version` says musl, and the Python's ELF interpreter is ld-musl-*.",
        "advice",
    ),
    Cause(
        "wrong_architecture",
        1,
        "A library, a wheel or an interpreter is for another processor, word size or operating system.",
        (
            Remedy("Install the aarch64 build with a 64-bit ARM Python.", lambda facts, _: facts.arm, certain=True),
            Remedy(
                "Compare `file` of the library with `python -c 'import platform; print(platform.machine(), "
                "platform.architecture())'`,"
                " remove the package and install it again with that very Python; never copy environments between "
                "systems."
            ),
        ),
        "The ELF, Mach-O or PE machine of {library} differs from the interpreter's.",
        "release",
    ),
    Cause(
        "cpu_lacks_instructions",
        1,
        "The build uses instructions that this CPU, or the virtual CPU that the program is given, does not have.",
        (
            Remedy(
                "Use a build for older CPUs (PyTorch and ONNX Runtime run without AVX, TensorFlow needs it), or "
                "give the virtual"
                " machine the host's CPU. Where OpenBLAS misjudges an ARM core: OPENBLAS_CORETYPE=ARMV8.",
            ),
        ),
        "The CPU's flags in /proc/cpuinfo lack them; the kernel log has `trap invalid opcode`.",
        "release",
    ),
    Cause(
        "emulation_limits",
        1,
        "The program is for another processor and runs under qemu or Rosetta, which imitate it only in part.",
        (
            Remedy(
                "Use the image or wheel for the machine's own architecture (linux/arm64 on Apple Silicon and ARM "
                "boards)."
            ),
        ),
        "`uname -m` differs from the real machine; the process list shows qemu.",
        "advice",
    ),
)
