"""Why an installer failed, from what pip (23.0 to 26) and uv (0.13) really print."""

from __future__ import annotations

from typing import Any

import pytest

from dnnready.process import Completed
from dnnready.release.explain import failure, not_found

HASHES = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, \
please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    tiny==1.0 from file:///wheels/tiny-1.0-py3-none-any.whl (from -r requirements.txt (line 1)):
        Expected sha256 0000000000000000000000000000000000000000000000000000000000000000
             Got        1111111111111111111111111111111111111111111111111111111111111111
"""
UNREACHABLE = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by \
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new \
connection: [Errno -2] Name or service not known')': /simple/tiny/
ERROR: Could not find a version that satisfies the requirement tiny==1.0 (from versions: none)
ERROR: No matching distribution found for tiny==1.0
"""
MISSING = """\
Looking in links: /wheels
ERROR: Could not find a version that satisfies the requirement torch==2.13.0+cpu (from versions: 2.12.0)
ERROR: No matching distribution found for torch==2.13.0+cpu
"""
FULL = """\
Installing collected packages: tiny
ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
"""
PLATFORM = "ERROR: tiny-1.0-cp312-cp312-linux_x86_64.whl is not a supported wheel on this platform.\n"
INCOMPLETE = """\
ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:
    jinja2 from https://example.org/jinja2.whl (from torch==2.13.0)
"""
CONFLICT = """\
ERROR: Cannot install a==1.0 and b==1.0 because these package versions have conflicting dependencies.
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/
"""
CERTIFICATE = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: \
CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate'))': /simple/tiny/
ERROR: No matching distribution found for tiny==1.0
"""
READ_ONLY = "OSError: [Errno 30] Read-only file system: '/opt/dnnready/stacks'\n"
DENIED = "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/x'\n"
NO_VENV = """\
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv
"""

UV_HASHES = """\
error: Failed to download `tiny==1.0`
  cause: Hash mismatch for `tiny==1.0`

         Expected:
           sha256:0000000000000000000000000000000000000000000000000000000000000000

         Computed:
           sha256:af52247d9b9075e06b64bd7cd701f752cab251eb2bdef9c4ff3320cf978a3960
"""
UV_MISSING = """\
error: No solution found when resolving dependencies
  cause: Because there is no version of tiny==1.1 and you require tiny==1.1, we can conclude that your requirements \
are unsatisfiable.
"""
UV_INCOMPLETE = "error: Hash-checking is required, but no trusted hash was provided for: `tiny`\n"
UV_PLATFORM = """\
error: No solution found when resolving dependencies
  cause: Because odd==1.0 has no wheels with a matching Python implementation tag (e.g., `cp311`) and you require \
odd==1.0, we can conclude that your requirements are unsatisfiable.

hint: You require CPython 3.11 (`cp311`), but we only found wheels for `odd` (v1.0) with the following Python \
implementation tag: `cp27`
"""
UV_CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because all versions of needv depend on tiny>=2 and you require tiny==1.0, we can conclude that your \
requirements and all versions of needv are incompatible.
         And because you require needv==1.0, we can conclude that your requirements are unsatisfiable.
"""
UV_UNREACHABLE = """\
error: Request failed after 3 retries in 5.5s
  cause: Failed to fetch: http://127.0.0.1:1/simple/tiny/
  cause: error sending request for url (http://127.0.0.1:1/simple/tiny/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
UV_FULL = """\
error: Failed to download `big==1.0`
  cause: Failed to extract archive: big-1.0-py3-none-any.whl
  cause: I/O operation failed during extraction
  cause: failed to write to file `/opt/x/.tmpoRwvV3/big.bin`: No space left on device (os error 28)
"""
UV_READ_ONLY = """\
error: Failed to install: tiny-1.0-py3-none-any.whl (tiny==1.0)
  cause: failed to create directory `/opt/x/tiny-1.0.dist-info`: Read-only file system (os error 30)
"""


def ended(text: str = "", **changes: Any) -> Completed:
    """A child that ended so."""
    values: dict[str, Any] = {
        "argv": ("pip",),
        "exit_code": 1,
        "signal": None,
        "timed_out": False,
        "stdout": "",
        "stderr": text,
        "wall_seconds": 12.0,
        "cpu_seconds": 1.0,
        "peak_rss_bytes": 0,
    }
    return Completed(**{**values, **changes})


@pytest.mark.parametrize(
    ("text", "reason", "evidence", "hint"),
    [
        (HASHES, "a file is not the one that was locked", "Expected sha256 0000", "make lock"),
        (UNREACHABLE, "the package index cannot be reached", "No matching distribution", "PIP_FIND_LINKS"),
        (MISSING, "no source that the installer has offers", "torch==2.13.0+cpu", "index_url"),
        (FULL, "the disk is full", "No space left on device", "Make room"),
        (PLATFORM, "for another Python, libc or architecture", "tiny-1.0-cp312", "make lock"),
        (INCOMPLETE, "do not list every dependency", "versions pinned", "uv pip compile"),
        (CONFLICT, "contradict each other", "Cannot install a==1.0", "uv pip compile"),
        (CERTIFICATE, "certificate is not trusted", "No matching", "PIP_CERT"),
        (READ_ONLY, "the file system is read-only", "Errno 30", "writable"),
        (DENIED, "may not be written", "Errno 13", "become"),
        (NO_VENV, "ensurepip is not available", "apt install python3.11-venv", "python3-venv"),
        (UV_HASHES, "a file is not the one that was locked", "sha256:af52247d", "make lock"),
        (UV_UNREACHABLE, "the package index cannot be reached", "Connection refused", "PIP_FIND_LINKS"),
        (UV_MISSING, "no source that the installer has offers", "tiny==1.1", "index_url"),
        (UV_FULL, "the disk is full", "os error 28", "Make room"),
        (UV_PLATFORM, "no source that the installer has offers that wheel for this Python", "`cp27`", "index_url"),
        (UV_INCOMPLETE, "do not list every dependency", "`tiny`", "uv pip compile"),
        (UV_CONFLICT, "contradict each other", "incompatible", "uv pip compile"),
        (UV_READ_ONLY, "the file system is read-only", "os error 30", "writable"),
        ("something odd\n", "exit code 1", "something odd", "failed.log"),
    ],
)
def test_the_plain_reason_the_evidence_and_the_way_out(text: str, reason: str, evidence: str, hint: str) -> None:
    error = failure(ended(text), "Installing the wheels of app", "/x/failed.log")
    assert error.message.startswith("Installing the wheels of app failed: ")
    assert reason in error.message
    assert evidence in error.hint
    assert len(error.message.splitlines()) == 1
    assert hint in error.hint
    assert "/x/failed.log" in error.hint
    assert len(error.hint.splitlines()) <= 9


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exit_code": None, "signal": "SIGKILL"}, "want of memory"),
        ({"exit_code": None, "signal": "SIGILL"}, "ended by SIGILL"),
        ({"exit_code": None, "signal": "SIGKILL", "timed_out": True}, "more than 12 s"),
    ],
)
def test_how_a_child_ended(changes: dict[str, Any], reason: str) -> None:
    assert reason in failure(ended("", **changes), "Installing", "log").message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MISSING, True),
        (UNREACHABLE, True),
        (HASHES, False),
        (FULL, False),
        (UV_MISSING, True),
        (UV_PLATFORM, True),
        (UV_HASHES, False),
        (UV_FULL, False),
    ],
)
def test_when_another_index_may_help(text: str, expected: bool) -> None:
    assert not_found(ended(text)) is expected
