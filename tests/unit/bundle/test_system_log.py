"""Lines of the system's logs: which are taken, how old they are, and where they come from."""

from __future__ import annotations

import calendar
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.bundle import system_log
from dnnready.bundle.bundle import Bundle
from dnnready.bundle.redact import Redactor
from dnnready.bundle.system_lines import kind, select, written

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
LINES = [
    line.split("\t", 1)
    for line in (FIXTURES / "lines.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]
ORDINARY = (FIXTURES / "ordinary.txt").read_text().splitlines()
NOW = float(calendar.timegm((2026, 11, 22, 21, 0, 0)))
BOOTED = NOW - 20_000
DAY = 86400


@pytest.mark.parametrize(("wanted", "line"), LINES)
def test_kinds(wanted, line):
    assert kind(line) == wanted


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_not_taken(line):
    assert kind(line) == ""


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("[17715.798546] traps: python3", BOOTED + 17715),
        ("<4>[   12.5] traps: python3", BOOTED + 12),
        ("2026-11-22T18:01:12+0000 device systemd[1]: x", NOW - 3 * 3600 + 72),
        ("2026-11-22T19:01:12+01:00 device systemd[1]: x", NOW - 3 * 3600 + 72),
        ("2026-11-22T12:31:12.123456-0530 device x", NOW - 3 * 3600 + 72),
        ("audit: type=1326 audit(1795383308.649:2): auid=0", 1795383308.0),
        ("type=AVC msg=audit(1795383308.932:91): avc:  denied", 1795383308.0),
        ("traps: python3", None),
        ("2026-99-99T99:99:99 x", None),
    ],
)
def test_dates(line, moment):
    assert written(line, NOW, BOOTED) == moment


def test_classic_syslog_without_a_year_is_of_this_or_the_last_year():
    assert written("Nov 22 18:01:12 device kernel: x", NOW, 0) == time.mktime((2026, 11, 22, 18, 1, 12, 0, 0, -1))
    assert written("Dec 31 18:01:12 device kernel: x", NOW, 0) == time.mktime((2025, 12, 31, 18, 1, 12, 0, 0, -1))
    assert written("Feb 30 18:01:12 device kernel: x", NOW, 0) is None


def test_only_the_last_days():
    day = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(NOW - 2 * DAY))
    lines = [f"{day} device kernel: python3[1]: segfault at 8", "python3[2]: segfault at 8", "nothing"]
    assert [line.partition("python3")[2] for line in select(lines, 1, NOW, BOOTED)] == ["[2]: segfault at 8"]
    assert len(list(select(lines, 3, NOW, BOOTED))) == 2


@given(st.text(max_size=200))
def test_no_line_makes_it_fail(line):
    kind(line)
    written(line, NOW, BOOTED)


def bundle():
    return Bundle(Redactor(), 1 << 22, 60)


def programs(path, **bodies):
    """A directory with programs; the only one that the tests' PATH has."""
    path.mkdir()
    for name, body in bodies.items():
        (path / name).write_text(f"#!/bin/sh\n{body}\n")
        (path / name).chmod(0o755)
    return str(path)


def text(filled):
    return (filled.member("system-log.txt") or b"").decode()


def why(filled):
    return {entry["what"]: entry["why"] for entry in filled.left_out}


def test_the_journal_is_asked_first(tmp_path, monkeypatch):
    recent = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    body = f"echo '{recent} d kernel: second[2]: segfault at 8'\necho '{recent} d kernel: first[1]: segfault at 8'"
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl=body, dmesg="echo '[1.0] x: segfault at 9'"))
    filled = bundle()
    system_log.fill(filled, 7, [], "/nowhere")
    assert [line.split()[4] for line in text(filled).splitlines()] == ["first[1]:", "second[2]:"]
    assert filled.index()["members"][0]["source"] == "journal"
    assert filled.left_out == []


