"""What else a log gives away about its machine: a message means another thing on Alpine, under qemu, beside a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from .clean import Text

_MUSL = ("musl", "alpine", "apk add", "home-assistant", "homeassistant")
_ARM = ("aarch64", "arm64", "armv7", "armv6", "armhf", "gnueabihf", "raspberry", "raspbian", "jetson", "tegra", "rk35")
_EMULATED = ("qemu: ", "qemu-", "rosetta", "does not match the detected host platform")
_GPU = (
    "found device 0 with properties",
    "created device /job",
    "device:gpu:",
    "successful numa node read",
    "geforce",
    "tesla ",
    "quadro",
    "compute capability",
    "cudnn handle",
    "cublas handle",
    "op_level_cost_estimator",
    "cannot dlopen some gpu libraries",
    "skipping registering gpu devices",
    "successfully opened dynamic library libcuda",
    "tegra",
    "jetson",
)
_CRASH = (
    "segmentation fault",
    "sigsegv",
    "exc_bad_access",
    "access violation",
    "core dumped",
    "0xc0000005",
    "sigfpe",
    "arithmetic exception",
    "floating point exception",
    "crashed::",
    "crashed with",
    "thread 0 crashed",
)
_FATAL = re.compile(
    r"(?m)^(?:E )?(?:[\w.]{1,80}\.)?\w{0,60}(?:Error|Exception)\b(?::|$)"
    r"|^Traceback \(most recent call last\)|^terminate called|^Fatal Python error"
    r"|^(?:\S{0,80}: line \d+: +)?(?:\d+ )?(?:Segmentation fault|Aborted|Killed|Bus error|Illegal instruction)"
    r"|^(?:[a-z]{0,3}sh: )(?:segmentation fault|abort|killed|bus error|illegal (?:hardware )?instruction|trace trap)"
)


class Context:
    """Questions to the whole log; each is answered once."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._has: dict[str, bool] = {}

    def has(self, *words: str) -> bool:
        """Whether one of the words (lower case) occurs anywhere."""
        return any(self._has_one(word) for word in words)

    def _has_one(self, word: str) -> bool:
        if word not in self._has:
            self._has[word] = word in self.text.flat
        return self._has[word]

    def find(self, pattern: re.Pattern[str], word: str) -> Iterator[re.Match[str]]:
        """Matches of a pattern at most where a word (lower case) occurs, the first few."""
        at = self.text.flat.find(word)
        for _ in range(50):
            if at < 0:
                return
            match = pattern.search(self.text.blob, self.text.line_start(at), self.text.line_end(at))
            if match:
                yield match
            at = self.text.flat.find(word, self.text.line_end(at))

    @cached_property
    def musl(self) -> bool:
        """An Alpine image or another musl system."""
        return self.has(*_MUSL)

    @cached_property
    def arm(self) -> bool:
        """An ARM machine."""
        return self.has(*_ARM)

    @cached_property
    def emulated(self) -> bool:
        """qemu or Rosetta translates the instructions."""
        return self.has(*_EMULATED)

    @cached_property
    def gpu(self) -> bool:
        """A GPU is there."""
        return self.has(*_GPU)

    @cached_property
    def crashed(self) -> bool:
        """The process was ended by an access to memory that is not its own."""
        return self.has(*_CRASH)

    @cached_property
    def illegal_instruction(self) -> bool:
        """The process was ended by an instruction that the CPU does not have."""
        return self.has("illegal instruction", "sigill", "illegal hardware instruction", "0xc000001d", "invalid opcode")

    @cached_property
    def failed(self) -> bool:
        """Something ended in an exception or by a signal."""
        return _FATAL.search(self.text.blob) is not None
