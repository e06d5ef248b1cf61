"""The row of the table that a proof makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def row(proof: Mapping[str, Any], changed: bool = False) -> dict[str, Any]:
    """See "row" in docs/architecture.md."""
    summary = proof["summary"]
    return {
        "stack": proof["stack"],
        "release": proof["release"],
        "verdict": proof["verdict"],
        "implementations": list(summary["implementations"]),
        "isa": summary["isa"],
        "isa_cpu": summary["isa_cpu"],
        "threads": summary["threads"],
        "framework": summary["framework"],
        "onednn": summary["onednn"],
        "cpu_seconds": summary["cpu_seconds"],
        "changed": changed,
        "cause": proof["cause"],
        "next": proof["next"],
        "vouched_by": vouched_by(proof),
    }


def vouched_by(proof: Mapping[str, Any]) -> str:
    """The host that a short proof rests on; "" for a full one."""
    voucher = proof.get("voucher")
    return str(voucher.get("host") or "") if isinstance(voucher, Mapping) else ""


def without_proof(stack: str, release: str, verdict: str, text: str, following: str) -> dict[str, Any]:
    """The row of a stack that could not be looked at: `unproven`, or `planned` in check mode."""
    return {
        "stack": stack,
        "release": release,
        "verdict": verdict,
        "implementations": [],
        "isa": "",
        "isa_cpu": "",
        "threads": None,
        "framework": "",
        "onednn": "",
        "cpu_seconds": None,
        "changed": False,
        "cause": {"code": "", "text": text} if text else None,
        "next": following,
        "vouched_by": "",
    }
