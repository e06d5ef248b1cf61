"""Which Python a command line runs: named in it, by the script's first line, or by `dnnready run`."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import stack

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_SHEBANG_BYTES = 300
#: Options of python that take a word of their own.
_WITH_WORD = ("-W", "-X", "--check-hash-based-pycs")


@dataclass(frozen=True)
class Program:
    """What a command line starts."""

    python: str = ""
    script: str = ""  #: the file of the program, where it is one
    variables: Mapping[str, str] = field(default_factory=dict)  #: what `dnnready run` adds


def read(words: Sequence[str], environment: Mapping[str, str]) -> Program:
    """The program of a command line. Everything is empty where nothing tells."""
    if not words:
        return Program()
    first = _found(words[0], environment)
    if os.path.basename(words[0]) == "dnnready" and "run" in words and "--" in words:
        return _of_dnnready(first, list(words), environment)
    if os.path.basename(words[0]) == "env":
        rest = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
        given = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        inner = read(rest, {**environment, **given})
        return Program(inner.python, inner.script, {**given, **inner.variables})
    if _PYTHON.fullmatch(os.path.basename(first)):
        return Program(first, _script(words[1:]))
    interpreter = _shebang(first)
    if interpreter and _PYTHON.fullmatch(os.path.basename(interpreter[-1])):
        return Program(_found(interpreter[-1], environment), first)
    return Program()


def _of_dnnready(program: str, words: list[str], environment: Mapping[str, str]) -> Program:
    at = words.index("--")
    names = [word for word in words[words.index("run") + 1 : at] if not word.startswith("-")]
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    if not names or not os.path.isdir(os.path.join(prefix, "stacks", names[0])):
        return Program()
    found = stack.target(prefix, names[0])
    inner = read(words[at + 1 :], {**environment, "PATH": found.environment.get("PATH", "")})
    own = stack.variables(found.release_path)
    python = found.python if not inner.python or os.path.basename(inner.python).startswith("python") else inner.python
    return Program(python, inner.script, own)


def _found(name: str, environment: Mapping[str, str]) -> str:
    return name if os.sep in name else shutil.which(name, path=environment.get("PATH") or os.defpath) or name


def _script(words: Sequence[str]) -> str:
    """The script after python's own options; "" for -c, -m and standard input."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _WITH_WORD:
            skip = True
        elif word in ("-c", "-m", "-"):
            return ""
        elif not word.startswith("-"):
            return word
    return ""


def _shebang(path: str) -> list[str]:
    try:
        with open(path, "rb") as stream:
            line = stream.read(_SHEBANG_BYTES).split(b"\n", 1)[0].decode("utf-8", "replace")
    except OSError:
        return []
    words = line[2:].split() if line.startswith("#!") else []
    return [word for word in words if not word.startswith("-")]
