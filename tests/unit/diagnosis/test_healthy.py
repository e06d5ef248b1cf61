"""Logs of programs that worked give no cause, also in pieces: at most one piece in a hundred is misread."""

from pathlib import Path

import pytest

from dnnready.diagnosis.explain import explain

from .examples import healthy

LINES = Path(__file__).resolve().parents[2] / "fixtures" / "healthy_lines.txt"
VERBOSE = Path(__file__).resolve().parents[2] / "fixtures" / "verbose"
#: In these oneDNN is off, or has no device: what is said of them is right.
TROUBLED = {"onednn-3.7.3-tensorflow-2.21.0-off.txt", "onednn-3.13.2-sycl-no-device.txt"}


def pieces():
    """Windows of 40 lines of every healthy log, overlapping."""
    logs = [*healthy().values(), *(path.read_text() for path in VERBOSE.glob("*.txt") if path.name not in TROUBLED)]
    for log in logs:
        lines = log.split("\n")
        for start in range(0, max(1, len(lines) - 30), 10):
            yield "\n".join(lines[start : start + 40])


@pytest.mark.parametrize("name", healthy())
def test_a_healthy_log_is_healthy(name):
    explanation = explain(healthy()[name])
    assert explanation.healthy, [(finding.cause, finding.line) for finding in explanation.findings]
    assert explanation.ending == ""


def test_at_most_one_piece_in_a_hundred_is_misread():
    found = [explain(piece).healthy for piece in pieces()]
    assert len(found) > 100
    assert found.count(False) <= len(found) / 100


@pytest.mark.parametrize("name", sorted(path.name for path in VERBOSE.glob("*.txt") if path.name not in TROUBLED))
def test_what_onednn_and_mkl_print_is_healthy(name):
    assert explain((VERBOSE / name).read_text()).healthy


@pytest.mark.parametrize("line", LINES.read_text().splitlines(), ids=lambda line: line[:60])
def test_what_healthy_programs_say_beside_their_work(line):
    explanation = explain(line.replace("\\n", "\n"))
    assert explanation.healthy, [(finding.cause, finding.meaning) for finding in explanation.findings]
