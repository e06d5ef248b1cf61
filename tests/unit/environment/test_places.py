"""Files of ours come and go whole; files of others stay."""

import os
import subprocess

import pytest

from dnnready.environment import places
from dnnready.environment.prepare import prepare
from dnnready.environment.render import MARK, parse
from dnnready.errors import DnnreadyError


def state(directory):
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_a_release_gets_its_file_and_loses_it(tmp_path):
    [change] = places.release_changes(str(tmp_path), {"A": "1"})
    assert change.changed and change.before is None
    places.apply([change])
    assert parse((tmp_path / "environment").read_text()) == {"A": "1"}
    assert (tmp_path / "environment").stat().st_mode & 0o7777 == 0o644
    assert not places.release_changes(str(tmp_path), {"A": "1"})[0].changed
    [other] = places.release_changes(str(tmp_path), {"A": "2"})
    assert other.changed and "A=1" in other.diff()["before"] and "A=2" in other.diff()["after"]
    places.apply(places.release_changes(str(tmp_path), None))
    assert os.listdir(tmp_path) == []
    assert not places.release_changes(str(tmp_path), None)[0].changed


def test_a_wrong_mode_is_a_change(tmp_path):
    places.apply(places.login_changes(str(tmp_path), "x", {"A": "1"}))
    (tmp_path / "x.sh").chmod(0o666)
    [change] = places.login_changes(str(tmp_path), "x", {"A": "1"})
    assert change.changed and "mode" in change.diff()["before_header"]
    places.apply([change])
    assert (tmp_path / "x.sh").stat().st_mode & 0o777 == 0o644


def test_services_get_drop_ins_and_lose_them_with_the_directory(tmp_path):
    (tmp_path / "b.service.d").mkdir()
    (tmp_path / "b.service.d" / "mine.conf").write_text("[Service]\n")
    changes = places.systemd_changes(str(tmp_path), "x", ["a.service", "b.service", "c@.service"], {"A": "50%"})
    places.apply(changes)
    assert state(tmp_path) == {
        "b.service.d/mine.conf": "[Service]\n",
        **{
            f"{unit}.d/x.conf": f'{MARK}\n[Service]\nEnvironment="A=50%%"\n'
            for unit in ("a.service", "b.service", "c@.service")
        },
    }
    assert (tmp_path / "a.service.d").stat().st_mode & 0o777 == 0o755
    places.apply(places.systemd_changes(str(tmp_path), "x", ["a.service"], None))
    assert not (tmp_path / "a.service.d").exists() and (tmp_path / "c@.service.d").exists()
    (tmp_path / "c@.service.d" / "x.conf.bak").write_text("")
    places.apply(places.systemd_changes(str(tmp_path), "x", [], None))
    assert state(tmp_path) == {"b.service.d/mine.conf": "[Service]\n", "c@.service.d/x.conf.bak": ""}


def test_removal_without_units_leaves_what_others_wrote(tmp_path):
    (tmp_path / "a.service.d").mkdir()
    (tmp_path / "a.service.d" / "x.conf").write_text("[Service]\nEnvironment=A=1\n")
    assert places.systemd_changes(str(tmp_path), "x", [], None) == []


@pytest.mark.parametrize("make", [lambda path: path.write_text("A=1\n"), lambda path: path.symlink_to("/dev/null")])
@pytest.mark.parametrize("variables", [{"A": "1"}, None])
def test_a_file_of_someone_else_is_refused(tmp_path, make, variables):
    make(tmp_path / "x.sh")
    with pytest.raises(DnnreadyError, match="not written by dnnready"):
        places.login_changes(str(tmp_path), "x", variables)


def test_a_missing_directory_is_said(tmp_path):
    with pytest.raises(DnnreadyError, match="There is no directory"):
        places.apply(places.release_changes(str(tmp_path / "none"), {"A": "1"}))
    with pytest.raises(DnnreadyError, match="There is no directory"):
        places.apply(places.systemd_changes(str(tmp_path / "none"), "x", ["a.service"], {"A": "1"}))


