"""What a service takes from a release."""

import pytest

from dnnready.environment.inherit import inherited
from dnnready.environment.render import render
from dnnready.errors import DnnreadyError


def test_variables_come_from_the_release_and_paths_follow_the_link(tmp_path):
    release = tmp_path / "releases" / "0123"
    release.mkdir(parents=True)
    written = {"OMP_NUM_THREADS": "2", "LD_LIBRARY_PATH": f"{release}/venv/lib:/usr/lib/other"}
    (release / "environment").write_text(render(written))
    link = tmp_path / "current"
    link.symlink_to("releases/0123")
    assert inherited(f"{link}/") == {
        "OMP_NUM_THREADS": "2",
        "LD_LIBRARY_PATH": f"{link}/venv/lib:/usr/lib/other",
    }


def test_no_release_is_a_message_with_the_way_out(tmp_path):
    with pytest.raises(DnnreadyError, match=r"no release .*current.*site\.yml"):
        inherited(str(tmp_path / "current"))
