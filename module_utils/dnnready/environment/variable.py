"""What is known about one environment variable."""

from __future__ import annotations

from dataclasses import dataclass, field

from .grammar import Grammar

#: Who reads environment variables, with the name that a message gives it.
READERS = {
    "loader": "the dynamic loader",
    "glibc": "glibc",
    "libgomp": "libgomp (GCC's OpenMP)",
    "libiomp5": "libiomp5 (Intel's and LLVM's OpenMP)",
    "onednn": "oneDNN",
    "mkl": "MKL",
    "openblas": "OpenBLAS (numpy's)",
    "pytorch": "PyTorch",
    "tensorflow": "TensorFlow",
    "jemalloc": "jemalloc",
    "tcmalloc": "tcmalloc",
}


@dataclass(frozen=True)
class Variable:
    """One entry of the catalogue."""

    name: str
    summary: str  #: what it does
    readers: tuple[str, ...]
    bad: str  #: what a bad value does, as one or more sentences
    source: str  #: a URL
    grammar: Grammar = field(default_factory=Grammar)
    aliases: tuple[str, ...] = ()  #: older names of the same thing, the strongest first; `name` beats them all
    measured: bool = True  #: whether `bad` was seen on a machine, not read
    early: bool = True  #: whether it must be set before the library loads; else before its first operation (measured)
    debugging: bool = False  #: not for production
    off: tuple[str, ...] = ()  #: values that switch a debugging variable off
    threads: bool = False  #: a number of threads that compute
    spelling: str = ""  #: how to say what the file formats cannot carry
    instead: str = ""  #: what to use where its readers are absent

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the strongest first."""
        return (self.name, *self.aliases)
