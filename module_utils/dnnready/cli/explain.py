"""`dnnready explain`: what a log says about a convolution that fails."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any, Optional

from ..diagnosis.explain import explain
from ..diagnosis.shown import text
from ..errors import DnnreadyError
from ..files import read_json
from ..host import collect

#: Larger ones are cut by hand, so that the numbers of the lines are those of the part that was meant.
LARGEST = 64 * 1024 * 1024


def execute(options: argparse.Namespace) -> int:
    """Explain; 0 where nothing in the log needs a cure, 1 where something does, known or not."""
    explanation = explain(_log(options.file), _host(options))
    if options.json:
        print(json.dumps(explanation.document(), indent=2, sort_keys=True))
    else:
        print(text(explanation))
    return 0 if explanation.healthy else 1


def _log(path: str) -> bytes:
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise DnnreadyError(
            f"The log is larger than {LARGEST >> 20} MB.", "Give its end: tail -c 50M FILE | dnnready explain -"
        )
    return data


def _host(options: argparse.Namespace) -> Optional[Mapping[str, Any]]:
    if options.here:
        return collect(".", [])
    if not options.host:
        return None
    document = read_json(options.host)
    if document is None:
        raise DnnreadyError(f"There is no file {options.host}.", "Give the JSON that dnn_host_info returned.")
    if isinstance(document, dict):
        document = document.get("host", document)
    if not isinstance(document, dict) or "cpu" not in document:
        raise DnnreadyError(f"{options.host} is no host document.", "Give the JSON that dnn_host_info returned.")
    return document
