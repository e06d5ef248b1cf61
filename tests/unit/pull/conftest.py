"""A repository with signed commits, and a host that pulls it with a stand-in for ansible-playbook.

The stand-in does what the text of site.yml says; tests/integration/test_pull.py has the real one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from dnnready.pull import settings as files
from dnnready.pull.configuration import texts
from dnnready.pull.run import Asked, pull
from dnnready.pull.settings import Settings
from tests.unit.depot import depots

PLAYBOOK = """
import os, sys
words = open("site.yml").read().split()
if "--syntax-check" in sys.argv:
    sys.exit("ERROR! no syntax" if "syntax" in words else 0)
print("running", *words)
if "program" in words:
    prefix = os.path.dirname(os.path.dirname(os.environ["ANSIBLE_HOME"]))
    open(prefix + "/bin/dnnready", "w").write("#!/bin/sh\\nexit %d\\n" % ("bad" in words))
if "fail" in words:
    sys.exit("fatal: [localhost]: FAILED!")
"""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("keys")
    return {name: depots.key(directory, name) for name in ("release", "stranger")}


class Repository:
    """A repository whose commits hold a site.yml of one text."""

    def __init__(self, directory: Path, signer: Path) -> None:
        self.directory, self.signer = directory, signer
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.directory}"

    def git(self, *words: str) -> str:
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
        named = ("user.name=Ada", "user.email=ada@example.net", "gpg.format=ssh", "gc.auto=0")
        command = ["git", "-C", str(self.directory), *(word for one in named for word in ("-c", one)), *words]
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, text: str, signer: Optional[Path] = None, *, signed: bool = True) -> str:
        (self.directory / "site.yml").write_text(text)
        (self.directory / "ansible.cfg").write_text("[defaults]\n")
        self.git("add", "--all")
        how = f"--gpg-sign={signer or self.signer}" if signed else "--no-gpg-sign"
        self.git("commit", "--quiet", "--allow-empty", f"--message={text}", how)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, keys: dict[str, Path]) -> Repository:
    return Repository(tmp_path / "source", keys["release"])


class Host:
    """A prefix that pulls."""

    def __init__(self, prefix: Path, source: str, signers: list[str]) -> None:
        self.prefix, self.root = prefix, prefix / "pull"
        for directory in (self.root, prefix / "bin", prefix / "venv" / "bin"):
            directory.mkdir(parents=True)
        (prefix / "bin" / "dnnready").write_text("the program")
        (prefix / "bin" / "dnnready").chmod(0o755)
        (prefix / "venv" / "bin" / "ansible-playbook").write_text(PLAYBOOK)
        (prefix / "venv" / "bin" / "python").symlink_to(sys.executable)
        (self.root / "variables.json").write_text("{}")
        (self.root / "inventory.json").write_text("{}")
        self.set(source=source, branch="main", signers=signers, backoff_first=600, backoff_most=3600)
        self.now = 1_800_000_000.0

    def set(self, **changes: Any) -> None:
        """Write the settings, as the module does."""
        known = json.loads(text) if (text := self._text("settings.json")) else {}
        values = {"ansible": str(self.prefix / "venv"), "host": "localhost", **known, **changes}
        given = Settings(**{name: value for name, value in values.items() if name != "schema"})
        self.settings = files.checked(given)
        (self.root / "settings.json").write_text(json.dumps(files.document(given)))
        for path, text in texts(self.root, given).items():
            path.write_text(text)

    def pull(self, **asked: bool) -> dict[str, Any]:
        """One pull, a second after the last."""
        self.now += 1
        return pull(Asked(self.prefix, **asked), self.now)

    def runs(self) -> int:
        """How often the playbook ran."""
        return self._text("log/pull.log").count(" running ")

    def current(self) -> str:
        return os.readlink(self.root / "current").removeprefix("trees/")

    def trees(self) -> list[str]:
        return sorted(path.name for path in (self.root / "trees").iterdir())

    def _text(self, name: str) -> str:
        path = self.root / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def host(tmp_path: Path, repository: Repository, keys: dict[str, Path]) -> Host:
    return Host(tmp_path / "prefix", repository.url, [depots.public(keys["release"])])
