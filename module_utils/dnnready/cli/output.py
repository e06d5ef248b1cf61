"""What `verify` and `status` share: the table of this machine, and which verdicts are good enough."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..report import table, terminal


def accepted(proof: Mapping[str, Any]) -> bool:
    """Whether a verdict is what the stack was provisioned for: `fallback` is, where oneDNN was not required."""
    if proof.get("verdict") == "fallback":
        options = proof.get("options")
        return isinstance(options, Mapping) and options.get("onednn_convolution") in ("auto", "off")
    return proof.get("verdict") == "accelerated"


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the table. A terminal that lacks a character gets a substitute."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    hosts = {os.uname().nodename: {"rows": list(rows)}}
    print(table.render(hosts, width=terminal.width(), color=terminal.wants_color(sys.stdout, os.environ)))
