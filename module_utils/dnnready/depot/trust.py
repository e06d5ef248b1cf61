"""Whether the manifest that a server offers is the depot's, of today, and not an older one that someone plays again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import DnnreadyError
from ..files import read_json, write_atomic, write_json
from .checked import seconds, timestamp
from .fetch import Fetcher
from .manifest import FILE, MOST_BYTES, SIGNATURE, Manifest, parse
from .signature import allowed, verify

ACCEPTED = "accepted.json"
SIGNERS = "signers"
REVOKED = "revoked"
_MOST_SIGNATURE = 64 << 10
_DAY = 86400


@dataclass(frozen=True)
class Trusted:
    """A manifest that counts, and what to keep of it."""

    manifest: Manifest
    signer: str  #: fingerprint of the key
    documents: dict[str, str]  #: name below <prefix>/depot: content; accepted.json, the last, says that all are there
    warnings: list[str]


def obtain(fetcher: Fetcher, root: Path, signers: Sequence[str], revoked: Sequence[str], now: float) -> Trusted:
    """The manifest of a depot, checked: signature, form, expiry, replay; DnnreadyError where it does not count.

    Where the signature is that of the manifest in `root`, nothing more is fetched.
    now: seconds since the epoch by a clock that can be relied on; 0 for the clock of this host.
    """
    where = fetcher.source.address(FILE)
    kept = {name: _content(root / name) for name in (FILE, SIGNATURE)}
    signature = _signature(fetcher)
    data, key = b"", ""
    if signature == kept[SIGNATURE] and kept[FILE]:
        data, key = kept[FILE], _counts(kept[FILE], signature, signers, revoked, now)
    if not key:
        data = fetcher.small(FILE, MOST_BYTES)
        key = _counts(data, signature, signers, revoked, now)
    if not key:
        # Between the two requests a new manifest may have come: then the signature is another one now.
        signature = _signature(fetcher)
        data = fetcher.small(FILE, MOST_BYTES)
        try:
            key = verify(data, signature, signers, revoked, now or None)
        except DnnreadyError as error:
            raise DnnreadyError(f"{where}: {error.message}", error.hint) from error
    manifest = parse(data, where)
    warnings = _in_time(manifest, where, now)
    _not_replayed(manifest, where, root / ACCEPTED)
    documents = {
        FILE: data.decode("utf-8"),
        SIGNATURE: signature.decode("utf-8", "replace"),
        SIGNERS: "".join(f"{line}\n" for text in signers for line in [allowed(text)] if line),
        REVOKED: "".join(f"{text.strip()}\n" for text in revoked if text.strip()),
    }
    return Trusted(manifest, key, documents, warnings)


def keep(root: Path, trusted: Trusted, check: bool) -> bool:
    """Write what is not yet as `trusted` says, `accepted.json` last; returns whether anything is to be written."""
    changed = False
    for name, text in trusted.documents.items():
        if _content(root / name) != text.encode():
            changed = True
            if not check:
                write_atomic(root / name, text)
    accepted = {"serial": trusted.manifest.serial, "created": trusted.manifest.created}
    if read_json(root / ACCEPTED) != accepted:
        changed = True
        if not check:
            write_json(root / ACCEPTED, accepted)
    return changed


def _signature(fetcher: Fetcher) -> bytes:
    missing = "the depot is not signed, or there is no depot at all"
    return fetcher.small(SIGNATURE, _MOST_SIGNATURE, missing)


def _counts(data: bytes, signature: bytes, signers: Sequence[str], revoked: Sequence[str], now: float) -> str:
    """The key that signed; empty where the signature does not count."""
    try:
        return verify(data, signature, signers, revoked, now or None)
    except DnnreadyError:
        return ""


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _in_time(manifest: Manifest, where: str, now: float) -> list[str]:
    """Refuse an expired manifest; warnings about clocks."""
    clock = time.time()
    at = now or clock
    warnings = []
    if now and abs(now - clock) > _DAY:
        warnings.append(
            f"The clock of this host is wrong: it says {timestamp(clock)}, the controller {timestamp(now)}."
        )
    if at < seconds(manifest.created) - _DAY:
        whose = "the controller" if now else "this host"
        warnings.append(
            f"The clock of {whose} is wrong: it says {timestamp(at)}, and the depot was made {manifest.created}. "
            f"Whether the depot has expired cannot be told."
        )
    elif at > seconds(manifest.expires):
        raise DnnreadyError(
            f"{where} expired: it was good until {manifest.expires}, and it is {timestamp(at)} by the clock of "
            f"{'the controller' if now else 'this host'}.",
            "Build the depot again: playbooks/depot.yml. If that clock is wrong, set it.",
        )
    return warnings


def _not_replayed(manifest: Manifest, where: str, record: Path) -> None:
    serial, created = _accepted(record)
    if serial is not None and manifest.serial < serial:
        raise DnnreadyError(
            f"{where} is an old one: its serial is {manifest.serial} ({manifest.created}), and this host has accepted "
            f"{serial} ({created}) already.",
            f"Someone may be replaying it. To go back on purpose, remove {record} on this host.",
        )


def _accepted(record: Path) -> tuple[Optional[int], str]:
    document = read_json(record)
    if document is None:
        return None, ""
    serial = document.get("serial") if isinstance(document, dict) else None
    if not isinstance(serial, int):
        raise DnnreadyError(
            f"{record} does not say which manifest was accepted last.", "Remove it to accept whatever is signed."
        )
    return serial, str(document.get("created", ""))
