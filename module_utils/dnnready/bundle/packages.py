"""What is installed: the distribution's packages, and the Python distributions of an interpreter."""

from __future__ import annotations

import os
import re
import time

from ..conv2d.harness import child_environment
from ..errors import DnnreadyError
from ..files import sha256_file
from ..process import run
from .bundle import Bundle
from .commands import answer

#: Name, version and how it came there, for each distribution that the interpreter can import from.
_LIST = """\
import importlib.metadata as metadata, importlib.util, sys
print(sys.version.replace("\\n", " "), sys.executable, sep="\\t")
for place in sys.path: print("path", place, sep="\\t")
rows = set()
for each in metadata.distributions():
    installer = (each.read_text("INSTALLER") or "").strip()
    rows.add((str(each.metadata["Name"]), str(each.version), installer, str(each.locate_file(""))))
for row in sorted(rows): print(*row, sep="\\t")
"""
_LIBRARY = re.compile(r"\.so(?:\.[0-9.]+)?$")
#: Large libraries take a second for each gigabyte on a server and a minute on a small device.
HASH_BYTES, HASH_SECONDS = 4 << 30, 45.0
_MOST_FILES = 5000


def fill_system(bundle: Bundle) -> None:
    """Add the packages of a distribution with dpkg; others have another program."""
    refused: list[str] = []
    for argv in (
        ["dpkg-query", "-W", "-f=${db:Status-Abbrev}\\t${Package}\\t${Architecture}\\t${Version}\\n"],
        ["rpm", "-qa", "--qf", "%{NAME}.%{ARCH}\\t%{VERSION}-%{RELEASE}\\n"],
        ["apk", "info", "-v"],
    ):
        try:
            done = answer(argv, 60)
        except DnnreadyError as error:
            refused.append(error.message)
            continue
        what = "packages of the distribution"
        bundle.text("machine/packages.txt", done.stdout, what, argv[0], seconds=done.wall_seconds)
        return
    raise DnnreadyError(" ".join(refused))


def fill_python(bundle: Bundle, folder: str, python: str, environment: dict[str, str]) -> None:
    """Add the distributions that an interpreter sees, as `pip freeze` would, without pip."""
    variables = child_environment("", environment, "/")
    done = run([python, "-c", _LIST], env=variables, timeout=60)
    if not done.ok:
        raise DnnreadyError(f"{python} ended with {done.signal or done.exit_code}: {done.stderr.strip()[-300:]}")
    what = "Python distributions"
    bundle.text(
        f"{folder}/packages.txt", done.stdout, what, f"importlib.metadata of {python}", seconds=done.wall_seconds
    )


def fill_hashes(bundle: Bundle, folder: str, top: str, within: float) -> None:
    """Add SHA-256, size and path of the shared libraries below a directory, within bytes and seconds."""
    started = time.monotonic()
    until = started + min(within, HASH_SECONDS)
    lines: list[str] = []
    skipped, left = 0, HASH_BYTES
    for path in _libraries(top):
        try:
            size = os.stat(path).st_size
            if size > left or time.monotonic() > until or len(lines) >= _MOST_FILES:
                skipped += 1
                continue
            lines.append(f"{sha256_file(path)}\t{size}\t{os.path.relpath(path, top)}\n")
            left -= size
        except OSError as error:
            lines.append(f"({error.strerror})\t?\t{os.path.relpath(path, top)}\n")
    spent = time.monotonic() - started
    if skipped:
        bundle.leave_out(f"hashes of {skipped} libraries below {top}", f"the limit of bytes or seconds ({spent:.0f} s)")
    what = "SHA-256 and size of shared libraries"
    bundle.text(
        f"{folder}/hashes.txt", "".join(lines) or "No library.\n", what, top, seconds=spent, truncated=bool(skipped)
    )


def _libraries(top: str) -> list[str]:
    return sorted(
        os.path.join(directory, name)
        for directory, _, names in os.walk(top)
        for name in names
        if _LIBRARY.search(name) and os.path.isfile(os.path.join(directory, name))
    )
