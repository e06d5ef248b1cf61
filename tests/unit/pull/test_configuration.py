"""The configuration of git and ssh: what git reads is what was meant, whatever is in it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.pull.configuration import configuration, local, quoted, texts
from dnnready.pull.settings import Settings

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT release"
OLD = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRU old"
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=30)


def told(path: Path, text: str) -> dict[str, str]:
    """What git makes of a configuration: {name: value}."""
    path.write_text(text)
    done = subprocess.run(
        ["git", "config", "--file", str(path), "--list", "--null"], capture_output=True, text=True, check=True
    )
    return dict(entry.split("\n", 1) for entry in done.stdout.split("\0") if entry)


def wanted(**changes: object) -> Settings:
    values = {"source": "file:///srv/fleet", "ansible": "/a", "host": "x", "signers": [KEY], "revoked": [OLD]}
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


def test_what_git_is_told(tmp_path: Path) -> None:
    said = told(tmp_path / "c", configuration(Path("/p/pull"), wanted(deploy_key="/root/.ssh/deploy"), own_hosts=True))
    assert said["gpg.ssh.allowedsignersfile"] == "/p/pull/signers"
    assert said["gpg.ssh.revocationfile"] == "/p/pull/revoked"
    assert (said["gpg.program"], said["gpg.openpgp.program"], said["gpg.x509.program"]) == ("/bin/false",) * 3
    assert said["protocol.allow"] == "never"
    allowed = {name.split(".")[1] for name, value in said.items() if name.startswith("protocol.") and value == "always"}
    assert allowed == {"file", "http", "https", "ssh"}
    assert said["credential.helper"] == ""
    words = shlex.split(said["core.sshcommand"])
    assert "StrictHostKeyChecking=yes" in words
    assert "BatchMode=yes" in words
    assert 'UserKnownHostsFile="/p/pull/known_hosts"' in words
    assert words[words.index("-i") + 1] == "/root/.ssh/deploy"


def test_the_hosts_own_known_hosts_count_where_none_are_given(tmp_path: Path) -> None:
    said = told(tmp_path / "c", configuration(Path("/p/pull"), wanted(), own_hosts=False))
    assert "UserKnownHostsFile" not in said["core.sshcommand"]
    assert "-i" not in shlex.split(said["core.sshcommand"])


def test_a_key_may_sign_commits_only() -> None:
    files = texts(Path("/p/pull"), wanted())
    assert files[Path("/p/pull/signers")] == f'dnnready-pull namespaces="git" {KEY.rpartition(" ")[0]}\n'
    assert files[Path("/p/pull/revoked")] == f"{OLD.rpartition(' ')[0]}\n"


@given(PRINTABLE, PRINTABLE)
def test_no_path_makes_a_setting(tmp_path_factory: pytest.TempPathFactory, prefix: str, source: str) -> None:
    path = tmp_path_factory.getbasetemp() / "configuration"
    plain = told(path, configuration(Path("/p"), wanted(), own_hosts=True))
    odd_settings = wanted(source=f"file:///{source.replace('%', '')}", deploy_key=f"/{source}")
    root = Path(f"/{prefix}")
    odd = told(path, configuration(root, odd_settings, own_hosts=True))
    assert odd.keys() == plain.keys()
    assert odd["gpg.ssh.allowedsignersfile"] == str(root / "signers")
    words = shlex.split(odd["core.sshcommand"])
    assert words[words.index("-i") + 1] == f"/{source}"


@given(PRINTABLE)
def test_a_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.getbasetemp() / "value"
    assert told(path, f"[a]\n\tb = {quoted(value)}\n") == {"a.b": value}


@pytest.mark.parametrize(
    ("source", "place"),
    [("file:///srv/a%20b", "/srv/a b"), ("https://x.example.net/a", ""), ("git@x.example.net:a", "")],
)
def test_a_source_on_this_host(source: str, place: str) -> None:
    assert local(source) == place