@pytest.mark.parametrize(
    "unit", ["a", "a.socket", "../a.service", "a b.service", ".service", "x" * 300 + ".service", "a/b.service", ""]
)
def test_a_name_that_is_no_service_is_refused(tmp_path, unit):
    with pytest.raises(DnnreadyError, match=r"camera\.service"):
        places.systemd_changes(str(tmp_path), "x", ["good.service", unit], {"A": "1"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "a b", "x" * 101, "a\n"])
def test_a_name_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(DnnreadyError, match="name of a file"):
        places.login_changes(str(tmp_path), name, {"A": "1"})


def test_services_must_be_named(tmp_path):
    with pytest.raises(DnnreadyError, match="units"):
        places.systemd_changes(str(tmp_path), "x", [], {"A": "1"})


def test_a_login_shell_has_the_variables(tmp_path):
    places.apply(places.login_changes(str(tmp_path), "x", {"T_PLACES": "{0},{1}"}))
    done = subprocess.run(
        ["sh", "-c", f'. {tmp_path}/x.sh; sh -c "echo \\$T_PLACES"'], capture_output=True, text=True, check=True
    )
    assert done.stdout == "{0},{1}\n"


def test_prepare_names_all_refusals_at_once():
    given = {"OMP_NUM_THREADS": 0, "A": [1], "B": "x y", "C": "fine", "D": None, "E": "{release}/x"}
    with pytest.raises(DnnreadyError) as raised:
        prepare(given, [], None, scope="login")
    message = str(raised.value)
    assert message.startswith("4 variables are refused, nothing was written.")
    assert all(text in message for text in ("OMP_NUM_THREADS", "value of A", "B: its", "E: {release}"))
    assert "C" not in message.replace("OMP_NUM", "").split("refused")[0]


def test_prepare_puts_the_release_in(tmp_path):
    (tmp_path / "lib").mkdir()
    done = prepare({"LD_LIBRARY_PATH": "{release}/lib", "D": None}, [], None, scope="release", release=str(tmp_path))
    assert done.variables == {"LD_LIBRARY_PATH": f"{tmp_path}/lib"} and done.findings == []


def test_prepare_refuses_a_release_that_cannot_be_written():
    with pytest.raises(DnnreadyError, match="a space"):
        prepare({"LD_LIBRARY_PATH": "{release}/lib"}, [], None, scope="release", release="/home/a b")


def test_a_missing_library_is_a_warning_in_a_rehearsal():
    given = {"LD_PRELOAD": "/nowhere/libjemalloc.so.2"}
    with pytest.raises(DnnreadyError, match="does not exist"):
        prepare(given, [], None, scope="systemd")
    [finding] = prepare(given, [], None, scope="systemd", rehearsal=True).findings
    assert (finding.level, finding.code) == ("warning", "file_missing")


def test_login_shells_warn_about_what_changes_every_program():
    codes = [
        finding.code
        for finding in prepare(
            {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1", "OMP_NUM_THREADS": 1}, [], None, scope="login"
        ).findings
    ]
    assert codes == ["every_program"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MKL_NUM_THREADS", "abc"), ("LD_PRELOAD", "/nowhere/a.so"), ("UID", "1"), ("M", 1.5), ("M", "a;b"), ("M", [])],
)
def test_each_refusal_stands_alone_too(name, value):
    with pytest.raises(DnnreadyError, match=rf"^One variable is refused, nothing was written\..*\b{name}\b"):
        prepare({name: value}, [], None, scope="systemd")


def test_what_a_release_will_bring_is_not_missed_in_a_rehearsal(tmp_path):
    release = str(tmp_path / "release")
    given = {"LD_LIBRARY_PATH": "{release}/venv/lib"}
    assert prepare(given, ["onednn"], None, scope="release", release=release, rehearsal=True).findings == []
    codes = [each.code for each in prepare(given, ["onednn"], None, scope="release", release=release).findings]
    assert codes == ["directory_missing"]
