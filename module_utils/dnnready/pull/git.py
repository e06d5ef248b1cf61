"""A repository of git as the source: fetched into a mirror, its commit verified by git itself.

The mirror is bare: nothing of it is ever run. The branch must go on from what was accepted before, so nobody can bring
an older commit back, however well it was signed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path

from ..errors import DnnreadyError
from ..process import Completed, run
from .configuration import CONFIGURATION
from .settings import Settings
from .trouble import FailedError, RefusedError, UnreachableError

_OFFERED = "refs/dnnready/offered"
#: The first git that knows signatures of ssh.
_OLDEST = (2, 34)
_FETCH_TIMEOUT, _TIMEOUT = 3600.0, 300.0
_GOOD = re.compile(r'Good "git" signature for \S+ with \S+ key (SHA256:\S+)')
_KEY = re.compile(r"key (SHA256:[A-Za-z0-9+/]+)")
_DAMAGED = re.compile(r"corrupt|bad object|loose object|not a git repository|unable to read|missing blob")
_KEPT = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "ssl_cert_file", "ssl_cert_dir", "git_ssl_cainfo")


class Repository:
    """The mirror of a repository below `<prefix>/pull`."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._mirror = root / "repository"
        self._settings = settings

    def look(self) -> str:
        """The commit at the end of the branch, fetched. Raises UnreachableError."""
        self._known()
        for again in (True, False):
            self._made()
            wanted = f"refs/heads/{self._settings.branch}" if self._settings.branch else "HEAD"
            words = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--"]
            done = self._git(*words, self._settings.source, f"+{wanted}:{_OFFERED}", timeout=_FETCH_TIMEOUT)
            if done.ok:
                return self._git_must("rev-parse", "--verify", f"{_OFFERED}^{{commit}}").strip()
            if not (again and _DAMAGED.search(done.stderr)):
                break
            shutil.rmtree(self._mirror)  # a power cut may damage it; all of it can be fetched again
        raise UnreachableError(
            f"Cannot fetch {self._settings.shown}: {_said(done)}.", "It is tried again. Is it there, and reachable?"
        )

    def accept(self, revision: str, before: str) -> str:
        """The key that signed the commit; RefusedError where it does not count, or does not go on from `before`."""
        done = self._git("verify-commit", "--raw", revision)
        good = _GOOD.search(done.stderr + done.stdout)
        if not done.ok or good is None:
            raise self._refusal(revision, done)
        if before and before != revision:
            self._follows(revision, before)
        return good.group(1)

    def write(self, revision: str) -> Path:
        """A tar file of the commit."""
        path = self._root / "tmp" / "tree.tar"
        path.parent.mkdir(parents=True, exist_ok=True)
        done = self._git("archive", "--format=tar", f"--output={path}", revision)
        if not done.ok:
            raise FailedError(f"Cannot read commit {revision[:12]}: {_said(done)}.", "It is tried again.")
        return path

    def _follows(self, revision: str, before: str) -> None:
        if self._git("merge-base", "--is-ancestor", before, revision).ok:
            return
        if self._git("merge-base", "--is-ancestor", revision, before).ok:
            what = f"is older than {before[:12]}, which this host has accepted already"
        else:
            what = f"does not go on from {before[:12]}, which this host has accepted already: history was rewritten"
        raise RefusedError(
            f"Commit {revision[:12]} {what}.",
            f"Someone may be serving old commits. Go back by a new commit (git revert); or remove "
            f"{self._root / 'state.json'} on this host to accept what is signed.",
        )

    def _refusal(self, revision: str, done: Completed) -> RefusedError:
        header = self._git_must("cat-file", "commit", revision).partition("\n\n")[0]
        commit = f"Commit {revision[:12]}"
        if "\ngpgsig" not in header:
            return RefusedError(f"{commit} is not signed.", "Sign it with ssh: git commit -S, with gpg.format=ssh.")
        if "-----BEGIN SSH SIGNATURE-----" not in header:
            return RefusedError(f"{commit} is not signed with ssh.", "Sign it so: gpg.format=ssh.")
        said = f"{done.stdout}\n{done.stderr}"
        key = _KEY.search(said)
        if key and "No principal matched" in said:
            return RefusedError(
                f"{commit} is signed by a key that may not sign: {key.group(1)}.",
                "If it is yours, add its public half to pull_signers, and run playbooks/pull.yml again.",
            )
        return RefusedError(f"The signature of commit {revision[:12]} does not count: {_said(done)}.", "Sign it anew.")

    def _known(self) -> None:
        try:
            said = self._git_must("--version")
        except DnnreadyError as error:
            raise DnnreadyError("There is no git on this host.", "Install it: playbooks/pull.yml does.") from error
        found = re.search(r"(\d+)\.(\d+)", said)
        if found and (int(found.group(1)), int(found.group(2))) < _OLDEST:
            raise DnnreadyError(
                f"git {found.group()} does not know signatures of ssh.",
                "Take git 2.34 or newer, or the depot as source.",
            )

    def _made(self) -> None:
        """A mirror that can be written: locks that a killed git left behind are nobody's, because one pull runs."""
        if not (self._mirror / "HEAD").exists():
            shutil.rmtree(self._mirror, ignore_errors=True)
            self._mirror.mkdir(parents=True)
            self._git_must("init", "--quiet", "--bare")
        for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/*/tmp_obj_*"):
            for left in self._mirror.glob(pattern):
                with contextlib.suppress(OSError):
                    left.unlink()

    def _git_must(self, *words: str) -> str:
        done = self._git(*words)
        if not done.ok:
            raise DnnreadyError(f"git {words[0]} failed: {_said(done)}.", f"Remove {self._mirror}; it is made again.")
        return done.stdout

    def _git(self, *words: str, timeout: float = _TIMEOUT) -> Completed:
        kept = {name: value for name, value in os.environ.items() if name.lower() in (*_KEPT, "path", "home")}
        environment = {
            **kept,
            "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": str(self._root / CONFIGURATION),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "SSH_ASKPASS_REQUIRE": "never",
        }
        return run(["git", f"--git-dir={self._mirror}", *words], env=environment, timeout=timeout)


def _said(done: Completed) -> str:
    if done.timed_out:
        return f"no end after {done.wall_seconds:.0f} s"
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    chosen = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines[-2:]
    text = "; ".join(chosen[:3]) or f"git ended with {done.signal or done.exit_code}"
    return re.sub(r"//[^/@\s]*@", "//", text).rstrip(".")
