"""Release specs, and releases as they look on disk at each stage, made with the functions that make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnnready.conv2d.fingerprint import fingerprint
from dnnready.environment.places import in_release
from dnnready.environment.render import render
from dnnready.files import read_json, write_json
from dnnready.release.identity import identity
from dnnready.release.store import Store

HOST = {"cpu": {"architecture": "x86_64"}, "libc": {"name": "glibc", "version": "2.36"}}


def spec(stack: str = "app", **changes: Any) -> dict[str, Any]:
    """A valid spec with its id."""
    made: dict[str, Any] = {
        "stack": stack,
        "source": "wheel",
        "python": "/usr/bin/python3",
        "tag": "cp311",
        "lock_sha256": "0" * 64,
        "packages": [],
        "environment": {"LD_LIBRARY_PATH": "{release}/venv/lib", "OMP_NUM_THREADS": "2"},
        "probes": ["onednn"],
        "options": {},
        "library_path": ["venv/lib"],
        **changes,
    }
    made["id"] = changes.get("id") or identity(made, HOST)
    return made


def build(store: Store, wanted: dict[str, Any], state: str = "installed") -> Path:
    """A release with an interpreter and its manifest."""
    release = store.release(wanted["id"])
    python = release / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    write_json(release / "manifest.json", {"schema": "dnnready/manifest/1", "state": state, "spec": wanted})
    return release


def set_environment(store: Store, wanted: dict[str, Any]) -> None:
    """The file that dnn_environment writes."""
    release = store.release(wanted["id"])
    (release / "environment").write_text(render(in_release(wanted["environment"], str(release))), encoding="utf-8")


def prove(store: Store, wanted: dict[str, Any], verdict: str = "accelerated") -> None:
    """The proof that conv2d_verify leaves, less what nobody here reads."""
    release = store.release(wanted["id"])
    proof = {
        "schema": "dnnready/proof/1",
        "stack": store.stack,
        "release": wanted["id"],
        "verdict": verdict,
        "cause": None if verdict == "accelerated" else {"code": "isa_lower", "text": "a lower ISA ran"},
        "next": "",
        "summary": {
            "implementations": ["brg_conv_fwd:avx2"],
            "isa": "avx2",
            "isa_cpu": "avx2",
            "threads": 2,
            "framework": "app 1.0",
            "onednn": "3.12.0",
            "cpu_seconds": 1.5,
        },
        "fingerprint": fingerprint(wanted["id"], [str(release / "venv" / "bin" / "python")], {}),
    }
    write_json(release / "proof.json", proof)


def finish(store: Store, wanted: dict[str, Any]) -> None:
    """Everything up to a proven release."""
    build(store, wanted)
    set_environment(store, wanted)
    prove(store, wanted)


def through_current(store: Store, identifier: str, _accept: Sequence[str], _timeout: float) -> dict[str, Any]:
    """Stands for the proof through `current` (release/through.py), where there is no library to run: reads it there."""
    proof: dict[str, Any] = read_json(store.root / "current" / "proof.json")
    assert proof["release"] == identifier
    return proof
