"""Detached signatures by `ssh-keygen -Y`.

Every device that is reached by ssh has ssh-keygen, it works offline, and no cryptography is written here. Several keys
may sign at a time (rotation), single keys can be taken back (revocation), keys can end by themselves (`valid-before`).
https://man.openbsd.org/ssh-keygen.1 (ALLOWED SIGNERS); OpenSSH 8.1 and newer. docs/depot-trust.md says more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..errors import DnnreadyError
from ..files import write_atomic
from ..process import Completed, run

NAMESPACE = IDENTITY = "dnnready-depot"
_TIMEOUT = 60.0
#: `ssh-keygen` asks whoever holds the key (a passphrase, a touch) for no longer than this.
_SIGN_TIMEOUT = 300.0
_GOOD = re.compile(r"Good \".*\" signature .*\bkey (SHA256:[A-Za-z0-9+/]+)")
#: A type as OpenSSH names them: ssh-ed25519, ecdsa-sha2-nistp256, sk-ssh-ed25519@openssh.com, …
_KEY = re.compile(r"(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)")


def sign(document: Path, key: Path) -> Path:
    """Sign a file with a private key, or with a public key whose private half an agent holds.

    Returns `<document>.sig`, which is the old one or the new one at every moment.
    """
    signature = document.with_name(f"{document.name}.sig")
    if not key.is_file():
        raise DnnreadyError(f"There is no key {key} to sign with.", "Make one: ssh-keygen -t ed25519 -f FILE.")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "document"
        try:
            copy.write_bytes(document.read_bytes())
        except OSError as error:
            raise DnnreadyError(f"Cannot read {document}: {error.strerror}.") from error
        done = _keygen("sign", "-f", str(key), "-n", NAMESPACE, str(copy), timeout=_SIGN_TIMEOUT)
        made = copy.with_name("document.sig")
        if not done.ok or not made.is_file():
            raise DnnreadyError(
                f"Cannot sign {document} with {key}: {_said(done)}.",
                "A key with a passphrase must be in an ssh-agent; then name its public half.",
            )
        write_atomic(signature, made.read_bytes())
    return signature


def verify(
    document: bytes, signature: bytes, signers: Sequence[str], revoked: Sequence[str], at: Optional[float]
) -> str:
    """The fingerprint of the key that signed `document`; DnnreadyError where no one did who may.

    signers: public keys ("ssh-ed25519 AAAA… comment"), or lines of an allowed_signers file with their own options.
    revoked: public keys.
    at: when a key must have been valid, in seconds since the epoch; None for now. For keys with `valid-before` alone.
    """
    lines = [line for text in signers for line in [allowed(text)] if line]
    if not lines:
        raise DnnreadyError("No key is named that may sign the depot.", "Set dnnready_depot_signers to public keys.")
    blocked = [plain(text) for text in revoked if not _empty(text)]
    if b"-----BEGIN SSH SIGNATURE-----" not in signature:
        raise DnnreadyError("The depot is not signed: its manifest.json.sig holds no signature.", _SIGN)
    with tempfile.TemporaryDirectory() as scratch:
        paths = {name: os.path.join(scratch, name) for name in ("signature", "signers", "revoked")}
        Path(paths["signature"]).write_bytes(signature)
        Path(paths["signers"]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        Path(paths["revoked"]).write_text("".join(f"{line}\n" for line in blocked), encoding="utf-8")
        common = ["-n", NAMESPACE, "-s", paths["signature"]]
        command = ["-f", paths["signers"], "-I", IDENTITY, *common, *(["-r", paths["revoked"]] if blocked else [])]
        moment = [] if at is None else [f"-Overify-time={time.strftime('%Y%m%d%H%M%S', time.gmtime(at))}"]
        done = _keygen("verify", *command, *moment, document=document)
        good = _GOOD.search(done.stdout)
        if done.ok and good is not None:
            return good.group(1)
        raise _refusal(done, _keygen("check-novalidate", *common, document=document), lines, blocked)


_SIGN = "Sign it: playbooks/depot.yml does where dnnready_depot_key names a key."


def _refusal(done: Completed, unchecked: Completed, lines: Sequence[str], blocked: Sequence[str]) -> DnnreadyError:
    """Why a signature does not count; `unchecked` is what the signature says when no one asks who may sign."""
    good = _GOOD.search(unchecked.stdout)
    if not unchecked.ok or good is None:
        return DnnreadyError(
            f"The manifest of the depot is not what was signed: {_said(unchecked)}.",
            "Someone changed it on the way, or manifest.json and manifest.json.sig are of two builds. Do not use it.",
        )
    key = good.group(1)
    if key in {fingerprint(line) for line in blocked}:
        return DnnreadyError(f"The depot is signed by a revoked key: {key}.", "Sign it with another key.")
    if key not in {fingerprint(line) for line in lines}:
        return DnnreadyError(
            f"The depot is signed by a key that may not sign it: {key}.",
            "If it is yours, add its public half to dnnready_depot_signers.",
        )
    return DnnreadyError(f"The signature by {key} does not count: {_said(done)}.", "Sign the depot with another key.")


def allowed(text: str, identity: str = IDENTITY, namespace: str = NAMESPACE) -> str:
    """A line of an allowed_signers file for a public key, or for such a line; empty for a comment or nothing.

    A plain key gets our identity, and may sign in that namespace only. A line of its own is kept as it is.
    """
    if _empty(text):
        return ""
    line = text.strip()
    key = plain(line)
    return f'{identity} namespaces="{namespace}" {key}' if line.startswith(key) else line


def fingerprint(text: str) -> str:
    """SHA256:… of the public key in a line, as ssh-keygen -l shows it."""
    blob = base64.b64decode(plain(text).split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def public_key(key: Path) -> str:
    """The public half of a key file ("ssh-ed25519 AAAA…"), read from `<key>.pub` where it is there."""
    beside = key.with_name(f"{key.name}.pub")
    source = key if key.suffix == ".pub" else beside
    if source.is_file():
        return plain(source.read_text(encoding="utf-8", errors="replace"))
    done = _keygen_plain("-y", "-P", "", "-f", str(key))
    if not done.ok:
        raise DnnreadyError(f"Cannot read the public half of {key}: {_said(done)}.", f"Put it into {beside}.")
    return plain(done.stdout)


def _empty(text: str) -> bool:
    return not text.strip() or text.strip().startswith("#")


def plain(text: str) -> str:
    """Type and blob of the public key in a line; DnnreadyError where there is none."""
    found = _KEY.search(text.strip()) if len(text.strip().splitlines()) == 1 else None
    try:
        blob = base64.b64decode(found.group(2), validate=True) if found else b""
    except binascii.Error:
        blob = b""
    # The blob begins with its own type: RFC 4253, 6.6.
    kind = found.group(1).encode() if found else b""
    if found is None or blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind:
        shown = text.strip()[:60]
        raise DnnreadyError(
            f"This is no public key: {shown!r}.", "A line such as ssh-ed25519 AAAA... name, as in the .pub file."
        )
    return f"{found.group(1)} {found.group(2)}"


def _said(done: Completed) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    if done.timed_out:
        return f"no answer after {done.wall_seconds:.0f} s"
    # ssh-keygen names the temporary file and line first.
    return re.sub(r"^\S*/\S+: ", "", lines[0]).rstrip(".") if lines else f"ssh-keygen ended with {done.exit_code}"


def _keygen(action: str, *arguments: str, document: bytes = b"", timeout: float = _TIMEOUT) -> Completed:
    return _keygen_plain("-Y", action, *arguments, document=document, timeout=timeout)


def _keygen_plain(*arguments: str, document: bytes = b"", timeout: float = _TIMEOUT) -> Completed:
    # UTC: times with a zone came later to ssh-keygen than -Overify-time.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "TZ": "UTC",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    for name in ("SSH_AUTH_SOCK", "HOME"):
        if name in os.environ:
            environment[name] = os.environ[name]
    try:
        return run(["ssh-keygen", *arguments], env=environment, timeout=timeout, stdin=document.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DnnreadyError("The manifest of the depot is no text.", "Build the depot again.") from error
    except DnnreadyError as error:
        raise DnnreadyError(
            "There is no ssh-keygen on this host, which checks the signature of the depot.",
            "Install the package openssh-client.",
        ) from error
