"""The configuration of git on a device that pulls: a file of its own instead of the user's, so it is all in one place.

Only signatures of ssh count: the programs for OpenPGP and X.509 are ones that always fail, because those would ask the
key rings of root. Addresses of other kinds, such as `ext::`, run programs and are refused.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..depot.signature import allowed, plain
from .settings import Settings

IDENTITY, NAMESPACE = "dnnready-pull", "git"
CONFIGURATION, SIGNERS, REVOKED, KNOWN_HOSTS = "git.config", "signers", "revoked", "known_hosts"
_NOTHING = "/bin/false"


def local(source: str) -> str:
    """The directory of a source on this host; empty for one elsewhere."""
    parts = urlsplit(source)
    return unquote(parts.path) if parts.scheme == "file" else ""


def texts(root: Path, settings: Settings, known_hosts: tuple[str, ...] = ()) -> dict[Path, str]:
    """The files of git and ssh below `<prefix>/pull`, by path."""
    return {
        root / CONFIGURATION: configuration(root, settings, own_hosts=bool(known_hosts)),
        root / SIGNERS: _lines(line for text in settings.signers if (line := allowed(text, IDENTITY, NAMESPACE))),
        root / REVOKED: _lines(plain(text) for text in settings.revoked if text.strip()),
        root / KNOWN_HOSTS: _lines(line.strip() for line in known_hosts if line.strip()),
    }


def configuration(root: Path, settings: Settings, *, own_hosts: bool) -> str:
    """The text of the configuration."""
    sections: list[tuple[str, dict[str, str]]] = [
        ("gpg", {"format": "ssh", "minTrustLevel": "fully", "program": _NOTHING}),
        ('gpg "openpgp"', {"program": _NOTHING}),
        ('gpg "x509"', {"program": _NOTHING}),
        (
            'gpg "ssh"',
            {"program": "ssh-keygen", "allowedSignersFile": f"{root / SIGNERS}", "revocationFile": f"{root / REVOKED}"},
        ),
        ("protocol", {"allow": "never"}),
        *((f'protocol "{name}"', {"allow": "always"}) for name in ("file", "http", "https", "ssh")),
        ("core", {"hooksPath": os.devnull, "askPass": _NOTHING, "sshCommand": _ssh(root, settings, own_hosts)}),
        ("credential", {"helper": ""}),
        ("fetch", {"fsckObjects": "true"}),
        ("gc", {"autoDetach": "false"}),
        ("http", {"lowSpeedLimit": "1", "lowSpeedTime": str(settings.silence)}),
    ]
    place = local(settings.source)
    if place:  # a repository of another account
        sections.append(("safe", {"directory": place.rstrip("/")}))
        sections.append(("safe", {"directory": f"{place.rstrip('/')}/.git"}))
    lines = ["# Written by dnnready; it writes it again."]
    for title, values in sections:
        lines += [f"[{title}]", *(f"\t{name} = {quoted(value)}" for name, value in values.items())]
    return "".join(f"{line}\n" for line in lines)


def quoted(value: str) -> str:
    """A value of git-config(1)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ssh(root: Path, settings: Settings, own_hosts: bool) -> str:
    words = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=30"]
    words += ["-o", f'UserKnownHostsFile="{root / KNOWN_HOSTS}"'] if own_hosts else []
    words += ["-i", settings.deploy_key, "-o", "IdentitiesOnly=yes"] if settings.deploy_key else []
    return shlex.join(words)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
