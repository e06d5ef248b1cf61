"""The dynamic loader, glibc and the allocators that replace its malloc.

Consequences were seen with glibc 2.31, 2.36 and 2.41, and jemalloc 5.3.
"""

from __future__ import annotations

from .grammar import Integer, Pattern
from .paths import JemallocOptions, PathList, Preload, Tunables
from .variable import Variable

_LOADER = "https://man7.org/linux/man-pages/man8/ld.so.8.html"
_TUNABLES = "https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html"

VARIABLES = (
    Variable(
        name="LD_LIBRARY_PATH",
        summary="Where the loader looks first. Every program of the environment follows it.",
        readers=("loader",),
        grammar=PathList(),
        bad="A relative or empty part makes libraries load from whatever directory a program starts in. "
        "A foreign libdnnl or libgomp there replaces the framework's own.",
        source=_LOADER,
    ),
    Variable(
        name="LD_PRELOAD",
        summary="Libraries that the loader puts before all others, such as another allocator.",
        readers=("loader",),
        grammar=Preload(),
        bad="A file that is missing or no library costs a line `ERROR: ld.so: ... ignored` on the standard error of "
        "every program, and has no other effect.",
        source=_LOADER,
        spelling="Put colons between the libraries.",
    ),
    Variable(
        name="GLIBC_TUNABLES",
        summary="Settings of glibc; raised malloc thresholds keep the memory of large tensors, which more than doubles "
        "the speed of PyTorch's large convolutions.",
        readers=("glibc",),
        grammar=Tunables(),
        bad="glibc up to 2.36 silently takes the digits that it can read, so 0 for abc and 1 for 1G: every tensor is "
        "then mapped anew and convolutions run at half speed. 2.41 prints a line and ignores it. "
        "A name that it does not know is ignored silently.",
        source=_TUNABLES,
    ),
    Variable(
        name="MALLOC_ARENA_MAX",
        summary="Heaps of glibc's malloc at most: fewer save memory where many threads allocate.",
        readers=("glibc",),
        grammar=Integer(1, 65536),
        bad="Ignored silently.",
        source="https://man7.org/linux/man-pages/man3/mallopt.3.html",
    ),
    Variable(
        name="MALLOC_CONF",
        summary="Options of jemalloc.",
        readers=("jemalloc",),
        grammar=JemallocOptions(),
        bad="jemalloc prints a line and goes on without the option; with abort_conf:true it ends every program.",
        source="https://jemalloc.net/jemalloc.3.html#tuning",
        instead="glibc's malloc takes GLIBC_TUNABLES.",
    ),
    Variable(
        name="TCMALLOC_RELEASE_RATE",
        summary="How eagerly tcmalloc (gperftools) gives memory back: 0 never, 10 fast.",
        readers=("tcmalloc",),
        grammar=Pattern(r"10|[0-9](\.[0-9]{1,6})?", "a number from 0 to 10"),
        bad="Read as far as it is a number.",
        source="https://gperftools.github.io/gperftools/tcmalloc.html",
        measured=False,
        instead="glibc's malloc takes GLIBC_TUNABLES.",
    ),
)
