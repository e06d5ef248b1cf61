"""A repository as the source: which commits count, with real git and real signatures."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dnnready.errors import DnnreadyError
from dnnready.pull.git import Repository as Mirror
from dnnready.pull.trouble import RefusedError, UnreachableError
from tests.unit.depot import depots


@pytest.fixture
def mirror(host: Any) -> Any:
    """Makes the mirror anew, with the settings of now."""
    return lambda: Mirror(host.root, host.settings)


def test_a_signed_commit_counts(mirror: Any, repository: Any, keys: dict[str, Path]) -> None:
    first = repository.commit("one")
    assert mirror().look() == first
    found = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{keys['release']}.pub"], capture_output=True, text=True, check=True
    )
    assert mirror().accept(first, "") == found.stdout.split()[1]
    second = repository.commit("two")
    assert mirror().look() == second
    assert mirror().accept(second, first)
    assert mirror().accept(second, second)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"signed": False}, "is not signed"),
        ({"signer": "stranger"}, r"a key that may not sign: SHA256:\S+\. If it is yours"),
    ],
)
def test_others_do_not(mirror: Any, repository: Any, keys: dict[str, Path], arguments: Any, words: str) -> None:
    signer = keys[arguments.pop("signer")] if "signer" in arguments else None
    revision = repository.commit("one", signer, **arguments)
    assert mirror().look() == revision
    with pytest.raises(RefusedError, match=words):
        mirror().accept(revision, "")


def test_a_revoked_key_does_not_count(mirror: Any, host: Any, repository: Any, keys: dict[str, Path]) -> None:
    revision = repository.commit("one")
    mirror().look()
    host.set(revoked=[depots.public(keys["release"])])
    with pytest.raises(RefusedError, match="does not count"):
        mirror().accept(revision, "")
    host.set(revoked=[], signers=[depots.public(key) for key in keys.values()])
    assert mirror().accept(revision, "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.replace("SSH SIGNATURE", "PGP SIGNATURE"), "not signed with ssh"),
        (lambda raw: raw.replace("Ada", "Eve"), "does not count"),
    ],
)
def test_a_commit_that_was_changed_does_not_count(mirror: Any, repository: Any, change: Any, words: str) -> None:
    repository.commit("one")
    raw = change(repository.git("cat-file", "commit", "HEAD") + "\n")
    path = repository.directory / ".git" / "forged"
    path.write_text(raw)
    forged = repository.git("hash-object", "-t", "commit", "-w", str(path))
    repository.git("update-ref", "refs/heads/main", forged)
    assert mirror().look() == forged
    with pytest.raises(RefusedError, match=words):
        mirror().accept(forged, "")


def test_an_older_commit_and_another_history_do_not_count(mirror: Any, repository: Any) -> None:
    first, second = repository.commit("one"), repository.commit("two")
    mirror().look()
    repository.git("reset", "--quiet", "--hard", first)
    assert mirror().look() == first
    with pytest.raises(RefusedError, match=f"is older than {second[:12]}"):
        mirror().accept(first, second)
    third = repository.commit("three")
    assert mirror().look() == third
    with pytest.raises(RefusedError, match="history was rewritten"):
        mirror().accept(third, second)
    with pytest.raises(RefusedError, match="history was rewritten"):
        mirror().accept(third, "0" * 40)


@pytest.mark.parametrize("source", ["file:///nowhere/at/all", "https://127.0.0.1:9/x.git"])
def test_a_source_that_is_not_there(mirror: Any, host: Any, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    host.set(source=source)
    with pytest.raises(UnreachableError, match="Cannot fetch"):
        mirror().look()


def test_a_branch_that_is_not_there(mirror: Any, host: Any, repository: Any) -> None:
    revision = repository.commit("one")
    host.set(branch="absent")
    with pytest.raises(UnreachableError, match="couldn't find remote ref"):
        mirror().look()
    host.set(branch="")
    assert mirror().look() == revision


def test_a_mirror_that_was_damaged_or_left_locked_is_made_anew(mirror: Any, host: Any, repository: Any) -> None:
    repository.commit("one")
    mirror().look()
    (host.root / "repository" / "refs" / "dnnready" / "offered.lock").write_text("")
    (host.root / "repository" / "config.lock").write_text("")
    second = repository.commit("two")
    assert mirror().look() == second
    for path in (host.root / "repository" / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    third = repository.commit("three")
    assert mirror().look() == third
    assert mirror().accept(third, second)


def test_the_settings_of_a_user_do_not_count(
    mirror: Any, repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewritten address, another file of signers: what a repository or the caller says changes nothing."""
    revision = repository.commit("one", signed=False)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "gpg.ssh.program")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "/bin/true")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert mirror().look() == revision
    with pytest.raises(RefusedError):
        mirror().accept(revision, "")


def test_without_git_it_is_said(mirror: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DnnreadyError, match="no git on this host"):
        mirror().look()
