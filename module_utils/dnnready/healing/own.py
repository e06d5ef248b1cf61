"""Acts on dnnready's own stacks: build again, write the environment, make readable, make current."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..conv2d import stored
from ..conv2d.verification import verify
from ..diagnosis.target import Target
from ..environment.places import in_release, release_file
from ..environment.render import render
from ..errors import DnnreadyError
from ..files import readable, write_atomic
from ..lockfile import held
from ..release import health, rollback, through
from ..release.identity import validate
from ..release.install import install
from ..release.leftovers import clean
from ..release.means import Means
from ..release.store import Store
from ..release.switch import switch
from ..release.unfinished import Unfinished, put_back
from .deed import Deed, Sources

#: The verdicts that a stack was provisioned for.
accepted = rollback.accepted
_TIMEOUT = 300.0
_EVERYBODY = 0o555


def store_of(target: Target, prefix: str) -> Store:
    """The store of a target's stack."""
    return Store(Path(prefix), target.stack)


def rebuild(target: Target, prefix: str, sources: Sources, accept: tuple[str, ...]) -> Deed:
    """Build the current release again from its lock; the old one comes back unless the new one is proven."""
    store = store_of(target, prefix)
    manifest = store.manifest(target.release) or {}
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        raise DnnreadyError(
            f"The manifest of {target.release_path} does not say what to build.",
            "Provision again: ansible-playbook site.yml",
        )
    validate(spec)
    given = sources.of(target.stack)
    text = given.get("requirements") or _requirements(target.release_path)
    index = given.get("index_url") or manifest.get("index_url") or ""

    def gate(release: Path) -> None:
        write_atomic(release_file(str(release)), _environment(spec, str(release)))
        prove(str(release), target.stack, accept)

    if spec["source"] != "wheel":
        text = ""
    wheels = str(manifest.get("wheels") or "")
    means = Means(wheels=wheels if os.path.isdir(wheels) else "")
    install(store, spec, text, str(index), force=True, means=means, gate=gate)
    return Deed(f"build release {target.release} of {target.stack} again from its lock")


def _requirements(release: str) -> str:
    try:
        return (Path(release) / "requirements.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def prove(release: str, stack: str, accept: tuple[str, ...]) -> dict[str, Any]:
    """Prove a release and keep the proof. Raises DnnreadyError where the verdict is not accepted."""
    proof = verify(stored.request_of(release, stack, {"timeout": _TIMEOUT}))
    if proof["verdict"] not in accept:
        cause = proof["cause"] or {}
        raise DnnreadyError(f"The proof says {proof['verdict']}: {cause.get('text', 'no cause is known')}")
    stored.store(release, proof)
    return proof


def write_environment(target: Target, prefix: str) -> Deed:
    """Write the release's variables as its manifest has them."""
    store = store_of(target, prefix)
    spec = (store.manifest(target.release) or {}).get("spec")
    if not isinstance(spec, dict):
        raise DnnreadyError(f"The manifest of {target.release_path} does not say which variables it has.")
    path = Path(release_file(target.release_path))
    before = path.read_bytes() if path.exists() else None
    with held(store.lock, "healing the environment"):
        write_atomic(path, _environment(spec, target.release_path))

    def undo() -> None:
        if before is None:
            path.unlink()
        else:
            write_atomic(path, before)

    return Deed(f"write {path} as it was proven", undo)


def _environment(spec: Mapping[str, Any], release: str) -> str:
    variables = {str(name): str(value) for name, value in (spec.get("environment") or {}).items()}
    return render(in_release(variables, release))


def make_readable(path: str) -> Deed:
    """Let everybody enter and read what is below a path, as `chmod -R a+rX` does; and run it, where it is a program."""
    changed: list[tuple[str, int]] = []
    if os.path.isfile(path):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, mode | _EVERYBODY)
        return Deed(f"chmod a+rx {path}", lambda: os.chmod(path, mode))
    for root, folders, files in os.walk(path):
        names = ["", *files, *(name for name in folders if os.path.islink(os.path.join(root, name)))]
        for name in names:
            full = os.path.join(root, name) if name else root
            status = os.lstat(full)
            if stat.S_ISLNK(status.st_mode):
                continue
            mode = stat.S_IMODE(status.st_mode)
            runs = stat.S_ISDIR(status.st_mode) or mode & stat.S_IXUSR
            wanted = mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
            if runs:
                wanted |= stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
            if wanted != mode:
                os.chmod(full, wanted)
                changed.append((full, mode))
        # A folder that could not be entered was changed just now: what is in it is still to come.
        folders[:] = [name for name in os.listdir(root) if _folder(os.path.join(root, name))]

    def undo() -> None:
        for full, mode in reversed(changed):
            os.chmod(full, mode)

    return Deed(f"chmod -R a+rX {path}", undo)


def _folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def make_current(target: Target, prefix: str, accept: tuple[str, ...]) -> Deed:
    """Make the newest finished release current again that proves itself now."""
    store = store_of(target, prefix)
    with readable(), held(store.lock, "healing the link to the current release"):
        clean(store)
        before, previous = store.linked("current"), store.linked("previous")
        for identifier in store.identifiers():
            if store.finished(identifier):
                prove(str(store.release(identifier)), target.stack, accept)
                switch(store, identifier, accept, health.kept(store), through.prove)
                undo = partial(put_back, store, Unfinished(before, previous, identifier))
                return Deed(f"make release {identifier} of {target.stack} current", undo)
    raise DnnreadyError(f"No finished release of {target.stack} is here.", "Provision it: ansible-playbook site.yml")
