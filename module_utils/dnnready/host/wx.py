"""Whether writable memory may become executable, and what the CPU says to code that runs from there.

oneDNN writes its kernels to memory and then makes it executable. Hardened services, seccomp filters and SELinux
forbid that; some end the process for the attempt. So a forked child tries, and its end is part of the answer.
Where it is allowed, the child executes CPUID itself: /proc/cpuinfo hides flags (avx_vnni_int8, avx10), and under
user-mode emulation it shows another CPU than the one that programs get.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
from collections.abc import Callable
from typing import Any, Optional

#: CPUID leaves and subleaves that x86.py decodes (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
LEAVES = (
    *((0, 0), (1, 0), (7, 0), (7, 1), (0x1E, 1), (0x24, 0), (0x40000000, 0)),
    *((0x80000000 + leaf, 0) for leaf in range(5)),
)
# void cpuid(uint32 leaf, uint32 subleaf, uint32 out[4]):
# push rbx; mov eax,edi; mov ecx,esi; mov r8,rdx; cpuid; mov [r8],eax; mov [r8+4],ebx; mov [r8+8],ecx;
# mov [r8+12],edx; pop rbx; ret
_CPUID = bytes.fromhex("53 89f8 89f1 4989d0 0fa2 418900 41895804 41894808 4189500c 5b c3")
# uint64 xgetbv(): xor ecx,ecx; xgetbv; shl rdx,32; or rax,rdx; ret
_XGETBV = bytes.fromhex("31c9 0f01d0 48c1e220 4809d0 c3")
_XGETBV_OFFSET = 64
_SIZE = 4096
_PROT_READ, _PROT_WRITE, _PROT_EXEC = 1, 2, 4
_MAP_PRIVATE_ANONYMOUS = 0x22
_OSXSAVE = 1 << 27
# asm/prctl.h and arch_prctl(2): permission for the state component 18, the tiles of AMX (Linux 5.16).
_SYS_ARCH_PRCTL, _ARCH_REQ_XCOMP_PERM, _XTILEDATA = 158, 0x1023, 18
_PR_SVE_GET_VL, _AT_HWCAP, _AT_HWCAP2 = 51, 16, 26

Say = Callable[[dict[str, Any]], None]


def in_child(work: Callable[[Say], None], timeout: float = 10.0) -> tuple[dict[str, Any], Optional[int]]:
    """Run `work` in a forked child; what it said until its end, and the signal that ended it, if one did.

    A child that takes longer than `timeout` seconds ends by SIGKILL.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(lambda answer: _write(writing, answer))
        except BaseException as error:  # noqa: BLE001 - nothing of the parent may run on in the child
            _write(writing, {"error": f"{type(error).__name__}: {error}"})
        finally:
            os._exit(0)
    os.close(writing)
    text = b""
    with os.fdopen(reading, "rb", buffering=0) as stream:
        while select.select([stream], [], [], timeout)[0]:
            piece = stream.read(65536)
            if not piece:
                break
            text += piece
        else:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    answers: dict[str, Any] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        answers.update(json.loads(line))
    return answers, os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def _write(descriptor: int, answer: dict[str, Any]) -> None:
    os.write(descriptor, (json.dumps(answer) + "\n").encode())


def attempt(say: Say) -> None:
    """What the child does; every answer is said before the next, more dangerous step."""
    import ctypes  # noqa: PLC0415 - the parent does not need it, and it may fail under the very policy asked about

    libc = ctypes.CDLL(None, use_errno=True)
    machine = os.uname().machine
    if machine == "aarch64":
        libc.getauxval.restype = ctypes.c_ulong
        libc.getauxval.argtypes = [ctypes.c_ulong]
        length = libc.prctl(_PR_SVE_GET_VL)
        say({"hwcap": [libc.getauxval(_AT_HWCAP), libc.getauxval(_AT_HWCAP2)], "sve_bytes": max(length, 0) & 0xFFFF})
    native = machine == "x86_64" and struct.calcsize("P") == 8  # noqa: PLR2004 - bytes of a 64-bit pointer
    if native:
        say({"amx_allowed": libc.syscall(_SYS_ARCH_PRCTL, _ARCH_REQ_XCOMP_PERM, _XTILEDATA) == 0})
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    address = libc.mmap(None, _SIZE, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE_ANONYMOUS, -1, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap of writable memory failed")
    ctypes.memmove(address, _CPUID, len(_CPUID))
    ctypes.memmove(address + _XGETBV_OFFSET, _XGETBV, len(_XGETBV))
    say({"tried": True})
    if libc.mprotect(address, _SIZE, _PROT_READ | _PROT_EXEC) != 0:
        say({"allowed": False, "why": f"mprotect: {os.strerror(ctypes.get_errno())}"})
        return
    say({"allowed": True})
    if not native:
        return
    cpuid = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)(address)
    registers = (ctypes.c_uint32 * 4)()
    leaves = {}
    for leaf, subleaf in LEAVES:
        cpuid(leaf, subleaf, ctypes.addressof(registers))
        leaves[f"{leaf:x}.{subleaf}"] = list(registers)
    xcr0 = 0
    if leaves["1.0"][2] & _OSXSAVE:
        xcr0 = ctypes.CFUNCTYPE(ctypes.c_uint64)(address + _XGETBV_OFFSET)()
    say({"cpuid": leaves, "xcr0": xcr0})


def probe() -> dict[str, Any]:
    """{allowed: bool|None, why} always, and as far as it got {cpuid, xcr0, amx_allowed, hwcap, sve_bytes}."""
    answers, ended = in_child(attempt)
    if ended is not None and "allowed" not in answers and answers.get("tried"):
        answers["allowed"] = False
        answers["why"] = f"the attempt was ended by signal {ended}"
    answers.setdefault("allowed", None)
    answers.setdefault("why", answers.get("error", f"the child was ended by signal {ended}" if ended else ""))
    return answers
