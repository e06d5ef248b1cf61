"""The units: what systemd makes of them, and that nothing a user says becomes another directive."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.watch import setup
from dnnready.watch.manager import Manager
from dnnready.watch.units import Settings, quoted, service, timer, word

#: `systemd-analyze security` in tenths; 11 with systemd 252. What is above is looked at before it is allowed.
MOST_EXPOSED = 15
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), min_size=1)


def directives(text):
    """{name: [values]}."""
    found = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            found.setdefault(name, []).append(value)
    return found


def test_the_jit_may_write_code():
    assert "MemoryDenyWriteExecute" not in service(Settings("/opt/dnnready"))


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({}, "CapabilityBoundingSet", ""),
        ({"capabilities": "CAP_DAC_OVERRIDE"}, "CapabilityBoundingSet", "CAP_DAC_OVERRIDE"),
        ({}, "PrivateNetwork", "yes"),
        ({"user": True}, "PrivateNetwork", None),
        ({"user": True}, "NoNewPrivileges", "yes"),
        ({}, "MemoryMax", None),
        ({"memory_max": "1G"}, "MemoryMax", "1G"),
        ({"writable": ["/m"]}, "ReadWritePaths", '"/opt/dnnready" "-/m"'),
        ({}, "CPUSchedulingPolicy", "idle"),
        ({}, "ConditionPathExists", "/opt/dnnready/bin/dnnready"),
        ({}, "StartLimitIntervalSec", "0"),
    ],
)
def test_directives(settings, name, value):
    assert directives(service(Settings("/opt/dnnready", **settings))).get(name) == (None if value is None else [value])


def test_the_timer():
    said = directives(timer(Settings("/p", calendar="*:0/15", random_delay=60)))
    assert said["OnCalendar"] == ["*:0/15"]
    assert said["RandomizedDelaySec"] == ["60"]
    assert said["Persistent"] == ["yes"]


@pytest.mark.parametrize(
    "settings",
    [
        {"calendar": "hourly\nOnBootSec=1"},
        {"calendar": ""},
        {"memory_max": "1G\nUser=nobody"},
        {"memory_max": "much"},
        {"random_delay": -1},
        {"timeout": 0},
        {"textfile_directory": "/a\nUser=nobody"},
    ],
)
def test_what_no_unit_can_say_is_refused(settings):
    with pytest.raises(DnnreadyError):
        service(Settings("/opt/dnnready", **settings))


@given(PRINTABLE)
def test_a_word_stays_a_word(text):
    assert shlex.split(quoted(text).replace("%%", "%")) == [text]
    assert shlex.split(word(text).replace("%%", "%").replace("$$", "$")) == [text.replace("$$", "$")]


@given(PRINTABLE, st.lists(PRINTABLE, max_size=2))
def test_no_text_makes_a_directive(path, stacks):
    plain = directives(service(Settings("/p", writable=["/w"])))
    odd = directives(service(Settings(f"/{path}", stacks=stacks, textfile_directory="/" + path, writable=["/w"])))
    assert odd.keys() == plain.keys()
    assert all(len(values) == 1 for values in odd.values())


@pytest.fixture
def systemd_analyze():
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd is not installed here; tests/integration/test_watch.py asks in a container")
    return found


@pytest.mark.parametrize("settings", [{}, {"memory_max": "1G", "fail_on_drift": True, "stacks": ["a b", "c%d$e"]}])
def test_systemd_understands_every_line(tmp_path, systemd_analyze, settings):
    program = tmp_path / "a place" / "bin" / "dnnready"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    asked = Settings(str(tmp_path / "a place"), **settings)
    paths = [tmp_path / "dnnready-watch.service", tmp_path / "dnnready-watch.timer"]
    for path, text in zip(paths, (service(asked), timer(asked)), strict=True):
        path.write_text(text)
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "dnnready" in line] == []


def test_what_it_is_exposed_to(tmp_path, systemd_analyze):
    path = tmp_path / "dnnready-watch.service"
    path.write_text(service(Settings("/opt/dnnready")))
    done = subprocess.run(
        [systemd_analyze, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A host whose systemd does not run, in a directory."""
    manager = Manager(False, tmp_path / "etc" / "system", tmp_path / "stamps", False)
    monkeypatch.setattr(setup, "find", lambda _user, _present: manager)
    (tmp_path / "metrics").mkdir()
    return Settings(str(tmp_path / "prefix"), textfile_directory=str(tmp_path / "metrics"))


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def test_set_up_once_and_taken_away_without_trace(place, tmp_path):
    before = files(tmp_path)
    first = setup.plan(place, present=True)
    assert (first.changed, files(tmp_path)) == (True, before)
    first.apply()
    assert not setup.plan(place, present=True).changed
    link = tmp_path / "etc/system/timers.target.wants/dnnready-watch.timer"
    assert link.resolve() == tmp_path / "etc/system/dnnready-watch.timer"
    (tmp_path / "metrics" / "dnnready.prom").write_text("")
    (tmp_path / "prefix" / "watch").mkdir()
    away = setup.plan(place, present=False)
    assert away.changed
    assert "dnnready.prom" in away.diff()[-1]["before"]
    away.apply()
    assert not setup.plan(place, present=False).changed
    assert files(tmp_path) == ["prefix/.footprint.lock", "prefix/footprint.json"]


def test_the_metrics_of_before_go_too(place, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    left = tmp_path / "elsewhere" / "dnnready.prom"
    left.write_text("")
    (tmp_path / "prefix" / "watch").mkdir(parents=True)
    (tmp_path / "prefix" / "watch" / "state.json").write_text(f'{{"textfile": "{left}"}}')
    setup.plan(place, present=False).apply()
    assert not left.exists()


def test_a_unit_of_somebody_else_stays(place, tmp_path):
    (tmp_path / "etc" / "system").mkdir(parents=True)
    (tmp_path / "etc" / "system" / "dnnready-watch.service").write_text("[Service]\n")
    with pytest.raises(DnnreadyError, match="not written by dnnready"):
        setup.plan(place, present=True)
