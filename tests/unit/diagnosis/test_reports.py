"""Real reports: how many are explained, and that dirt around a message does not change what it means."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnnready.diagnosis.explain import explain

from .examples import REPORTS, reports

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import corpus

FOLDERS = ("develop", "heldout", "fresh", "fresh2", "fresh3", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
ALL = reports(*FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_aim_is_reached(folder):
    results = [corpus.score(case) for case in corpus.read_cases(REPORTS / folder)]
    trusted = [result["outcome"] for result in results if result["confidence"] in ("high", "medium")]
    assert trusted.count("first") >= 0.9 * len(trusted)
    assert trusted.count("first") + trusted.count("three") >= 0.95 * len(trusted)


def test_what_is_said_with_high_confidence_is_right():
    results = [corpus.score(case) for case in ALL]
    sure = [result["outcome"] for result in results if result["stated"] == "high"]
    assert len(sure) > 100
    assert sure.count("first") >= 0.99 * len(sure)


def test_the_folders_share_no_report():
    assert len({case["source"] for case in ALL}) == len(ALL)
    assert all(case["log_form"].startswith("normalised") for case in ALL)


NOISE = (
    "2024-03-01 10:00:00.000001: I tensorflow/core/util/port.cc:113] oneDNN custom operations are on.",
    "/v/lib/python3.11/site-packages/x.py:12: FutureWarning: y is deprecated and will be removed",
    "WARNING: Running pip as the 'root' user can result in broken permissions",
    "Epoch 1/3",
    "INFO:root:loaded 1000 images",
    "",
    "+ set -e",
    "[W NNPACK.cpp:80] Could not initialize NNPACK! Reason: Unsupported hardware.",
    "2024-03-01 10:00:00.000004: W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: x",
)
PREFIXES = (
    "{}",
    "2024-01-01 10:00:00,123 {}",
    "web-1  | {}",
    "2024-01-01T10:00:00.123456789Z stderr F {}",
    "Jan 02 03:04:05 host python3[1234]: {}",
    "\x1b[31m{}\x1b[0m",
    "  {}  ",
)
#: Noise says that it is harmless, so a report about what is harmless may be read from another line.
PLAIN = [case for case in ALL if case["cause"] != "benign_message" and explain(case["log"]).findings]


def causes_first(log):
    """What is found first."""
    return explain(log).findings[0].cause


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    case=st.sampled_from(PLAIN),
    around=st.tuples(st.lists(st.sampled_from(NOISE), max_size=6), st.lists(st.sampled_from(NOISE[1:7]), max_size=4)),
    prefix=st.sampled_from(PREFIXES),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_dirt_does_not_change_the_cause(case, around, prefix, end, encoding):
    lines = [prefix.format(line) for line in case["log"].split("\n")]
    dirty = end.join([*around[0], *lines, *around[1]]).encode(encoding)
    assert causes_first(dirty) == causes_first(case["log"])
