"""oneDNN, MKL and OpenBLAS.

Consequences were seen with oneDNN 3.12 (torch 2.13) and 3.7 (TensorFlow 2.21), MKL 2026.2 and numpy's OpenBLAS.
"""

from __future__ import annotations

from .grammar import Choice, ChoiceList, Grammar, Integer, Pattern
from .isa import ARM_NAMES, X86_NAMES
from .variable import Variable

_ONEDNN = "https://uxlfoundation.github.io/oneDNN/"
_MKL = "https://www.intel.com/content/www/us/en/docs/onemkl/developer-guide-linux/2026-0/"
_OPENBLAS = "https://www.openmathlib.org/OpenBLAS/docs/runtime_variables/"


def _onednn(
    name: str, *, summary: str, grammar: Grammar, bad: str, page: str, off: tuple[str, ...] = (), early: bool = True
) -> Variable:
    """ONEDNN_ wins. torch's copy then reads MKLDNN_ and DNNL_, TensorFlow's DNNL_ alone (both measured)."""
    return Variable(
        name=f"ONEDNN_{name}",
        summary=summary,
        readers=("onednn",),
        grammar=grammar,
        bad=bad,
        source=f"{_ONEDNN}{page}.html",
        aliases=(f"MKLDNN_{name}", f"DNNL_{name}"),
        early=early,
        debugging=bool(off),
        off=off,
    )


_VERBOSE_WORDS = (
    *("0", "1", "2", "-1", "none", "all", "error", "check", "dispatch", "profile", "profile_create", "profile_exec"),
    *("profile_externals", "warn"),
)

ONEDNN = (
    _onednn(
        "MAX_CPU_ISA",
        summary="The instructions that oneDNN may use at most.",
        grammar=Choice((*X86_NAMES, *ARM_NAMES)),
        bad="Unknown words are ignored silently. SSE41 makes a 3x3 convolution 3 to 6 times slower, AVX2 on a CPU with "
        "AVX-512 about 2 times.",
        page="dev_guide_cpu_dispatcher_control",
        early=False,
    ),
    _onednn(
        "CPU_ISA_HINTS",
        summary="Prefers 256-bit registers where the CPU has 512-bit ones.",
        grammar=Choice(("prefer_ymm", "no_hints")),
        bad="Unknown words are ignored silently.",
        page="dev_guide_cpu_isa_hints",
    ),
    _onednn(
        "VERBOSE",
        summary="Prints a line per primitive that runs: how dnnready proves a convolution, and slow as a habit.",
        grammar=ChoiceList(
            values=_VERBOSE_WORDS, patterns=(r"debuginfo=[0-9]{1,3}", r"filter=[A-Za-z0-9_.*+?^\[\]-]{1,60}")
        ),
        bad="Anything else means off, silently.",
        page="dev_guide_verbose",
        early=False,
        off=("0", "none", "error"),
    ),
    _onednn(
        "PRIMITIVE_CACHE_CAPACITY",
        summary="How many ready-made primitives are kept (1024 by default).",
        grammar=Integer(0),
        bad="A word means 0, silently: every convolution is built anew, 5 to 15% slower at batch 1. "
        "Less than 0 means the default.",
        page="dev_guide_primitive_cache",
        early=False,
    ),
    _onednn(
        "DEFAULT_FPMATH_MODE",
        summary="The precision that float32 convolutions may be computed in: bf16 uses AMX, with 8 bits of mantissa.",
        grammar=Choice(("strict", "bf16", "f16", "tf32", "any")),
        bad="Unknown words mean strict, silently.",
        page="dev_guide_attributes_fpmath_mode",
    ),
    _onednn(
        "JIT_DUMP",
        summary="Writes every generated kernel to a file in the working directory.",
        grammar=Integer(0, 1),
        bad="A word means off.",
        page="dev_guide_inspecting_jit",
        off=("0",),
    ),
    _onednn(
        "JIT_PROFILE",
        summary="Tells profilers of generated kernels: 1 VTune, 2 and 6 perf (files in /tmp or $HOME).",
        grammar=Integer(0, 15),
        bad="A word means 0: profilers see no names.",
        page="dev_guide_profilers",
        off=("0", "1"),
    ),
)

