"""A project in a repository of git, with commits that are signed as one likes, for hosts that pull."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from tests.integration.containers import PROJECT

#: What a run of site.yml needs of the project.
PARTS = (
    *("action_plugins", "callback_plugins", "filter_plugins", "library", "locks", "lookup_plugins", "module_utils"),
    *("playbooks", "roles", "ansible.cfg", "site.yml"),
)


def key(directory: Path, name: str) -> Path:
    """A new key of ssh without a passphrase."""
    path = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def public(path: Path) -> str:
    return path.with_name(f"{path.name}.pub").read_text().strip()


def copy(target: Path) -> Path:
    """The project as it lies here."""
    target.mkdir(exist_ok=True)
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / part)
    return target


class Repository:
    """A repository with the project in it; its branch is `main`."""

    def __init__(self, directory: Path, signer: Path) -> None:
        self.directory = directory
        self.signer = signer
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        copy(directory)

    def git(self, *words: str) -> str:
        """Standard output of a command."""
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
        settings = ("user.name=Ada", "user.email=ada@example.net", "gpg.format=ssh", "gc.auto=0")
        options = [word for setting in settings for word in ("-c", setting)]
        done = subprocess.run(
            ["git", "-C", str(self.directory), *options, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], *, signer: Optional[Path] = None, signed: bool = True) -> str:
        """A commit with these files (text by path), signed; its name."""
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        signing = [f"--gpg-sign={signer or self.signer}"] if signed else ["--no-gpg-sign"]
        self.git("commit", "--quiet", "--allow-empty", "--message=change", *signing)
        return self.git("rev-parse", "HEAD")

    def text(self, name: str) -> str:
        return (self.directory / name).read_text()
