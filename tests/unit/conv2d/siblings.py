"""A device that replays captured outputs of the probes, its hardware, and the voucher of its sibling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from dnnready.conv2d import verify
from dnnready.conv2d.voucher import voucher
from dnnready.host.hardware_class import hardware_class

ROOT = Path(__file__).parents[3]
PROBES = ROOT / "tests" / "fixtures" / "probe"
SCHEMA = json.loads((ROOT / "docs" / "schema" / "proof-1.json").read_text())
RELEASE = "0123456789abcdef"
HOST: dict[str, Any] = {
    "cpu": {
        "architecture": "x86_64",
        "vendor": "GenuineIntel",
        "model": "a CPU",
        "isa": "avx512_core_amx",
        "flags": ["avx2", "avx512f"],
        "emulated": False,
    },
    "cores": {"effective": 2, "threads_per_core": 1, "numa_nodes": 1},
    "memory": {"total_bytes": 8 << 30, "limit_bytes": None},
    "unknown": [],
}


class Device:
    """A release whose interpreter prints what a probe of this name printed once."""

    def __init__(self, place: Path, probe: str = "pytorch") -> None:
        self.place = place / RELEASE
        self.probe = probe
        self.starts = place / "starts"
        python = self.place / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        self.output = place / "output"
        text = (PROBES / f"{probe}.txt").read_text()
        self.output.write_text(text.replace(f"/opt/dnnready/stacks/{probe}/releases/{RELEASE}", str(self.place)))
        control = PROBES / "tensorflow-control.txt"
        python.write_text(
            f"#!/bin/sh\necho start >> {self.starts}\ncat > {place}/asked\n"
            f'if [ "$TF_ENABLE_ONEDNN_OPTS" = 0 ]; then exec cat {control}; fi\nexec cat {self.output}\n'
        )
        python.chmod(0o755)
        (self.place / "environment").write_text("OMP_NUM_THREADS=2\n")

    def request(self, **change: Any) -> dict[str, Any]:
        """What is asked of it."""
        return {
            "stack": self.probe,
            "release": RELEASE,
            "release_path": str(self.place),
            "probes": [self.probe],
            "environment": {"OMP_NUM_THREADS": "2", "LD_LIBRARY_PATH": f"{self.place}/venv/lib"},
            "options": {"onednn_convolution": "required"},
            "host": HOST,
            **change,
        }

    def full(self, **change: Any) -> dict[str, Any]:
        """Its full proof."""
        return valid(verify(self.request(**change)))

    def started(self) -> int:
        """How often its interpreter was started since the last time that this was asked."""
        count = self.starts.read_text().count("start") if self.starts.exists() else 0
        self.starts.write_text("")
        return count


def valid(proof: dict[str, Any]) -> dict[str, Any]:
    """The proof, held to its schema."""
    jsonschema.Draft202012Validator(SCHEMA).validate(proof)
    return proof


def vouched(proof: dict[str, Any]) -> dict[str, Any]:
    """The voucher that a host with this hardware gives."""
    made = voucher(proof, hardware_class(HOST), "edge-01")
    assert made is not None
    # As it comes to the device: through the controller, as JSON.
    copied: dict[str, Any] = json.loads(json.dumps(made))
    return copied
