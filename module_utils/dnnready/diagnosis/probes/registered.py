"""Which files an installation says it has: RECORD of a wheel, the lists of dpkg."""

from __future__ import annotations

import base64
import csv
import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .versions import canonical, requirement

#: Distributions that carry a framework or its library; what they ask for is looked at with them.
_CARRIERS = re.compile(
    r"torch|torchvision|torchaudio|tensorflow.*|intel-tensorflow|tf-nightly.*|keras|numpy|mkl.*|onednn.*|intel-openmp|tbb"
    r"|ml-dtypes|h5py|protobuf|intel-extension-for-pytorch"
)
_GPU = re.compile(r"nvidia-.*|triton|cuda-.*")
_DPKG = "/var/lib/dpkg/info"
_DEBIAN = (
    *("python3-torch*", "libtorch*", "python3-numpy*", "libdnnl*", "libmkl*", "libopenblas*", "libgomp1*", "libomp5*"),
    *(
        "libprotobuf*",
        "libonnx*",
        "libxnnpack*",
        "libfbgemm*",
        "libgloo*",
        "libtensorpipe*",
        "libblas3*",
        "liblapack3*",
    ),
    *("libstdc++6*", "libgcc-s1*", "libsleef*", "libuv1*", "libcpuinfo*", "libasmjit*"),
)
_ALONE = {"onednn": "libdnnl", "mkl": "libmkl"}
#: Files whose absence nobody notices: tests, and what only developers need.
_UNIMPORTANT = re.compile(r"(^|/)(tests?|testing|_tests?|examples?|benchmarks?|include)/|test", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """A file as it was installed."""

    name: str  #: as the register spells it
    path: str
    size: Optional[int]  #: bytes; None where the register does not say
    algorithm: str  #: sha256, md5, "" for none
    digest: str  #: hexadecimal
    package: str

    @property
    def library(self) -> bool:
        """Whether it is a shared library or an extension module."""
        return re.search(r"\.so(\.[\d.]+)?$", self.name) is not None


def carriers(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The distributions that conv2d goes through, and all that they ask for."""
    named = {canonical(each["name"]): each for each in reversed(facts.get("distributions", ()))}
    todo = [name for name in named if _CARRIERS.fullmatch(name)]
    found: dict[str, Mapping[str, Any]] = {}
    while todo:
        name = todo.pop()
        if name in found or name not in named or _GPU.fullmatch(name):
            continue
        found[name] = named[name]
        wishes = (requirement(line) for line in named[name]["requires"] if "extra" not in line)
        todo.extend(wish.name for wish in wishes if wish)
    return [found[name] for name in sorted(found)]


def important(entry: Entry) -> bool:
    """Whether the framework would miss it."""
    return not _UNIMPORTANT.search(entry.name)


def recorded(distribution: Mapping[str, Any]) -> Iterator[Entry]:
    """The libraries and modules in the RECORD of a distribution. Raises OSError and csv.Error."""
    with open(os.path.join(distribution["path"], "RECORD"), newline="", encoding="utf-8", errors="replace") as stream:
        lines = (line for line in stream if ".so" in line or ".py," in line)
        for row in csv.reader(lines):
            if len(row) < len(("path", "digest", "size")) or not row[2].isdigit():
                continue
            entry = Entry(
                row[0],
                os.path.normpath(os.path.join(distribution["location"], row[0])),
                int(row[2]),
                *_digest(row[1]),
                distribution["name"],
            )
            if entry.library or entry.name.endswith(".py"):
                yield entry


def _digest(text: str) -> tuple[str, str]:
    """sha256=<URL-safe base64 without padding> as its parts, hexadecimal."""
    algorithm, _, value = text.partition("=")
    try:
        return algorithm, base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except ValueError:
        return "", ""


def owned(origins: Iterable[str], frameworks: Sequence[str] = (), folder: str = _DPKG) -> Iterator[Entry]:
    """The libraries of Debian's packages around a framework, with md5 where known: where dpkg owns one of the
    modules at `origins`, or where oneDNN or MKL alone are asked for and come from a package.
    """
    lists = sorted({path for name in _DEBIAN for path in glob.glob(os.path.join(folder, f"{name}.list"))})
    texts = {path: _lines(path) for path in lists}
    wanted = set(origins)
    alone = tuple(_ALONE[name] for name in frameworks if name in _ALONE)
    by_name = any(os.path.basename(path).startswith(alone) for path in texts) if alone else False
    if not by_name and not any(wanted.intersection(lines) for lines in texts.values()):
        return
    for path, lines in texts.items():
        sums = {line[34:]: line[:32] for line in _lines(f"{path[:-5]}.md5sums")}
        package = os.path.basename(path)[:-5].partition(":")[0]
        for name in lines:
            digest = sums.get(name.lstrip("/"), "")
            entry = Entry(name, name, None, "md5" if digest else "", digest, package)
            # Links are not in md5sums, and Debian's libtorch has some that lead to nothing from the start.
            if entry.library and name.startswith("/") and (digest or not sums):
                yield entry


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []
