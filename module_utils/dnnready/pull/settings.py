"""What a device pulls, from where, and whom it believes: `<prefix>/pull/settings.json`, written by dnn_pull.

Everything in it ends on a command line, in a configuration file or as a path, so everything is checked.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..depot.manifest import project_path
from ..depot.signature import fingerprint
from ..errors import DnnreadyError
from ..files import read_json

SCHEMA = "dnnready/pull-settings/1"
FILE = "settings.json"
#: The source that is no address: the archive of the project in the depot.
DEPOT = "depot"
_SCHEMES = ("file", "http", "https", "ssh")
#: git's short form of an address for ssh: user@host:path.
_SHORT = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[^\s:]+\Z")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|\Z)|[/.]\Z))[A-Za-z0-9_][A-Za-z0-9_./+-]{0,200}\Z")
_INSIDE = re.compile(r"(?!.*(?:\A|/)\.\.(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9_./ +-]{0,250}\Z")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,250}\Z")
_SECRET = re.compile(r"(?i)pass(?:word|wd|phrase)|secret|token|_pass\Z|private_key|api_?key")


@dataclass(frozen=True)
class Settings:
    """What a device knows of its pulling. Times are seconds."""

    source: str  #: an address of git, or `depot`
    ansible: str  #: the venv with ansible-playbook
    host: str  #: the name that this host has in the inventory
    branch: str = ""  #: empty for the one that the repository names itself
    signers: Sequence[str] = ()  #: public keys that may sign commits
    revoked: Sequence[str] = ()
    depot: str = ""  #: where the depot is
    depot_signers: Sequence[str] = ()
    depot_revoked: Sequence[str] = ()
    project: str = "dnnready"  #: the name of the archive in the depot
    playbook: str = "site.yml"
    inventory: str = ""  #: of the project, beside the device's own
    deploy_key: str = ""
    timeout: int = 14400  #: for the playbook
    silence: int = 60  #: after which a server counts as gone
    repeat: int = 86400  #: after which the playbook runs although nothing is new
    backoff_first: int = 600
    backoff_most: int = 86400

    @property
    def shown(self) -> str:
        """Where from, for people; it holds no credentials."""
        if self.source == DEPOT:
            return re.sub(r"//[^/]*@", "//", f"{self.depot.rstrip('/')}/{project_path(self.project)}")
        return f"{self.source}#{self.branch}" if self.branch else self.source


def checked(settings: Settings) -> Settings:
    """The settings, or DnnreadyError for the first that makes no sense."""
    if settings.source == DEPOT:
        project_path(settings.project)
        if not settings.depot or not settings.depot_signers:
            raise DnnreadyError(
                "There is no depot to pull from.", "Set dnnready_depot and dnnready_depot_signers: docs/depot-trust.md."
            )
        _without_secret(settings.depot, "dnnready_depot")
    else:
        _address(settings.source)
        if not settings.signers:
            raise DnnreadyError(
                "No key is named that may sign commits.", "Set pull_signers to public keys, as in a .pub file."
            )
    for text in (*settings.signers, *settings.revoked):
        fingerprint(text)
    _matching(settings)
    _numbers(settings)
    return settings


def variables_checked(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Variables for a file that everyone may read; DnnreadyError where the name of one says that it is a secret."""
    for name in _names(variables):
        if _SECRET.search(name):
            raise DnnreadyError(
                f"pull_variables has {name}: a device that pulls keeps no secret.",
                "Who holds the device holds its disk. Leave it out, or let the device be provisioned by a controller.",
            )
    return variables


def _names(value: Any) -> Sequence[str]:
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in (str(key), *_names(item))]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _names(item)]
    return []


def read(root: Path) -> Settings:
    """The settings of this device; DnnreadyError where it does not pull."""
    path = root / FILE
    document = read_json(path)
    if document is None:
        raise DnnreadyError(f"This host does not pull: there is no {path}.", "Set it up: playbooks/pull.yml.")
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise DnnreadyError(f"{path} is not of this version ({SCHEMA}).", "Set it up again: playbooks/pull.yml.")
    names = {field.name for field in dataclasses.fields(Settings)}
    try:
        return checked(Settings(**{name: value for name, value in document.items() if name in names}))
    except TypeError as error:
        raise DnnreadyError(f"{path} is not whole: {error}.", "Set it up again: playbooks/pull.yml.") from error


def document(settings: Settings) -> dict[str, Any]:
    """What `read` understands."""
    return {"schema": SCHEMA, **dataclasses.asdict(settings)}


def _address(source: str) -> None:
    wrong = DnnreadyError(
        f"{_without_credentials(source)!r} is no source to pull from.",
        "Give depot, or a repository as https://..., http://..., ssh://..., user@host:path or file:///...",
    )
    if not source.isprintable() or source.startswith("-"):
        raise wrong
    parts = _split(source, wrong)
    if parts.scheme in _SCHEMES and "://" in source:
        if not (parts.path if parts.scheme == "file" else parts.hostname):
            raise wrong
        _without_secret(source, "pull_source")
    elif not _SHORT.match(source):
        raise wrong


def _split(source: str, wrong: DnnreadyError) -> SplitResult:
    try:
        return urlsplit(source)
    except ValueError:
        raise wrong from None


def _without_secret(source: str, name: str) -> None:
    parts = _split(source, DnnreadyError(f"{name} is no address.", "Correct it."))
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise DnnreadyError(
            f"{name} has a user or a password in it ({_without_credentials(source)}).",
            "A device that pulls keeps no secret: use what may be read without one, or ssh with a deploy key.",
        )


def _without_credentials(source: str) -> str:
    return re.sub(r"//[^/]*@", "//", source)


def _matching(settings: Settings) -> None:
    for value, pattern, name in (
        (settings.branch, _BRANCH, "pull_branch"),
        (settings.playbook, _INSIDE, "pull_playbook"),
        (settings.inventory, _INSIDE, "pull_inventory"),
        (settings.host, _HOST, "the host's name in the inventory"),
    ):
        if (value or pattern is _HOST) and not pattern.match(value):
            raise DnnreadyError(f"{name} is {value!r}, which cannot be.", "Name something inside the project.")
    if not settings.playbook:
        raise DnnreadyError("pull_playbook is empty.", "Name a playbook of the project, such as site.yml.")
    for path in (settings.ansible, *([settings.deploy_key] if settings.deploy_key else [])):
        if not path.startswith("/") or not path.isprintable():
            raise DnnreadyError(f"{path!r} is no absolute path.", "Give one from / on.")


def _numbers(settings: Settings) -> None:
    for name, least in (("timeout", 1), ("silence", 1), ("repeat", 0), ("backoff_first", 1), ("backoff_most", 1)):
        value = getattr(settings, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise DnnreadyError(f"pull_{name} is {value!r}.", f"Give whole seconds, {least} or more.")
