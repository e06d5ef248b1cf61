"""What apt says that it would do."""

import os

import pytest

from dnnready.errors import DnnreadyError
from dnnready.packages import apt

REHEARSAL = """Reading package lists...
Inst libgomp1 (12.2.0-14+deb12u1 Debian:12.11/oldstable [amd64])
Inst libc6 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian:12.11/oldstable [amd64])
Remv hello [2.10-3]
Purg tzdata [2024a-0]
Conf libgomp1 (12.2.0-14+deb12u1 Debian:12.11/oldstable [amd64])
"""


def test_new_packages_are_those_without_an_old_version():
    assert apt.would_install(REHEARSAL) == {"libgomp1": "12.2.0-14+deb12u1"}


def test_everything_that_changes_counts_against_a_removal():
    assert apt.would_touch(REHEARSAL) == {"libgomp1", "libc6", "hello", "tzdata"}


@pytest.mark.parametrize("place", ["relative/path", "/nonexistent/repository"])
def test_a_repository_without_packages_is_refused(place):
    with pytest.raises(DnnreadyError, match="is no repository"), apt.opened(place):
        pass


def test_a_repository_is_all_that_apt_sees_and_nothing_of_it_stays(tmp_path):
    (tmp_path / "Packages").write_text("")
    with apt.opened(str(tmp_path)) as opened:
        source = next(word for word in opened.own if word.startswith("Dir::Etc::SourceList=")).partition("=")[2]
        with open(source) as stream:
            assert stream.read() == f"deb [trusted=yes] file:{tmp_path} ./\n"
        assert not opened.fresh()
    assert not os.path.exists(source)
