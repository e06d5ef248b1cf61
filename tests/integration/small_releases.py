"""Releases of a few files that prove for real: a venv without packages, and the oneDNN of this machine."""

from __future__ import annotations

import venv
from pathlib import Path
from typing import Any

from dnnready.conv2d import stored
from dnnready.conv2d.verification import verify
from dnnready.files import write_json
from dnnready.release.store import Store
from tests.integration.conv2d_stacks import real
from tests.unit.release.specs import set_environment, spec


def planned(number: int) -> dict[str, Any]:
    """The spec of a small release; each number is another one."""
    variables = {**real("onednn").environment, "RELEASE_NUMBER": str(number)}
    return spec(options={"number": number}, environment=variables, probes=["onednn"])


def provide(store: Store, number: int) -> str:
    """Make a release as provisioning leaves it, proven; its id."""
    wanted = planned(number)
    release = store.release(wanted["id"])
    venv.create(release / "venv", symlinks=True, with_pip=False)
    for name in ("marker_one", "marker_two"):
        (packages(release) / f"{name}.py").write_text(f"RELEASE = {wanted['id']!r}\n", encoding="utf-8")
    write_json(release / "manifest.json", {"schema": "dnnready/manifest/1", "state": "installed", "spec": wanted})
    set_environment(store, wanted)
    proof = verify(stored.request_of(str(release), store.stack, {}))
    assert proof["verdict"] == "accelerated", proof["cause"]
    stored.store(str(release), proof)
    identifier: str = wanted["id"]
    return identifier


def packages(release: Path) -> Path:
    """Where the venv of a release has its packages."""
    return next((release / "venv" / "lib").glob("python3*")) / "site-packages"
