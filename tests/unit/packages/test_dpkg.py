"""Names, versions and states as dpkg and the Debian Policy have them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.packages import dpkg

LISTED = (
    "dpkg\tamd64\t1.21.22\tinstalled\n"
    "libgomp1\tamd64\t12.2.0-14+deb12u1\tinstalled\n"
    "libgomp1\ti386\t12.2.0-14+deb12u1\tinstalled\n"
    "tzdata\tall\t2024a-0\tconfig-files\n"
    "broken\tamd64\t1.0\thalf-configured\n"
    "purged\tamd64\t\tnot-installed\n"
)


def test_packages_are_named_as_one_asks_for_them():
    known = dpkg.parse(LISTED)
    assert known["libgomp1"].version == "12.2.0-14+deb12u1"
    assert known["libgomp1:amd64"].name == "libgomp1"
    assert known["libgomp1:i386"].name == "libgomp1:i386"
    assert known["tzdata"].state == "config-files"
    assert "purged" not in known


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ("libgomp1", False),
        ("libgomp1:amd64", False),
        ("libgomp1:arm64", True),
        ("libgomp1=12.2.0-14+deb12u1", False),
        ("libgomp1=12.2.0-14", True),
        ("tzdata", True),
        ("broken", True),
        ("purged", True),
        ("libdnnl2", True),
    ],
)
def test_what_is_missing(asked, missing):
    assert bool(dpkg.missing(dpkg.wanted([asked]), dpkg.parse(LISTED))) is missing


@pytest.mark.parametrize(
    "text",
    ["", "-y", "--purge", "Libgomp1", "a", "lib gomp1", "libgomp1;id", "libgomp1=", "libgomp1=-1", "libgomp1=1 2",
     "libgomp1=1;id", "libgomp1-", "libgomp1=1-", "*", "lib*", "../x.deb", "./x.deb", "/x.deb", "libgomp1\n",
     "libgomp1=1\n", "$(id)"],
)  # fmt: skip
def test_what_apt_would_read_as_something_else_is_refused(text):
    with pytest.raises(DnnreadyError):
        dpkg.wanted([text])


@given(st.text(alphabet=string.printable, max_size=30))
def test_an_accepted_word_is_neither_option_nor_pattern_nor_path(text):
    try:
        (found,) = dpkg.wanted([text])
    except DnnreadyError:
        return
    assert str(found) == text
    assert not set(text) & set(" \t\n;|&$`'\"\\*?[](){}<>/!#~") or "~" in found.version
    assert text[0].isalnum()
    assert not text.endswith("-")


def test_an_interrupted_dpkg_is_seen_by_the_states_of_packages_and_by_its_journal(tmp_path):
    assert dpkg.interrupted(dpkg.parse(LISTED), str(tmp_path))
    whole = {name: package for name, package in dpkg.parse(LISTED).items() if package.name != "broken"}
    assert not dpkg.interrupted(whole, str(tmp_path))
    (tmp_path / "tmp.i").write_text("")
    assert not dpkg.interrupted(whole, str(tmp_path))
    (tmp_path / "0001").write_text("")
    assert dpkg.interrupted(whole, str(tmp_path))


def test_newly_installed_are_those_that_were_not_even_as_configuration():
    before = dpkg.parse("dpkg\tamd64\t1\tinstalled\na1\tamd64\t1\tconfig-files\nb1\tamd64\t1\tinstalled\n")
    after = dpkg.parse(
        "dpkg\tamd64\t1\tinstalled\na1\tamd64\t2\tinstalled\nb1\tamd64\t2\tinstalled\nc1\tamd64\t3\tinstalled\n"
    )
    assert [(one.name, one.version) for one in dpkg.newly(before, after)] == [("a1", "2"), ("c1", "3")]
