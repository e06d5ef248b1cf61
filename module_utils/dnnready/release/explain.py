"""Why pip or uv did not install: the plain reason and what to do, from what it printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DnnreadyError
from ..process import Completed

#: How many of its lines a message carries.
LINES = 8
_RELEVANT = re.compile(
    r"\s*(ERROR|error|Expected|Got|Computed|sha256:|Caused by|cause:|hint:|.*\[Errno|.*Could not|.*No module named)",
    re.ASCII,
)
_NOISE = re.compile(r"ERROR: (THESE PACKAGES|ResolutionImpossible)|.*is ignored: it is neither a file nor a directory")


_NOT_FOUND = (
    r"No matching distribution found|Could not find a version|there is no version of|"
    r"was not found in the (?:package registry|provided package locations)|has no wheels with a matching"
)


@dataclass(frozen=True)
class Reason:
    """A pattern in an installer's output, what it means, what helps."""

    pattern: str
    text: str
    hint: str


#: Ordered: what stops everything first, consequences last.
REASONS: Sequence[Reason] = (
    Reason(
        r"ensurepip is not\s+available|No module named '?(?:venv|ensurepip)",
        "this Python cannot make a venv, ensurepip is not available",
        "Install the package python3-venv, or choose another interpreter: dnnready_python.",
    ),
    Reason(
        r"No space left on device|Disk quota exceeded|os error (?:28|122)\b",
        "the disk is full",
        "Make room below the prefix (dnnready_prefix moves it) and run again.",
    ),
    Reason(
        r"Read-only file system",
        "the file system is read-only",
        "Mount it writable, or choose another dnnready_prefix.",
    ),
    Reason(
        r"DO NOT MATCH THE HASHES|Hash mismatch for",
        "a file is not the one that was locked",
        "Something between the index and this host changed it, or the index replaced it. Compare with the lock; "
        "only if the new file is right, make the lock again: make lock.",
    ),
    Reason(
        r"Hashes are required in --require-hashes mode|all requirements must have their versions pinned|"
        r"Hash-checking is (?:required|enabled), but",
        "the requirements do not list every dependency with its hash",
        "Compile them completely: uv pip compile --generate-hashes.",
    ),
    Reason(
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSL: |invalid peer certificate",
        "the index was reached, but its certificate is not trusted here",
        "Install the certificate authority (package ca-certificates) or set PIP_CERT.",
    ),
    Reason(
        r"connection broken by|Failed to establish a new connection|Name or service not known|"
        r"Temporary failure in name resolution|Connection refused|Network is unreachable|[Tt]imed out|ProxyError|"
        r"Max retries exceeded|IncompleteRead|Connection reset|HTTP error 5|"
        r"error sending request|Failed to fetch|dns error",
        "the package index cannot be reached",
        "Check network and proxy, or give pip another source: index_url, or PIP_INDEX_URL and PIP_FIND_LINKS.",
    ),
    Reason(
        r"is not a supported wheel on this platform|not compatible with the current platform",
        "a wheel is for another Python, libc or architecture",
        "Make the lock for this host: make lock ARGS='--python … --architecture …'.",
    ),
    Reason(
        r"ResolutionImpossible|conflicting dependencies|are incompatible\.",
        "the requirements contradict each other",
        "Compile them again: uv pip compile --generate-hashes.",
    ),
    Reason(
        _NOT_FOUND,
        "no source that the installer has offers that wheel for this Python",
        "Give the index that has it: index_url, or PIP_EXTRA_INDEX_URL, or a directory in PIP_FIND_LINKS. "
        "With a depot: build it for this Python, and synchronize.",
    ),
    Reason(
        r"Permission denied",
        "a file or directory may not be written or read",
        "Run with become, or take dnnready_scope=user.",
    ),
)


def not_found(done: Completed) -> bool:
    """Whether an installer failed because its sources do not have a wheel."""
    return re.search(_NOT_FOUND, _text(done)) is not None


def failure(done: Completed, doing: str, log: str) -> DnnreadyError:
    """The message for a run of pip, uv or venv that failed while `doing` something; `log` is where its output is."""
    text = _text(done)
    if done.timed_out:
        reason, hint = f"it took more than {done.wall_seconds:.0f} s", "Check the network, or allow more time."
    elif done.signal == "SIGKILL":
        reason = "the installer was killed (SIGKILL), on small devices mostly for want of memory"
        hint = "Look for 'Out of memory' in the kernel log; add swap or free memory."
    elif done.signal:
        reason, hint = f"the installer was ended by {done.signal}", "Run again."
    else:
        found = next((reason for reason in REASONS if re.search(reason.pattern, text)), None)
        reason = found.text if found else f"the installer ended with exit code {done.exit_code}"
        hint = found.hint if found else ""
    said = "".join(f"\n  {line}" for line in _relevant(text))
    return DnnreadyError(f"{doing} failed: {reason}.", f"{hint} All of its output: {log}.{said}".strip())


def _text(done: Completed) -> str:
    return f"{done.stdout}\n{done.stderr}"


def _relevant(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not _NOISE.match(line)]
    chosen = [line for line in lines if _RELEVANT.match(line)] or lines[-3:]
    return [line.strip()[:400] for line in chosen[-LINES:]]
