"""What apt prints, and what becomes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.depot_builder import apt_sources, debian, stanza
from dnnready.errors import DnnreadyError

#: As `apt-get --print-uris install` of Debian 12 prints them.
PRINTED = """\
'http://m.example/g/libgomp1_12.2.0-14%2bdeb12u1_amd64.deb' libgomp1_12.2.0-14+deb12u1_amd64.deb 115772 MD5Sum:9
'http://m.example/p/perl-base_5.36.0-7_amd64.deb' perl-base_5.36.0-7_amd64.deb 1608536 SHA256:00
'http://mirror.example/debian/pool/main/n/network/dnsutils_9.18_all.deb' dnsutils_1%3a9.18_all.deb 12
Reading package lists...
"""
#: As `apt-cache show` prints them; the first of two archives that have a version counts.
SHOWN = """\
Package: dnsutils
Version: 1:9.18
Architecture: all
Depends: bind9-dnsutils,
 libc6
Filename: pool/main/n/network/dnsutils_9.18_all.deb
Size: 12
SHA256: aa

Package: dnsutils
Version: 1:9.17
Architecture: all
Filename: pool/main/n/network/dnsutils_9.17_all.deb
Size: 13
SHA256: bb

Package: dnsutils
Version: 1:9.18
Architecture: all
Filename: pool/updates/dnsutils_9.18_all.deb
Size: 12
SHA256: aa
"""


def test_versions_are_read_with_their_epochs():
    assert debian.versions(PRINTED) == {
        "libgomp1": "12.2.0-14+deb12u1",
        "perl-base": "5.36.0-7",
        "dnsutils": "1:9.18",
    }


def test_a_package_is_what_apt_shows_of_the_wanted_version():
    (package,) = stanza.packages(SHOWN, {"dnsutils": "1:9.18"})
    assert (package.file, package.bytes, package.sha256, package.architecture) == (
        "dnsutils_9.18_all.deb",
        12,
        "aa",
        "all",
    )
    assert debian.archive_name(package) == "dnsutils_1%3a9.18_all.deb"


def test_the_index_names_files_beside_it_and_keeps_the_rest():
    (package,) = stanza.packages(SHOWN, {"dnsutils": "1:9.18"})
    text = stanza.index([package])
    assert "\nFilename: ./dnsutils_9.18_all.deb\n" in text
    assert "Depends: bind9-dnsutils,\n libc6\n" in text
    assert "pool/" not in text


@pytest.mark.parametrize(
    ("text", "wanted", "says"),
    [
        ("", {"x": "1"}, "does not describe x"),
        (SHOWN, {"dnsutils": "2"}, "does not describe dnsutils"),
        ("Package: x\nVersion: 1\nArchitecture: all\nFilename: x.deb\nSize: 1\n", {"x": "1"}, "'sha256' of x 1"),
        ("Package: x\nVersion: 1\nArchitecture: all\nFilename: x.deb\nSize: big\nSHA256: a\n", {"x": "1"}, "of x 1"),
    ],
)
def test_what_apt_does_not_tell_is_said(text, wanted, says):
    with pytest.raises(DnnreadyError) as refused:
        stanza.packages(text, wanted)
    assert says in str(refused.value)


_field = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.from_regex(r"\A[a-z][a-z0-9+.-]{1,8}\Z"), _field, st.integers(0, 1 << 40)), max_size=8))
def test_an_index_that_is_written_is_read_back(rows):
    wanted = {name: version for name, version, _ in reversed(rows)}
    first = {name: size for name, _, size in reversed(rows)}
    text = "\n\n".join(
        f"Package: {name}\nVersion: {wanted[name]}\nArchitecture: all\n"
        f"Filename: pool/{name}.deb\nSize: {first[name]}\nSHA256: 0"
        for name in wanted
    )
    found = stanza.packages(text, wanted)
    again = stanza.packages(stanza.index(found), wanted)
    assert [(one.name, one.version, one.bytes, one.file) for one in again] == [
        (one.name, one.version, one.bytes, one.file) for one in found
    ]
    assert {one.name: one.bytes for one in again} == first


TARGETS = [
    "http://mirror.example/debian/ bookworm main Debian",
    "http://mirror.example/debian/ bookworm non-free-firmware Debian",
    "http://mirror.example/debian/ bookworm-updates main Debian",
    "http://mirror.example/security/ bookworm-security main Debian",
    "https://third.example/apt bookworm stable Third",
    "https://third.example/apt bookworm main Third party",
    "https://cloud.example/apt tools-bookworm main Debian",
    "broken",
]


@pytest.mark.parametrize(
    ("codename", "here", "keyring", "expected"),
    [
        (
            "trixie",
            "bookworm",
            False,
            [
                "deb http://mirror.example/debian/ trixie main non-free-firmware",
                "deb http://mirror.example/debian/ trixie-updates main",
                "deb http://mirror.example/security/ trixie-security main",
            ],
        ),
        ("sid", "bookworm", False, ["deb http://mirror.example/debian/ sid main non-free-firmware"]),
        ("trixie", "", False, []),
        ("trixie", "noble", False, []),
    ],
)
def test_the_machines_mirrors_serve_other_releases(codename, here, keyring, expected):
    assert apt_sources.derived(TARGETS, here, codename, keyring) == expected


def test_before_its_first_update_apt_knows_no_origin():
    lines = ["http://mirror.example/debian/ bookworm main $(ORIGIN)"]
    (found,) = apt_sources.derived(lines, "bookworm", "bookworm", True)
    assert found == f"deb [signed-by={apt_sources.KEYRING}] http://mirror.example/debian/ bookworm main"


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("deb http://mirror.example/debian bookworm main contrib", True),
        ("deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian bookworm main", True),
        ("deb [trusted=yes] file:/srv/apt ./", True),
        ("deb-src http://mirror.example/debian bookworm main", False),
        ("http://mirror.example/debian bookworm main", False),
        ("deb http://mirror.example/debian bookworm main\ndeb http://evil.example x main", False),
        ("deb http://mirror.example/debian", False),
    ],
)
def test_a_line_of_the_user_must_be_one(line, right):
    if right:
        assert apt_sources.given([line]) == [line]
    else:
        with pytest.raises(DnnreadyError, match="no line of a sources"):
            apt_sources.given([line])
