"""The files of the fault matrix: strict, enough of them, and every part of the diagnosis has some."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dnnready.diagnosis.causes import CAUSES
from tests.faults import case as cases
from tests.faults import matrix, wheels
from tests.faults.case import Case, CaseError, parse
from tests.faults.trial import Result

FAULTS = cases.load(cases.HERE / "cases")
HEALTHY = cases.load(cases.HERE / "healthy")
WHOLE: dict[str, Any] = {
    "title": "a title",
    "why": "a reason",
    "section": "library",
    "target": {"kind": "stack", "name": "onednn"},
    "shows": ["exit 1"],
    "expected": "corrupt_install",
    "heal": "healed",
}


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= matrix.LEAST_FAULTS
    assert len({fault.expected for fault in FAULTS}) >= matrix.LEAST_CAUSES


def test_every_section_has_faults() -> None:
    assert set(Counter(fault.section for fault in FAULTS)) == set(cases.SECTIONS)


def test_every_kind_of_target_is_healthy_once() -> None:
    assert {case.target.kind for case in HEALTHY} == set(cases.KINDS)
    assert {case.expected for case in HEALTHY} == {""}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_causes_are_known(fault: Case) -> None:
    assert fault.expected in CAUSES
    assert set(fault.also) <= set(CAUSES) - {fault.expected}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_something_is_broken_and_seen(fault: Case) -> None:
    assert fault.inject != "true" or fault.container
    healthy = "loaded accelerated convolved product exit 0\n"
    assert [pattern for pattern in fault.shows if not re.search(pattern, healthy)]


@pytest.mark.parametrize("fault", [*FAULTS, *HEALTHY], ids=lambda fault: fault.name)
def test_scripts_are_well_formed(fault: Case) -> None:
    for script in (fault.inject, fault.user_command()):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("fault", [*FAULTS, *HEALTHY], ids=lambda fault: fault.name)
def test_programs_are_there(fault: Case) -> None:
    text = f"{fault.inject} {fault.user_command()} {' '.join(fault.container)}"
    for name in re.findall(r"(?:/faults|\{faults\})/([\w./-]+)", text):
        assert Path(cases.HERE, name).is_file()


def test_a_whole_file_is_taken() -> None:
    assert parse("name", WHOLE).target.arguments() == ["onednn"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shows": []}, "shows is empty"),
        ({"shows": ["("]}, "shows: '\\('"),
        ({"shows": "exit 1"}, "lists of text"),
        ({"title": ""}, "title, why"),
        ({"section": "other"}, "section is 'other'"),
        ({"heal": "maybe"}, "heal is 'maybe'"),
        ({"image": "alpine"}, "image is 'alpine'"),
        ({"target": {"kind": "host", "name": "x"}}, "target.kind is 'host'"),
        ({"target": {"kind": "stack"}}, "target: "),
        ({"target": {"kind": "log", "name": "/x"}}, "a log cannot be healed"),
        ({"colour": "red"}, r"unknown \['colour'\]"),
        ({"name": "other"}, r"unknown \['name'\]"),
    ],
)
def test_a_slip_of_the_pen_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CaseError, match=says):
        parse("name", {**WHOLE, **change})


def test_a_missing_key_is_refused() -> None:
    with pytest.raises(CaseError, match=r"missing \['why'\]"):
        parse("name", {key: value for key, value in WHOLE.items() if key != "why"})


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"kind": "python", "name": "/p", "framework": "pytorch"}, "--python /p --framework pytorch"),
        ({"kind": "python", "name": "/p", "directory": "/d"}, "--python /p --directory /d"),
        ({"kind": "unit", "name": "a.service"}, "--unit a.service"),
    ],
)
def test_arguments_of_a_target(target: dict[str, str], words: str) -> None:
    assert cases.Target(**target).arguments() == words.split()


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (Result("n", "a"), "not injected"),
        (Result("n", "a", injected=True), "injected"),
        (Result("n", "a", looked=True, rank=1, causes=["a"]), "first"),
        (Result("n", "a", looked=True, rank=3, causes=["b", "c", "a"]), "in three"),
        (Result("n", "a", looked=True, rank=4, causes=["b", "c", "d", "a"]), "missed"),
        (Result("n", "a", looked=True, causes=["b"]), "missed"),
        (Result("n", "", looked=True), "healthy"),
        (Result("n", "", looked=True, causes=["b"]), "false alarm"),
    ],
)
def test_first_column_of_the_matrix(result: Result, says: str) -> None:
    assert result.diagnosed == says


def test_a_problem_makes_the_matrix_bad() -> None:
    good, bad = Result("n", "a"), Result("n", "a", problems=["x"])
    assert matrix.good([good], whole=False)
    assert not matrix.good([good, bad], whole=False)
    assert not matrix.good([good], whole=True), "one fault is not a whole matrix"


def test_matrix_names_problems_and_counts() -> None:
    text = matrix.text([Result("slow", "a", problems=["hangs"]), Result("fine", "", looked=True)])
    assert "slow: hangs" in text
    assert "faults: 1" in text
    assert matrix.markdown([Result("slow", "a")]).count("| slow |") == 1


def test_wheels_are_named_with_their_digests(tmp_path: Path) -> None:
    wanted = wheels.wanted(wheels.LIST.read_text(encoding="utf-8"))
    assert wanted
    assert all(name.endswith(".whl") and len(digest) == 64 for name, digest in wanted.items())
    name = next(iter(wanted))
    (tmp_path / name).write_bytes(b"something else")
    assert wheels.missing(wanted, tmp_path) == wanted