MKL = (
    Variable(
        name="MKL_NUM_THREADS",
        summary="Threads of MKL; in torch's wheel of every operation, convolutions too. Beats OMP_NUM_THREADS.",
        readers=("mkl",),
        grammar=Integer(1),
        bad="A word or a number below 0 silently means one thread.",
        source=f"{_MKL}onemkl-specific-env-vars-for-openmp-thread-ctrl.html",
        threads=True,
    ),
    Variable(
        name="MKL_DYNAMIC",
        summary="Lets MKL use fewer threads than asked for; FALSE lets torch start more threads than there are cores.",
        readers=("mkl",),
        grammar=Choice(("true", "false")),
        bad="Only TRUE and FALSE are read: 0, no and all else silently mean TRUE.",
        source=f"{_MKL}mkl-dynamic.html",
    ),
    Variable(
        name="MKL_THREADING_LAYER",
        summary="The threads of libmkl_rt: INTEL (libiomp5, default), GNU (libgomp), TBB or SEQUENTIAL. "
        "torch's wheel has MKL built in and does not read it.",
        readers=("mkl",),
        grammar=Choice(("INTEL", "GNU", "TBB", "SEQUENTIAL")),
        bad="Unknown words silently mean INTEL, which then wants libiomp5 beside libgomp.",
        source=f"{_MKL}overview.html",
    ),
    Variable(
        name="MKL_INTERFACE_LAYER",
        summary="Width of integers in libmkl_rt's interface; programs are built for one.",
        readers=("mkl",),
        grammar=Pattern(r"(GNU,)?I?LP64", "LP64 or ILP64, with GNU, before or without"),
        bad="Unknown words silently mean LP64. ILP64 under a program built for LP64 is a SIGSEGV, and GNU where "
        "libmkl_gf_lp64 is not installed ends the process.",
        source=f"{_MKL}overview.html",
    ),
    Variable(
        name="MKL_ENABLE_INSTRUCTIONS",
        summary="The instructions that MKL may use at most. Convolutions of oneDNN do not follow it.",
        readers=("mkl",),
        grammar=Choice(("SSE4_2", "AVX", "AVX2", "AVX512", *(f"AVX512_E{number}" for number in range(1, 5)), "AVX10")),
        bad="Unknown words are ignored silently. SSE4_2 makes sgemm 6 times slower on a CPU with AVX-512.",
        source=f"{_MKL}overview.html",
    ),
    Variable(
        name="MKL_CBWR",
        summary="Bitwise equal results of MKL on different CPUs, at a price.",
        readers=("mkl",),
        grammar=Pattern(
            r"(OFF|AUTO|COMPATIBLE|SSE2|SSSE3|SSE4_1|SSE4_2|AVX|AVX2|AVX512|AVX512_E1|AVX10)(,STRICT)?",
            "OFF, AUTO, COMPATIBLE or an instruction set such as AVX2, with ,STRICT or without",
        ),
        bad="Unknown words are ignored silently. COMPATIBLE makes sgemm 7 times slower on a CPU with AVX-512.",
        source=f"{_MKL}overview.html",
    ),
    Variable(
        name="MKL_DEBUG_CPU_TYPE",
        summary="Chose MKL's code path by number up to MKL 2020.0; later versions do not read it.",
        readers=(),
        grammar=Integer(0, 9),
        bad="No effect in MKL 2026.2, nor on conv2d in torch.",
        source=f"{_MKL}overview.html",
    ),
    Variable(
        name="MKL_VERBOSE",
        summary="Prints a line per call of BLAS: how dnnready proves MKL, and slow as a habit.",
        readers=("mkl",),
        grammar=Integer(0, 2),
        bad="A word means off, silently.",
        source=f"{_MKL}overview.html",
        debugging=True,
        off=("0",),
    ),
)

OPENBLAS = (
    Variable(
        name="OPENBLAS_NUM_THREADS",
        summary="Threads of numpy's linear algebra. Beats OMP_NUM_THREADS there; conv2d does not depend on it.",
        readers=("openblas",),
        grammar=Integer(1),
        bad="Silently all cores.",
        source=_OPENBLAS,
        threads=True,
    ),
    Variable(
        name="OPENBLAS_CORETYPE",
        summary="The CPU that numpy's linear algebra is tuned for; a core above the real one ends in SIGILL.",
        readers=("openblas",),
        grammar=Pattern(r"[A-Za-z][A-Za-z0-9_]{1,29}", "the name of a core, such as Haswell or SkylakeX"),
        bad="An unknown name prints `Core not found` where OPENBLAS_VERBOSE is set, and is ignored.",
        source=_OPENBLAS,
    ),
)

VARIABLES = (*ONEDNN, *MKL, *OPENBLAS)
