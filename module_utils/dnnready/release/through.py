"""The proof that a switch needs: conv2d once more, through `current` this time.

The release was proven from its final path with every convolution and the negative control. What can still be wrong now
is the way through the link, or the files since then. One convolution in one process shows that, at a third of the cost;
the control, which for TensorFlow is a second start of the framework, is not made again.

A sibling whose proof is a short one (conv2d/sibling.py) leaves this convolution to the host that vouches for it, which
made it with the same release: here the interpreter is started through the link, and no file may have changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .. import process
from ..conv2d import fingerprint, stored
from ..conv2d.verification import verify
from ..errors import DnnreadyError
from .rejection import RejectedError
from .store import Store

#: What the interpreter is asked when it is started through the link.
_START = "import sys; print(sys.prefix)"


def prove_new(store: Store, identifier: str, accept: Sequence[str], timeout: float) -> dict[str, Any]:
    """What the switch to a release that was proven just now needs: `prove`, or `start` where its proof is short."""
    proof = store.proof(identifier)
    if proof is None or proof.get("scope") != "short" or not fingerprint.holds(proof, identifier)[0]:
        return prove(store, identifier, accept, timeout)
    seconds = start(store, identifier, timeout)
    return {**proof, "summary": {**proof["summary"], "cpu_seconds": seconds}}


def start(store: Store, identifier: str, timeout: float) -> float:
    """Start the interpreter through `current`; CPU seconds. Raises RejectedError where it is not the release's own."""
    link, release = store.root / "current", store.release(identifier)
    if store.linked("current") != identifier:
        raise RejectedError(f"{link} does not lead to release {identifier}.")
    try:
        environment = {"PATH": os.defpath, **stored.variables(str(release)), "PYTHONDONTWRITEBYTECODE": "1"}
        done = process.run([str(link / "venv" / "bin" / "python"), "-c", _START], env=environment, timeout=timeout)
    except DnnreadyError as error:
        raise RejectedError(f"Through {link} it cannot be started: {error.message}") from error
    prefix = done.stdout.strip()
    if not done.ok or os.path.realpath(prefix) != os.path.realpath(release / "venv"):
        said = f"says that it is {prefix}" if prefix else "does not answer"
        raise RejectedError(f"The interpreter that is started through {link} {said}.", log=done.stderr)
    return round(done.cpu_seconds, 3)


def prove(store: Store, identifier: str, accept: Sequence[str], timeout: float) -> dict[str, Any]:
    """The proof through `current`, which is not stored. Raises RejectedError where it is not accepted."""
    link = store.root / "current"
    if store.linked("current") != identifier:
        raise RejectedError(f"{link} does not lead to release {identifier}.")
    try:
        proof = verify({**stored.request_of(str(link), store.stack, {"timeout": timeout}), "quick": True})
    except DnnreadyError as error:
        raise RejectedError(f"Through {link} it cannot be proven: {error.message}") from error
    bad = [report for report in proof["probes"] if not enough(report, accept)]
    if bad:
        text = (bad[0]["cause"] or {}).get("text", "no cause is known")
        raise RejectedError(
            f"Proven through {link} it is '{bad[0]['verdict']}', not {' or '.join(accept)}: {text}",
            log=str(bad[0]["stderr_tail"]),
            proof=proof,
        )
    strange = _of_another_release(store, identifier, proof)
    if strange:
        raise RejectedError(f"Started through {link} it loads a file of another release: {strange}.", proof=proof)
    return proof


def enough(report: Mapping[str, Any], accept: Sequence[str]) -> bool:
    """Whether a quick report is good: accepted, or accelerated but for the control, which nobody asked for here."""
    if report["verdict"] in accept:
        return True
    return (
        (report["cause"] or {}).get("code") == "proof_not_trusted"
        and report["control"]["silent"] is None
        and not any(witness["agrees"] is False for witness in report["witnesses"])
    )


def _of_another_release(store: Store, identifier: str, proof: Mapping[str, Any]) -> str:
    root, own = os.path.realpath(store.releases) + os.sep, os.path.realpath(store.release(identifier)) + os.sep
    files = (os.path.realpath(str(entry[0])) for entry in proof["fingerprint"]["files"])
    return next((path for path in files if path.startswith(root) and not path.startswith(own)), "")
