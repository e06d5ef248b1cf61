"""Versions, requirements and markers without the packaging library."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.probes import versions

ORDER = ("1.dev1", "1.0a1.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1.dev2", "1.0.post1", "1.1", "1.10", "2.0")


def test_the_order_of_pep_440():
    assert all(versions.key(older) < versions.key(newer) for older, newer in itertools.pairwise(ORDER))


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("2.0.0", "==2", True),
        ("2.13.0+cpu", "==2.13.0", True),
        ("2.13.0+cpu", "==2.13.0+cu118", False),
        ("2.13.0+cpu", "==2.13.*", True),
        ("2.1", "!=2.1.*", False),
        ("1.26.4", "<2.0.0,>=1.23.5", True),
        ("2.0.1", "<2.0.0,>=1.23.5", False),
        ("2.0rc1", "<2", False),
        ("1.9.9", "<2", True),
        ("1.7.post1", ">1.7", False),
        ("1.7.1", ">1.7", True),
        ("5.29.5", "<8.0.0,>=6.31.1", False),
        ("6.31.1", "!=4.21.0,!=4.21.1,<8,>=6.31.1", True),
        ("3.4.5", "~=3.4", True),
        ("4.0", "~=3.4", False),
        ("3.4.1", "~=3.4.2", False),
        ("1.0", "===1.0", None),
        ("1!1.0", ">=1", None),
        ("unknown", ">=1", None),
        ("1.0", "", True),
    ],
)
def test_whether_a_version_fits(version, wanted, answer):
    assert versions.satisfied(version, versions.requirement(f"package{wanted}").clauses) is answer


@pytest.mark.parametrize(
    ("line", "name", "count", "marker"),
    [
        ("numpy (>=1.21,<2) ; python_version >= '3.9'", "numpy", 2, "python_version >= '3.9'"),
        ("Typing_Extensions>=4.8.0", "typing-extensions", 1, ""),
        ("tensorboard", "tensorboard", 0, ""),
        ("nvidia-cublas-cu12==12.1.3.1; platform_system == 'Linux'", "nvidia-cublas-cu12", 1, None),
        ("torch[opt]>=2", "torch", 1, ""),
    ],
)
def test_a_requirement_is_read(line, name, count, marker):
    found = versions.requirement(line)
    assert (found.name, len(found.clauses)) == (name, count)
    assert marker is None or found.marker == marker


def test_what_names_a_url_is_left_out():
    assert versions.requirement("torch @ https://example.org/torch.whl") is None


@pytest.mark.parametrize(
    ("marker", "answer"),
    [
        ("", True),
        ("python_version >= '3.10'", True),
        ("python_version < '3.10'", False),
        ("sys_platform == 'linux' and python_version >= '3.9'", True),
        ("sys_platform == 'win32' and implementation_name == 'x'", False),
        ("extra == 'dev'", None),
        ("python_version < '3' or sys_platform == 'linux'", None),
        ("platform_python_implementation == 'CPython'", None),
    ],
)
def test_a_marker_holds_or_is_not_known(marker, answer):
    assert versions.applies(marker, {"python_version": "3.11", "sys_platform": "linux"}) is answer


@given(st.text(max_size=60))
def test_any_text_is_read_or_left(text):
    versions.key(text)
    versions.applies(text, {"python_version": "3.11"})
    found = versions.requirement(text)
    if found:
        versions.satisfied("1.0", found.clauses)


@given(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?(\.post[0-9])?", fullmatch=True))
def test_a_version_fits_itself(version):
    assert versions.satisfied(version, (("==", version), ("<=", version), (">=", version))) is True
    assert versions.satisfied(version, (("<", version),)) is False
