"""A release directory as a request for a proof, and the proof that is stored in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ..environment.render import parse
from ..errors import DnnreadyError
from ..files import canonical_json, read_json, sha256_text, write_json

PROOF = "proof.json"


def request_of(path: str, stack: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The request for a release: what is `given` (None: not given), else what its manifest and environment say.

    Raises DnnreadyError where a file of the release cannot be read or understood.
    """
    spec = _spec(path)
    environment = given.get("environment")
    return {
        "stack": stack,
        "release": given.get("release") or spec.get("id") or os.path.basename(path),
        "release_path": path,
        "python": given.get("python"),
        "probes": _first(given.get("probes"), spec.get("probes"), []),
        "environment": variables(path) if environment is None else environment,
        "options": _first(given.get("options"), spec.get("options"), {}),
        "shapes": [*(spec.get("shapes") or []), *_new(given.get("shapes"), spec.get("shapes"))],
        "host": given.get("host"),
        "timeout": given.get("timeout"),
    }


def variables(path: str) -> dict[str, str]:
    """The environment of a release; empty where it has none."""
    file = Path(path) / "environment"
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(f"Cannot read {file}: {error}.") from error


def stored(path: str) -> Optional[dict[str, Any]]:
    """The stored proof; None where there is none, or none that can be read: it is made anew then."""
    try:
        document = read_json(Path(path) / PROOF)
    except DnnreadyError:
        return None
    return document if isinstance(document, dict) else None


def store(path: str, proof: Mapping[str, Any]) -> None:
    """Keep a proof in its release, atomically."""
    write_json(Path(path) / PROOF, proof)


def essence(proof: Optional[Mapping[str, Any]]) -> dict[str, Any]:
    """What a proof says, without times and measurements: two proofs that say the same are no change.

    Empty for None and for documents of other versions.
    """
    try:
        if proof is None or proof["schema"] != "dnnready/proof/1":
            return {}
        return {
            "verdict": proof["verdict"],
            "scope": proof.get("scope", "full"),
            "cause": proof["cause"]["code"] if proof["cause"] else "",
            "framework": proof["summary"]["framework"],
            "onednn": proof["summary"]["onednn"],
            "isa": proof["summary"]["isa"],
            "threads": proof["summary"]["threads"],
            "convolutions": [
                " ".join((record["name"], record["mode"], *record["implementations"]))
                for report in proof["probes"]
                for record in report["convolutions"]
            ],
            "fingerprint": {
                key: sha256_text(canonical_json(value)) if key == "files" else value
                for key, value in proof["fingerprint"].items()
            },
        }
    except (KeyError, TypeError, AttributeError):
        return {}


def differs(before: Optional[Mapping[str, Any]], after: Mapping[str, Any]) -> bool:
    """Whether a new proof says something else than the stored one."""
    return canonical_json(essence(before)) != canonical_json(essence(after))


def difference(path: str, before: Optional[Mapping[str, Any]], after: Mapping[str, Any]) -> dict[str, str]:
    """What Ansible shows as the difference of two proofs."""
    header = str(Path(path) / PROOF)
    old, new = (
        json.dumps(said, indent=2, sort_keys=True) + "\n" if said else "" for said in map(essence, (before, after))
    )
    return {"before_header": header, "after_header": header, "before": old, "after": new}


def _spec(path: str) -> Mapping[str, Any]:
    manifest = read_json(Path(path) / "manifest.json")
    spec = manifest.get("spec") if isinstance(manifest, dict) else None
    return spec if isinstance(spec, dict) else {}


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _new(given: Any, known: Any) -> list[Any]:
    """The given shapes that the release does not prove anyway."""
    return [shape for shape in given or [] if shape not in (known or [])]
