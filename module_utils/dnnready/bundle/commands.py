"""Programs of the host whose output goes into a bundle."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..errors import DnnreadyError
from ..process import Completed, run

#: Administrators' programs are not on every user's path.
_MORE = "/usr/sbin:/sbin"


def ask(argv: Sequence[str], timeout: float = 20) -> Completed:
    """Run a program of the host with messages in English. Raises DnnreadyError where it is not there."""
    path = f"{os.environ.get('PATH') or os.defpath}:{_MORE}"
    home = os.environ.get("HOME", "/")
    return run(argv, env={"PATH": path, "HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, timeout=timeout)


def answer(argv: Sequence[str], timeout: float = 20) -> Completed:
    """As `ask`, and what does not end well raises DnnreadyError with the program's own words."""
    done = ask(argv, timeout)
    if not done.ok:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        ended = "was stopped after its time" if done.timed_out else f"ended with {done.signal or done.exit_code}"
        raise DnnreadyError(f"{argv[0]} {ended}{': ' + words[0].rstrip('.') if words else ''}.")
    return done
