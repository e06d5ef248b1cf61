"""apt with one repository: a directory of the depot, and nothing that the host's own sources say.

`trusted=yes` is right here: every file in the directory was checked against the signed manifest before it got there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from ..errors import DnnreadyError
from ..files import write_atomic
from ..process import Completed, run

_TIMEOUT = 300.0
#: `'file:/…/x.deb' x.deb 1234 SHA256:…`
_URI = re.compile(r"'(?:file|copy):([^']+)' \S+ [0-9]+")
_LANGUAGES = "Acquire::Languages=none"


def options(repository: Path, scratch: Path) -> list[str]:
    """Options for apt-get that make it see `repository` (a flat one) alone; what it keeps goes into `scratch`.

    Makes the directories and the source list in `scratch`, which must exist. What dpkg has installed is still seen.
    `apt-get update` with the same options comes before `install`.
    """
    lists, archives, source = scratch / "lists", scratch / "cache", scratch / "depot.list"
    for directory in (lists / "partial", archives / "archives" / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    if re.search(r"[\s\[\]#]", str(repository)):
        raise DnnreadyError(f"apt cannot read a repository in {repository}.", "Use a prefix without spaces.")
    write_atomic(source, f"deb [trusted=yes] file:{repository} ./\n")
    settings = {
        "Dir::Etc::SourceList": str(source),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::State::Lists": str(lists),
        "Dir::Cache": str(archives),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Get::List-Cleanup": "0",
        # apt would drop to _apt, which may not read the directories of the prefix's owner.
        "APT::Sandbox::User": "root",
    }
    given = [f"{name}={value}" for name, value in settings.items()] + [_LANGUAGES]
    return [word for setting in given for word in ("-o", setting)]


def needed(repository: Path, scratch: Path, names: Sequence[str]) -> list[str]:
    """The file names of the .deb files that apt would take from `repository` to install `names`, on this host now.

    Needs the repository's Packages only. Empty where everything is installed.
    """
    given = options(repository, scratch)
    _must(_apt(given, "update"), f"apt cannot read the repository {repository}")
    command = ["--print-uris", "--yes", "--no-install-recommends", "install", "--", *names]
    done = _apt(given, *command)
    _must(done, f"apt cannot install {', '.join(names)} from {repository} on this host")
    return sorted({os.path.basename(unquote(path)) for path in _URI.findall(done.stdout)})


def _apt(given: Sequence[str], *arguments: str) -> Completed:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return run(["apt-get", "-q", *given, *arguments], env=environment, timeout=_TIMEOUT)
    except DnnreadyError as error:
        raise DnnreadyError(
            "There is no apt-get on this host: packages of the depot are for Debian and its kin.",
            "Take stacks from wheels here.",
        ) from error


def _must(done: Completed, what: str) -> None:
    if done.ok:
        return
    lines = [line for line in done.stderr.splitlines() + done.stdout.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("E:") or "Depends:" in line] or lines[-3:]
    why = "; ".join(" ".join(line.split()).rstrip(".") for line in said[:6]) or f"exit code {done.exit_code}"
    raise DnnreadyError(f"{what}: {why}.", "Is the depot built for this release of the distribution?")
