"""OpenMP: the variables of the standard, of libgomp (GOMP_) and of libiomp5 (KMP_).

Consequences were seen with the libgomp that torch 2.13 carries (older than GCC 12) and with libiomp5 under MKL 2026.2.
"""

from __future__ import annotations

from .affinity import CpuList, KmpAffinity, Places
from .grammar import Choice, ChoiceList, Integer, IntegerList, Pattern, Size
from .variable import Variable

_LIBGOMP = "https://gcc.gnu.org/onlinedocs/libgomp/"
_LLVM = "https://openmp.llvm.org/design/Runtimes.html"
_BOTH = ("libgomp", "libiomp5")
_BOOLEAN = Choice(("true", "false"))
_IGNORED = "The runtime prints a line and goes on as if it were not set."

VARIABLES = (
    Variable(
        name="OMP_NUM_THREADS",
        summary="Threads of a parallel region, so of one convolution in PyTorch.",
        readers=(*_BOTH, "openblas"),
        grammar=IntegerList(Integer(1)),
        bad="libgomp prints a line and takes all cores; libiomp5 takes 1 thread for 0 and all cores otherwise. "
        "Nothing fails, so nobody notices. More threads than cores are cut to the cores by MKL_DYNAMIC in torch.",
        source=f"{_LIBGOMP}OMP_005fNUM_005fTHREADS.html",
        threads=True,
        instead="TensorFlow takes TF_NUM_INTRAOP_THREADS.",
    ),
    Variable(
        name="OMP_PROC_BIND",
        summary="Binds threads to places.",
        readers=_BOTH,
        grammar=ChoiceList(values=("master", "primary", "close", "spread"), alone=("true", "false")),
        bad=_IGNORED + " libgomp before GCC 12, so torch's, does not know primary.",
        source=f"{_LIBGOMP}OMP_005fPROC_005fBIND.html",
    ),
    Variable(
        name="OMP_PLACES",
        summary="The places that threads are bound to.",
        readers=_BOTH,
        grammar=Places(),
        bad="libgomp prints a line and binds nothing, also for a CPU that it must not use; "
        "libiomp5 binds to single hardware threads instead.",
        source=f"{_LIBGOMP}OMP_005fPLACES.html",
        spelling="Write cores(4) as the places themselves: {0}:4 means {0},{1},{2},{3}.",
    ),
    Variable(
        name="OMP_DYNAMIC",
        summary="Lets the runtime use fewer threads than asked for.",
        readers=_BOTH,
        grammar=_BOOLEAN,
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fDYNAMIC.html",
    ),
    Variable(
        name="OMP_WAIT_POLICY",
        summary="Whether waiting threads spin (active) or sleep (passive).",
        readers=_BOTH,
        grammar=Choice(("active", "passive")),
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fWAIT_005fPOLICY.html",
    ),
    Variable(
        name="OMP_STACKSIZE",
        summary="Stack of each thread but the first.",
        readers=_BOTH,
        grammar=Size(minimum=16 << 10, maximum=2**33),
        bad="libgomp prints a line and takes the default, also below 16K and for sizes that cannot be had.",
        source=f"{_LIBGOMP}OMP_005fSTACKSIZE.html",
    ),
    Variable(
        name="OMP_MAX_ACTIVE_LEVELS",
        summary="How many nested parallel regions may run on several threads.",
        readers=_BOTH,
        grammar=Integer(0),
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fMAX_005fACTIVE_005fLEVELS.html",
    ),
    Variable(
        name="OMP_THREAD_LIMIT",
        summary="Threads of the whole program at most.",
        readers=_BOTH,
        grammar=Integer(1),
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fTHREAD_005fLIMIT.html",
    ),
    Variable(
        name="OMP_SCHEDULE",
        summary="How loops with schedule(runtime) are divided.",
        readers=_BOTH,
        grammar=Pattern(
            r"((non)?monotonic:)?(static|dynamic|guided|auto)(,[1-9][0-9]{0,8})?",
            "static, dynamic, guided or auto, with a chunk size after a comma or without",
        ),
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fSCHEDULE.html",
    ),
    Variable(
        name="OMP_DISPLAY_ENV",
        summary="Prints the runtime's settings at its start.",
        readers=_BOTH,
        grammar=Choice(("true", "false", "verbose")),
        bad=_IGNORED,
        source=f"{_LIBGOMP}OMP_005fDISPLAY_005fENV.html",
        debugging=True,
        off=("false",),
    ),
    Variable(
        name="GOMP_CPU_AFFINITY",
        summary="The CPUs that libgomp binds threads to, in order.",
        readers=_BOTH,
        grammar=CpuList(),
        bad="A word that is no number makes `import torch` spin for ever on one core, with no message. A backward "
        "range is ignored with a line; a CPU that the process must not use is left out silently.",
        source=f"{_LIBGOMP}GOMP_005fCPU_005fAFFINITY.html",
        spelling="Put commas between the CPUs: 0,2,4.",
    ),
    Variable(
        name="GOMP_SPINCOUNT",
        summary="How long a waiting thread of libgomp spins before it sleeps.",
        readers=("libgomp",),
        grammar=Pattern(r"infinite|infinity|[0-9]{1,15}[kMGT]?", "infinite, or a number with k, M, G or T or without"),
        bad=_IGNORED,
        source=f"{_LIBGOMP}GOMP_005fSPINCOUNT.html",
        instead="libiomp5 takes KMP_BLOCKTIME.",
    ),
    Variable(
        name="KMP_AFFINITY",
        summary="Binds threads of libiomp5.",
        readers=("libiomp5",),
        grammar=KmpAffinity(),
        bad="libiomp5 prints `OMP: Warning #58 ... parameter invalid` or leaves out the CPU, and goes on. "
        "libgomp does not read it at all.",
        source=f"{_LLVM}#kmp-affinity",
        instead="libgomp takes OMP_PLACES and OMP_PROC_BIND.",
    ),
    Variable(
        name="KMP_BLOCKTIME",
        summary="How long a waiting thread of libiomp5 spins before it sleeps, in milliseconds unless it says us.",
        readers=("libiomp5",),
        grammar=Pattern(r"infinite|[0-9]{1,9}(ms|us)?", "infinite, or a time such as 0, 200, 200ms or 50us"),
        bad="libiomp5 prints a line and takes 200 ms.",
        source=f"{_LLVM}#kmp-blocktime",
        instead="libgomp takes OMP_WAIT_POLICY and GOMP_SPINCOUNT.",
    ),
    Variable(
        name="KMP_HW_SUBSET",
        summary="The part of the machine that libiomp5 uses, such as 4c,1t.",
        readers=("libiomp5",),
        grammar=Pattern(
            r"[0-9*]{1,6}[a-z_]+[0-9]?(:[a-z_0-9]+)?(@[0-9]+)?(,[0-9*]{1,6}[a-z_]+[0-9]?(:[a-z_0-9]+)?(@[0-9]+)?)*",
            "numbers with S, D, N, L2, C or T, such as 1s,4c,1t",
        ),
        bad="libiomp5 prints a line and uses the whole machine; more than the machine has is ignored silently.",
        source=f"{_LLVM}#kmp-hw-subset",
        instead="libgomp takes OMP_PLACES.",
    ),
    Variable(
        name="KMP_DUPLICATE_LIB_OK",
        summary="Lets two copies of LLVM's OpenMP run in one process instead of ending it with `OMP: Error #15`.",
        readers=("libiomp5",),
        grammar=Choice(("true", "false", "1", "0", "yes", "no", "on", "off")),
        bad="The process ends with OMP: Error #15 where two copies meet.",
        source=_LLVM,
        measured=False,
        debugging=True,
        off=("false", "0", "no", "off"),
    ),
)
