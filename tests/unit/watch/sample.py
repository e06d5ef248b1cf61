"""A device in a directory whose proof holds on this machine, and the document of a check."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from dnnready.conv2d.fingerprint import fingerprint
from dnnready.release.store import Store

RELEASE = "0123456789abcdef"
NOW = 1_800_000_000.0


def proof(path: Path, verdict: str = "accelerated", created: float = NOW - 60, **more: Any) -> dict[str, Any]:
    """A proof of a release at `path` that had its environment and one library loaded."""
    files = [str(path / "environment"), str(path / "lib.so")]
    return {
        "schema": "dnnready/proof/1",
        "stack": "onednn",
        "release": RELEASE,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created)),
        "verdict": verdict,
        "cause": None,
        "next": "",
        "options": {},
        "environment": {},
        "probes": [{"probe": "onednn"}],
        "summary": {
            "implementations": ["brgconv:avx512_core"],
            "isa": "avx512_core",
            "isa_cpu": "avx512_core",
            "threads": 2,
            "framework": "oneDNN 3.2.0",
            "onednn": "3.2.0",
            "cpu_seconds": 1.0,
        },
        "fingerprint": fingerprint(RELEASE, files, {}),
        **more,
    }


def device(prefix: Path, **of_proof: Any) -> Store:
    """A store of onednn with a current release."""
    store = Store(prefix, "onednn")
    path = store.release(RELEASE)
    path.mkdir(parents=True)
    (path / "environment").write_text("OMP_NUM_THREADS=2\n", encoding="utf-8")
    (path / "lib.so").write_text("a library", encoding="utf-8")
    manifest = {"schema": "dnnready/manifest/1", "state": "installed", "spec": {"probes": ["onednn"], "id": RELEASE}}
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (path / "proof.json").write_text(json.dumps(proof(path, **of_proof)), encoding="utf-8")
    store.point("current", RELEASE)
    return store


def entry(**changed: Any) -> dict[str, Any]:
    """The entry of a stack that is well."""
    return {
        "release": RELEASE,
        "verdict": "accelerated",
        "accepted": True,
        "implementations": ["brgconv:avx512_core"],
        "isa": "avx512_core",
        "isa_cpu": "avx512_core",
        "threads": 2,
        "framework": "oneDNN 3.2.0",
        "onednn": "3.2.0",
        "looked": "0" * 64,
        "files": [],
        "cost": 1.5,
        "proven": NOW - 60,
        "did": "none",
        "why": "",
        "drift": [],
        **changed,
    }


def drift(cause: str = "isa_below_cpu", where: str = "login shells", **changed: Any) -> dict[str, Any]:
    """One cause."""
    return {"cause": cause, "where": where, "evidence": ["A=1"], "remedy": "Take it away.", "since": NOW, **changed}


def document(**stacks: Any) -> dict[str, Any]:
    """What a check found."""
    head = {
        "schema": "dnnready/watch/1",
        "prefix": "/opt/dnnready",
        "checked": NOW,
        "cpu_seconds": 0.25,
        "textfile": "",
    }
    return {**head, "stacks": stacks}
