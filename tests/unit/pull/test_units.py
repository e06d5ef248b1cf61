"""The units and the files: what systemd makes of them, and that nothing a user says becomes another directive."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.pull import setup
from dnnready.pull.settings import Settings
from dnnready.pull.setup import Wanted, inventory
from dnnready.pull.units import Schedule, service, timer
from dnnready.watch.manager import Manager

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT release"
#: `systemd-analyze security` in tenths, of systemd 252. What is above is looked at before it is allowed.
MOST_EXPOSED = 60
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), min_size=1)


def directives(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("name", ["MemoryDenyWriteExecute", "RestrictSUIDSGID", "ProtectSystem"])
def test_what_provisioning_needs_is_not_taken(name: str) -> None:
    assert name not in directives(service(Path("/opt/dnnready"), Schedule(), 60))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ExecStart", '"/opt/dnnready/pull/program" "--prefix" "/opt/dnnready" "pull"'),
        ("TimeoutStartSec", "3660"),
        ("ProtectHome", "read-only"),
        ("ReadWritePaths", '"/opt/dnnready"'),
        ("NoNewPrivileges", "yes"),
    ],
)
def test_directives(name: str, value: str) -> None:
    assert directives(service(Path("/opt/dnnready"), Schedule(), 60))[name] == [value]


def test_the_timer() -> None:
    said = directives(timer(Path("/p"), Schedule("*:0/15", 60)))
    assert (said["OnCalendar"], said["RandomizedDelaySec"], said["FixedRandomDelay"]) == (["*:0/15"], ["60"], ["yes"])


@pytest.mark.parametrize("schedule", [Schedule("hourly\nOnBootSec=1"), Schedule(""), Schedule("hourly", -1)])
def test_what_no_unit_can_say_is_refused(schedule: Schedule) -> None:
    for text in (lambda: service(Path("/p"), schedule, 60), lambda: timer(Path("/p"), schedule)):
        with pytest.raises(DnnreadyError):
            text()


@given(PRINTABLE)
def test_no_path_makes_a_directive(path: str) -> None:
    plain, odd = (directives(service(Path(prefix), Schedule(), 60)) for prefix in ("/p", f"/{path}"))
    assert {name: len(values) for name, values in odd.items()} == {name: len(values) for name, values in plain.items()}


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd is not installed here; tests/integration/test_pull.py asks in a container")
    return found


def test_systemd_understands_every_line(tmp_path: Path, systemd_analyze: str) -> None:
    prefix = tmp_path / "a place"
    (prefix / "pull").mkdir(parents=True)
    (prefix / "pull" / "program").write_text("#!/bin/sh\n")
    (prefix / "pull" / "program").chmod(0o755)
    paths = [tmp_path / "dnnready-pull.service", tmp_path / "dnnready-pull.timer"]
    paths[0].write_text(service(prefix, Schedule(), 60))
    paths[1].write_text(timer(prefix, Schedule()))
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "dnnready" in line] == []


def test_what_it_is_exposed_to(tmp_path: Path, systemd_analyze: str) -> None:
    path = tmp_path / "dnnready-pull.service"
    path.write_text(service(Path("/opt/dnnready"), Schedule(), 60))
    done = subprocess.run(
        [systemd_analyze, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


def test_a_host_is_in_its_groups() -> None:
    assert inventory("camera-7", ["all", "ring_canary", "ungrouped"]) == {
        "all": {"hosts": {"camera-7": {}}, "children": {"ring_canary": {"hosts": {"camera-7": {}}}}}
    }
    with pytest.raises(DnnreadyError, match="no name of a group"):
        inventory("camera-7", ["a b"])


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wanted:
    """A host whose systemd does not run, in a directory."""
    manager = Manager(False, tmp_path / "etc" / "system", tmp_path / "stamps", False)
    monkeypatch.setattr(setup, "find", lambda **_: manager)
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "dnnready").write_bytes(b"#!/bin/sh\n\xff\xfe")
    releases = prefix / "pull/stacks/ansible/releases"
    for name in ("1" * 16, "2" * 16):
        (releases / name).mkdir(parents=True)
    settings = Settings("https://git.example.net/x", f"{releases}/{'2' * 16}/venv", "camera-7", signers=[KEY])
    return Wanted(prefix, settings, groups=["ring_canary"], variables={"dnnready_stacks": ["onednn"]})


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def test_set_up_once_and_taken_away_without_trace(wanted: Wanted, tmp_path: Path) -> None:
    before = files(tmp_path)
    first = setup.plan(wanted, present=True)
    assert (first.changed, files(tmp_path)) == (True, before)
    first.apply()
    assert not setup.plan(wanted, present=True).changed
    root = wanted.prefix / "pull"
    assert (root / "program").read_bytes() == (wanted.prefix / "bin" / "dnnready").read_bytes()
    assert [path.name for path in (root / "stacks/ansible/releases").iterdir()] == ["2" * 16]
    noted = json.loads((wanted.prefix / "footprint.json").read_text())["files"]
    assert noted
    assert not [path for path in noted if path.startswith(str(wanted.prefix))]
    away = setup.plan(wanted, present=False)
    assert away.changed
    away.apply()
    assert not setup.plan(wanted, present=False).changed
    assert files(tmp_path) == ["prefix/.footprint.lock", "prefix/bin/dnnready", "prefix/footprint.json"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda one: replace(one, variables={"a": 1}), "variables.json"),
        (lambda one: replace(one, groups=[]), "inventory.json"),
        (lambda one: replace(one, settings=replace(one.settings, revoked=[KEY])), "revoked"),
        (lambda one: replace(one, known_hosts=["git.example.net ssh-ed25519 AAAA"]), "known_hosts"),
        (lambda one: replace(one, schedule=Schedule("daily")), "dnnready-pull.timer"),
    ],
)
def test_what_changes_is_written_and_shown(wanted: Wanted, change: Any, name: str) -> None:
    setup.plan(wanted, present=True).apply()
    planned = setup.plan(change(wanted), present=True)
    assert planned.changed
    shown = [entry["before_header"] for entry in planned.setup.diff() if entry["before"] != entry["after"]]
    assert any(path.endswith(f"/{name}") for path in shown)
    planned.apply()
    assert not setup.plan(change(wanted), present=True).changed


def test_another_program_is_taken(wanted: Wanted) -> None:
    setup.plan(wanted, present=True).apply()
    (wanted.prefix / "bin" / "dnnready").write_text("another")
    planned = setup.plan(wanted, present=True)
    assert planned.changed
    planned.apply()
    assert (wanted.prefix / "pull" / "program").read_text() == "another"


def test_a_unit_of_somebody_else_stays(wanted: Wanted, tmp_path: Path) -> None:
    (tmp_path / "etc" / "system").mkdir(parents=True)
    (tmp_path / "etc" / "system" / "dnnready-pull.service").write_text("[Service]\n")
    with pytest.raises(DnnreadyError, match="not written by dnnready"):
        setup.plan(wanted, present=True)
    setup.plan(wanted, present=False).apply()
    assert (tmp_path / "etc" / "system" / "dnnready-pull.service").exists()
