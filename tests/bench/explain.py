"""CPU seconds of explaining 5 MB logs of several kinds: python tests/bench/explain.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from tests.unit.diagnosis.test_speed import LOGS, cpu_seconds, repeated

if __name__ == "__main__":
    for name, text in LOGS.items():
        print(f"{name:16} {cpu_seconds(repeated(text)):6.2f} CPU s for 5 MB")
