"""What a terminal is taken to show."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from dnnready.report.terminal import PLAIN_WIDTH, wants_color

MODULE_UTILS = Path(__file__).parents[3] / "module_utils"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "plain"),
    [
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_color(environ: dict[str, str], terminal: bool, plain: bool) -> None:
    assert wants_color(Terminal(), environ) is terminal
    assert wants_color(io.StringIO(), environ) is plain


@pytest.mark.parametrize(("columns", "expected"), [("132", 132), ("0", PLAIN_WIDTH), ("wide", PLAIN_WIDTH)])
def test_width_without_a_terminal(columns: str, expected: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from dnnready.report import terminal; print(terminal.width())"],
        env={"COLUMNS": columns, "PYTHONPATH": str(MODULE_UTILS)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == expected
