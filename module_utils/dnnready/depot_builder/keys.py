"""The key that signs a depot: an ordinary ssh key, in a file or in an agent."""

from __future__ import annotations

import os
from pathlib import Path

from ..depot import signature
from ..errors import DnnreadyError
from ..process import run

_MAKE = "ssh-keygen -t ed25519 -N '' -C dnnready-depot -f {path}"


def there(key: Path) -> bool:
    """Whether the key, or its public half for an agent, is there."""
    return key.is_file() or beside(key).is_file()


def beside(key: Path) -> Path:
    """Where ssh-keygen puts the public half."""
    return key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")


def require(key: Path) -> None:
    """DnnreadyError with the command that makes the key, where there is none."""
    if not there(key):
        raise DnnreadyError(
            f"There is no key {key} to sign the depot with.",
            f"Make one: {_MAKE.format(path=key)} (or set depot_create_key: true). Devices need its public half.",
        )


def create(key: Path) -> None:
    """Make the key, without a passphrase, readable by its owner alone."""
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dnnready-depot", "-f", str(key)]
    done = run(command, env=dict(os.environ), timeout=60)
    if not done.ok:
        raise DnnreadyError(f"ssh-keygen cannot make {key}: {done.stderr.strip() or done.stdout.strip()}", "")


def usable(key: Path) -> Path:
    """The file to sign with: the key; its public half where the key has a passphrase or only an agent holds it."""
    if key.is_file() and key.suffix != ".pub":
        # Asked for the public half with an empty passphrase, ssh-keygen fails exactly for a key that has one.
        done = run(["ssh-keygen", "-y", "-P", "", "-f", str(key)], env=dict(os.environ), timeout=60)
        if done.ok or not beside(key).is_file():
            return key
    return beside(key)


def signed(document: bytes, directory: Path, key: Path) -> bool:
    """Whether the signature in the depot is one of this document by this key."""
    try:
        made = (directory / "manifest.json.sig").read_bytes()
        signature.verify(document, made, [signature.public_key(key)], [], None)
    except (OSError, DnnreadyError):
        return False
    return True