@pytest.mark.parametrize(
    ("journal", "reason"),
    [
        ("echo 'No journal files were found.' >&2; echo '-- No entries --'", "No journal files were found."),
        ("exit 1", "it has no entry of the kernel or of systemd"),
        ("kill -9 $$", "it has no entry of the kernel or of systemd"),
    ],
)
def test_the_kernel_is_asked_where_the_journal_has_nothing(tmp_path, monkeypatch, journal, reason):
    dmesg = "echo '[    1.0] traps: python3[1] trap invalid opcode ip:1'"
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl=journal, dmesg=dmesg))
    filled = bundle()
    system_log.fill(filled, 36500, [], "/nowhere")
    assert text(filled).startswith("[illegal_instruction] [    1.0] traps: python3[1]")
    assert why(filled)["system log: journal"] == reason


def test_the_kernel_is_asked_too_where_the_journal_has_nothing_of_it(tmp_path, monkeypatch):
    recent = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    journal = f"echo '{recent} d systemd[1]: x.service: Main process exited, code=dumped, status=4/ILL'"
    dmesg = "echo '[    1.0] traps: python3[1] trap invalid opcode ip:1'"
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl=journal, dmesg=dmesg))
    filled = bundle()
    system_log.fill(filled, 36500, [], "/nowhere")
    assert len(text(filled).splitlines()) == 2
    assert filled.index()["members"][0]["source"] == "journal, dmesg"


def test_a_user_without_the_group_is_told_what_is_hidden(tmp_path, monkeypatch):
    words = "Hint: You are currently not seeing messages from other users and the system."
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl=f"echo '{words}' >&2; echo x", dmesg="exit 1"))
    filled = bundle()
    system_log.fill(filled, 7, [], "/nowhere")
    assert "systemd-journal" in why(filled)["system log: messages of other users"]


def test_why_no_journal_could_be_opened(tmp_path, monkeypatch):
    words = (
        "Hint: You are currently not seeing messages from other users and the system.\nNo journal files were opened."
    )
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl=f"echo '{words}' >&2; exit 1", dmesg="exit 1"))
    filled = bundle()
    system_log.fill(filled, 7, [], "/nowhere")
    assert why(filled)["system log: journal"] == "No journal files were opened."


def test_files_where_neither_journal_nor_kernel_can_be_read(tmp_path, monkeypatch):
    refused = "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1"
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", dmesg=refused))
    log = tmp_path / "kern.log"
    log.write_text("\n".join(line for _, line in LINES) + "\n" + "\n".join(ORDINARY))
    audit = tmp_path / "audit.log"
    audit.write_text(f"type=AVC msg=audit({int(time.time())}.1:9): avc:  denied  {{ execmem }} for pid=1\n")
    filled = bundle()
    system_log.fill(filled, 36500, [str(tmp_path / "missing"), str(log)], str(audit))
    assert len(text(filled).splitlines()) == len(LINES) + 1
    assert "Cannot start journalctl" in why(filled)["system log: journal"]
    assert "Operation not permitted" in why(filled)["system log: dmesg"]


def test_a_file_that_cannot_be_read_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs(tmp_path / "bin"))
    (tmp_path / "kern.log").write_text("python3[2]: segfault at 8\n")
    filled = bundle()
    system_log.fill(filled, 7, [str(tmp_path), str(tmp_path / "kern.log")], "/nowhere")
    assert "no regular file" in why(filled)[f"system log: {tmp_path}"]
    assert "segfault" in text(filled)


def test_nothing_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", dmesg="exit 1"))
    filled = bundle()
    system_log.fill(filled, 7, [], str(tmp_path))
    assert filled.index()["members"] == []
    assert "no regular file" in why(filled)[f"system log: {tmp_path}"]


def test_a_journal_of_a_service(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", journalctl='echo "$@"; echo API_KEY=hunter2hunter2'))
    filled = bundle()
    system_log.fill_unit(filled, "camera.service", 3, "units/camera.service")
    member = (filled.member("units/camera.service/journal.txt") or b"").decode()
    assert "--since=-3d" in member
    assert "-u camera.service" in member
    assert "hunter2" not in member
