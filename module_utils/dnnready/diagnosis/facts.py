"""The host document as answers of three kinds: yes, no, and not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

_DEBIAN = ("debian", "ubuntu", "raspbian", "linuxmint", "pop")
_RED_HAT = ("rhel", "centos", "fedora", "rocky", "almalinux", "amzn", "ol")


def version(text: str) -> tuple[int, ...]:
    """2.28 as (2, 28); what is no version is ()."""
    return tuple(int(part) for part in re.findall(r"\d{1,6}", text)[:4])


class Facts:
    """A view of the host document (docs/architecture.md) that never raises: what is not there is not known."""

    #: Instruction sets that messages name and the host document lists where the CPU has them.
    FLAGS = frozenset(
        [
            *("sse4_1", "sse4_2", "avx", "avx2", "f16c", "fma", "avx512f", "avx512bw"),
            *("avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8"),
        ]
    )

    def __init__(self, host: Optional[Mapping[str, Any]] = None) -> None:
        self._host = host or {}

    def __bool__(self) -> bool:
        return bool(self._host)

    def get(self, path: str) -> Any:
        """The value at a dotted path, or None."""
        value: Any = self._host
        for name in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value.get(name)
        return value

    @property
    def architecture(self) -> str:
        """For example x86_64, "" where it is not known."""
        return str(self.get("cpu.architecture") or "")

    @property
    def arm(self) -> Optional[bool]:
        """Whether the CPU is an ARM core."""
        return self.architecture.startswith(("aarch64", "arm")) if self.architecture else None

    @property
    def emulated(self) -> Optional[bool]:
        """Whether the CPU is emulated."""
        value = self.get("cpu.emulated")
        return value if isinstance(value, bool) else None

    @property
    def gpu(self) -> Optional[bool]:
        """Whether a GPU is there."""
        devices = self.get("gpu.devices")
        return bool(devices) if isinstance(devices, list) else None

    @property
    def musl(self) -> Optional[bool]:
        """Whether the C library is musl."""
        name = self.get("libc.name")
        return name == "musl" if name in ("musl", "glibc") else None

    def glibc_at_least(self, wanted: str) -> Optional[bool]:
        """Whether the C library is a glibc of that version or newer."""
        if self.musl is not False or not self.get("libc.version") or not version(wanted):
            return None
        return version(str(self.get("libc.version"))) >= version(wanted)

    def libstdcxx_at_least(self, wanted: str) -> Optional[bool]:
        """Whether the system's libstdc++ has GLIBCXX_ of that version."""
        have = self.get("libstdcxx.glibcxx")
        return version(str(have)) >= version(wanted) if have and version(wanted) else None

    def flag(self, name: str) -> Optional[bool]:
        """Whether the CPU has an instruction set; only for those that the host document lists."""
        flags = self.get("cpu.flags")
        return name in flags if isinstance(flags, list) and name in self.FLAGS else None

    @property
    def wx(self) -> Optional[bool]:
        """Whether writable memory may become executable."""
        value = self.get("wx.allowed")
        return value if isinstance(value, bool) else None

    @property
    def noexec(self) -> Optional[bool]:
        """Whether the target or the temporary folder is mounted noexec."""
        values = [self.get(f"disk.{name}.noexec") for name in ("target", "temporary")]
        return True if True in values else (False if False in values else None)

    @property
    def kernel_files(self) -> Optional[bool]:
        """Whether /proc and the CPU lists of /sys can be read."""
        values = [self.get("kernel_files.proc"), self.get("kernel_files.sys_cpu")]
        return False if False in values else (True if True in values else None)

    @property
    def container(self) -> Optional[bool]:
        """Whether this is a container."""
        return bool(self.get("virtualization.container")) if "virtualization" in self._host else None

    @property
    def package_manager(self) -> str:
        """apt, dnf, apk, brew, or "" where it is not known."""
        if self.musl:
            return "apk"
        name = str(self.get("os.id") or "").lower()
        if name in _DEBIAN or self.get("packages.manager") == "dpkg":
            return "apt"
        return "dnf" if name in _RED_HAT else ("apk" if name == "alpine" else "")
