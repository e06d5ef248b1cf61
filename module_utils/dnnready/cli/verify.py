"""`dnnready verify`: convolve now in the current releases, and show which implementation ran."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .. import conv2d
from ..conv2d import stored
from ..conv2d.row import row, without_proof
from ..errors import DnnreadyError
from . import places
from .main import COULD_NOT
from .output import accepted, show


def execute(options: argparse.Namespace) -> int:
    """0 where every verdict is accepted, 1 where one is not, 2 where one could not be had or not be stored."""
    proofs: list[dict[str, Any]] = []
    rows, failed = [], False
    for name in places.chosen(options.prefix, options.stacks):
        if sys.stderr.isatty():
            print(f"dnnready: verifying {name} ...", file=sys.stderr)
        release = ""
        try:
            found = places.current(options.prefix, name)
            release = found.name
            proof = conv2d.verify(stored.request_of(found.path, name, {"timeout": options.timeout}))
            proofs.append(proof)
            rows.append(row(proof))
            if options.store:
                stored.store(found.path, proof)
        except DnnreadyError as error:
            failed = True
            print(f"dnnready: {name}: {error}", file=sys.stderr)
            if not rows or rows[-1]["stack"] != name:
                rows.append(without_proof(name, release, "unproven", str(error), ""))
    if options.json:
        print(json.dumps(proofs, indent=2, sort_keys=True))
    else:
        show(rows)
    if failed:
        return COULD_NOT
    return 0 if all(map(accepted, proofs)) else 1
