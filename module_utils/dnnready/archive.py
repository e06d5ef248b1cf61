"""Packs this package into one executable file, the program `dnnready` of a device."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from pathlib import Path

_MAIN = """\
import sys

if sys.version_info < (3, 9):
    sys.stderr.write("dnnready: needs Python 3.9 or newer, this is %s.\\n" % sys.version.split()[0])
    sys.exit(2)
from dnnready.cli.main import main

sys.exit(main())
"""

#: The kernel cuts longer first lines: BINPRM_BUF_SIZE was 128 bytes before Linux 5.1, with `#!` and the options.
_LONGEST_SHEBANG = 120


def build(package: Path, interpreter: str = "") -> bytes:
    """The zip application of the directory `package`: the same bytes for the same sources, on every machine.

    Entries are stored, not compressed, because compressed bytes differ between versions of zlib, and nothing
    has to be unpacked at each start. `interpreter` is a path on the device or a name to look for on PATH.
    """
    stream = io.BytesIO()
    stream.write(launcher(interpreter).encode())
    sources = {
        f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes() for path in package.rglob("*.py")
    }
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted({**sources, "__main__.py": _MAIN.encode()}.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def launcher(interpreter: str = "") -> str:
    """The first lines: Python isolated from PYTHON* variables and user packages (-I), without `site` (-S).

    What the user's own environment says is meant for the programs that dnnready starts, not for itself.
    """
    if re.fullmatch(r"/[\w.+/-]+", interpreter, re.ASCII) and len(interpreter) <= _LONGEST_SHEBANG:
        return f"#!{interpreter} -IS\n"
    return f'#!/bin/sh\nexec {shlex.quote(interpreter or "python3")} -IS "$0" "$@"\n'
