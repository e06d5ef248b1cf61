"""Switches between small releases that prove for real: what goes wrong leads back, and the next run goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dnnready.errors import DnnreadyError
from dnnready.lockfile import held
from dnnready.release import activate, facts, health, retention, rollback, unfinished
from dnnready.release.health import Gate
from dnnready.release.leftovers import clean
from dnnready.release.store import Store
from tests.integration.small_releases import provide

PROJECT = Path(__file__).resolve().parents[2]
PYTHONPATH = os.pathsep.join([str(PROJECT / "module_utils"), str(PROJECT)])
ACCEPT = ["accelerated"]


class Device:
    """A prefix with three proven releases of the stack `app`; the first is current."""

    def __init__(self, prefix: Path) -> None:
        self.store = Store(prefix, "app")
        self.ids = [provide(self.store, number) for number in range(3)]
        self.fact = facts.path_of(prefix, "")
        self.switch(0)

    def switch(self, number: int, keep: int = 9, **gate: Any) -> activate.Activation:
        """Make a release current, through everything that this takes."""
        return activate.activate(self.store, self.ids[number], ACCEPT, keep, self.fact, gate=Gate(**gate))

    def links(self) -> tuple[str, str]:
        """What is current, and what is previous."""
        return self.store.linked("current"), self.store.linked("previous")

    def apart(self, number: int, command: str, step: str = "") -> subprocess.Popen[str]:
        """The same in a process of its own."""
        script = str(PROJECT / "tests" / "integration" / "switching.py")
        words = [str(self.store.prefix), "app", self.ids[number], command, *([step] if step else [])]
        environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen([sys.executable, script, *words], env=environment, stdout=subprocess.PIPE, text=True)

    def program(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The program on the device."""
        environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"}
        argv = [sys.executable, "-m", "dnnready", "--prefix", str(self.store.prefix), *words]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Made once. Its releases know their path, so each test works here and leaves the first one current."""
    return Device(tmp_path_factory.mktemp("device"))


@pytest.fixture
def device(template: Device, tmp_path: Path) -> Iterator[Device]:
    """The device as it was made."""
    copy = tmp_path / "stacks"
    shutil.copytree(template.store.prefix / "stacks", copy, symlinks=True)
    yield template
    shutil.rmtree(template.store.prefix / "stacks")
    shutil.copytree(copy, template.store.prefix / "stacks", symlinks=True)
    facts.write(template.fact, facts.render(template.store.prefix))


def fails(device: Device, work: Callable[[], Any], reason: str) -> None:
    """The switch to the second release fails for a reason, and everything is as it was."""
    before, fact = device.links(), device.fact.read_text()
    with pytest.raises(DnnreadyError, match=reason) as caught:
        work()
    assert f"Current is {device.ids[0]}, as before." in caught.value.message
    assert device.links() == before
    assert device.fact.read_text() == fact
    assert not device.store.switch.exists()


def test_a_switch_is_proven_through_current_and_back_again(device: Device) -> None:
    done = device.switch(1)
    assert done.proof is not None
    assert done.proof["probes"][0]["convolutions"][0]["implementations"]
    assert device.links() == (device.ids[1], device.ids[0])
    back = rollback.roll_back(device.store, "", device.fact, health.NOTHING)
    assert device.links() == (device.ids[0], device.ids[1])
    assert (back.row["verdict"], back.row["changed"], back.row["release"]) == ("accelerated", True, device.ids[0])
    assert json.loads(device.fact.read_text())["stacks"]["app"]["release"] == device.ids[0]


def test_what_was_damaged_since_its_proof_does_not_become_current(device: Device) -> None:
    python = device.store.release(device.ids[1]) / "venv" / "bin" / "python"
    os.replace(python, python.with_name("elsewhere"))
    fails(device, lambda: device.switch(1), "There is no interpreter")
    rejected = json.loads(device.store.rejection(device.ids[1]).read_text())
    assert "no interpreter" in rejected["why"]
    os.replace(python.with_name("elsewhere"), python)
    device.switch(1)
    assert not device.store.rejection(device.ids[1]).exists()


def test_a_library_that_does_not_compute_any_more_is_seen(device: Device, tmp_path: Path) -> None:
    environment = device.store.release(device.ids[1]) / "environment"
    environment.write_text(f"LD_LIBRARY_PATH={tmp_path}\nONEDNN_MAX_CPU_ISA=SSE41\n")
    fails(device, lambda: device.switch(1), "Proven through .*current it is '(broken|fallback)'")
    proof = json.loads(device.store.rejection(device.ids[1]).read_text())["proof"]
    assert proof["verdict"] in ("broken", "fallback")


@pytest.mark.parametrize(
    ("gate", "reason", "log"),
    [
        ({"command": ("sh", "-c", "echo $RELEASE_NUMBER; exit 3")}, "failed with exit code 3", "1"),
        ({"command": ("sleep", "60"), "timeout": 0.5}, "did not end within 0.5 s", ""),
        ({"command": ("/no/such/program",)}, "cannot be run: Cannot start /no/such/program", ""),
        ({"command": ("sh", "-c", "kill -9 $$")}, "was ended by SIGKILL", ""),
    ],
)
def test_the_users_own_check_decides(device: Device, gate: dict[str, Any], reason: str, log: str) -> None:
    fails(device, lambda: device.switch(1, **gate), reason)
    assert json.loads(device.store.rejection(device.ids[1]).read_text())["log"] == log


def test_the_users_own_check_sees_the_new_release(device: Device) -> None:
    words = 'test "$DNNREADY_RELEASE/$DNNREADY_STACK/$RELEASE_NUMBER" = "{}/app/1" && python -c "import marker_one"'
    device.switch(1, command=("sh", "-c", words.format(device.ids[1])))
    assert device.links()[0] == device.ids[1]
    assert health.kept(device.store).command[0] == "sh"


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_the_middle_leads_back_at_once(device: Device, tmp_path: Path, number: signal.Signals) -> None:
    process = device.apart(1, f"sh -c 'touch {tmp_path}/there; sleep 60'")
    wait_for(tmp_path / "there")
    assert device.store.linked("current") == device.ids[1]
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"was ended by {number.name}. Current is {device.ids[0]}, as before." in said
    assert device.links() == (device.ids[0], "")
    assert not device.store.switch.exists()
    assert not device.store.rejection(device.ids[1]).exists()


def test_kill_in_the_middle_leads_back_with_the_next_run(device: Device, tmp_path: Path) -> None:
    process = device.apart(1, f"sh -c 'touch {tmp_path}/there; sleep 60'")
    wait_for(tmp_path / "there")
    said = device.program("status")
    assert (said.returncode, "is not final" in " ".join(said.stdout.split())) == (1, True), said.stdout
    with pytest.raises(DnnreadyError, match="another run is at work"):
        device.switch(2)
    process.kill()
    process.communicate()
    assert unfinished.settled(device.store) == device.ids[0]
    with held(device.store.lock, "test"):
        clean(device.store)
    assert device.links() == (device.ids[0], "")
    device.switch(1)
    assert device.links() == (device.ids[1], device.ids[0])


def test_rollback_of_a_switch_that_was_cut_is_the_way_back(device: Device, tmp_path: Path) -> None:
    device.switch(2)
    process = device.apart(1, f"sh -c 'touch {tmp_path}/there; sleep 60'")
    wait_for(tmp_path / "there")
    process.kill()
    process.communicate()
    done = device.program("rollback", "app", "--json")
    assert done.returncode == 0, done.stderr
    entry = json.loads(done.stdout)["rollbacks"][0]
    assert (entry["from"], entry["to"], entry["changed"]) == (device.ids[1], device.ids[2], True)
    assert device.links() == (device.ids[2], device.ids[0])


def test_killed_at_any_step_the_old_release_or_the_new_one_is_current(device: Device) -> None:
    survived, step, code = 0, 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        step += 1
        process = device.apart(1, "", str(step))
        process.communicate(timeout=60)
        code = process.returncode
        settled = unfinished.settled(device.store)
        assert settled in device.ids[:2]
        assert device.store.linked("current") in device.ids[:2]
        with held(device.store.lock, "test"):
            clean(device.store)
        assert device.store.linked("current") == settled
        assert all(map(device.store.finished, device.ids[:2]))
        survived += 1
        activate.activate(device.store, device.ids[0], ACCEPT, 9, device.fact, prove=lambda *_: {})
    assert code == 0
    assert survived == step > 20


def test_a_read_only_store_is_said(device: Device) -> None:
    def readonly(on: str) -> None:
        subprocess.run(["mount", "-o", f"bind,remount,{on}", str(device.store.prefix)], check=True)

    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("mounting needs root")
    subprocess.run(["mount", "--bind", str(device.store.prefix), str(device.store.prefix)], check=True)
    try:
        readonly("ro")
        with pytest.raises(DnnreadyError, match=r"Cannot write below|Read-only file system"):
            device.switch(1)
        assert device.links() == (device.ids[0], "")
    finally:
        readonly("rw")
        subprocess.run(["umount", str(device.store.prefix)], check=True)


def test_a_full_disk_leaves_what_was(tmp_path: Path) -> None:
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("mounting needs root")
    prefix = tmp_path / "small"
    prefix.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(prefix)], check=True)
    try:
        device = Device(prefix)
        with open(prefix / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        with pytest.raises(DnnreadyError, match="No space left on device"):
            device.switch(1)
        assert device.links() == (device.ids[0], "")
        (prefix / "ballast").unlink()
        device.switch(1)
        assert device.links() == (device.ids[1], device.ids[0])
    finally:
        subprocess.run(["umount", str(prefix)], check=True)


def test_what_a_process_runs_is_not_pruned(device: Device) -> None:
    python = str(device.store.release(device.ids[0]) / "venv" / "bin" / "python")
    running = subprocess.Popen([python, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        device.switch(1)
        done = device.switch(2, keep=0)
        assert (done.superfluous, dict(done.in_use)) == ((), {device.ids[0]: [running.pid]})
        assert device.store.finished(device.ids[0])
    finally:
        running.communicate(b"\n")
    assert activate.decide(device.store, device.ids[2], 0, device.fact).superfluous == (device.ids[0],)
    assert retention.in_use(device.store, [device.ids[0]]) == {}


def test_rollback_refuses_what_is_not_there_or_damaged(device: Device) -> None:
    said = device.program("rollback", "app")
    assert (said.returncode, "there is no previous release" in said.stdout) == (1, True), said.stdout
    device.switch(1)
    (device.store.release(device.ids[0]) / "manifest.json").write_text("{")
    said = device.program("rollback", "app")
    assert said.returncode == 2
    assert "not here or damaged" in " ".join(said.stdout.split())
    assert device.links() == (device.ids[1], device.ids[0])


def test_processes_started_during_500_switches_are_whole(device: Device) -> None:
    code = (
        "import os, time, marker_one; time.sleep(0.03); import marker_two; "
        "print(marker_one.RELEASE, marker_two.RELEASE, os.environ['DNNREADY_RELEASE'], os.environ['RELEASE_NUMBER'])"
    )
    ended = threading.Event()
    seen: list[str] = []
    wrong: list[str] = []

    def loop() -> None:
        while not ended.is_set():
            done = device.program("run", "app", "--", "python", "-c", code)
            words = done.stdout.split()
            whole = len(set(words[:3])) == 1 and words[3:] == [str(device.ids.index(words[0]))]
            (seen if done.returncode == 0 and whole else wrong).append(done.stdout + done.stderr)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        for count in range(500):
            activate.activate(device.store, device.ids[(count + 1) % 2], ACCEPT, 9, device.fact, prove=lambda *_: {})
            time.sleep(0.01)
    finally:
        ended.set()
        thread.join()
    assert wrong == []
    assert len(seen) > 20
    assert len({line.split()[0] for line in seen}) == 2


@pytest.mark.every_core
def test_the_module_rolls_back(run_module: Callable[..., dict[str, Any]], device: Device) -> None:
    arguments = {"state": "rolled_back", "prefix": str(device.store.prefix), "stack": "app"}
    none = run_module("dnn_release", arguments)
    assert none["failed"]
    assert "has no previous release" in none["msg"]
    stays = run_module("dnn_release", {**arguments, "required": False})
    assert (stays["failed"], stays["changed"], stays["rolled_back"]) == (False, False, False)
    device.switch(1)
    would = run_module("dnn_release", arguments, check=True, diff=True)
    assert would["changed"]
    assert device.links() == (device.ids[1], device.ids[0])
    done = run_module("dnn_release", {**arguments, "health_command": "python -c 'import marker_two'"}, diff=True)
    assert done["changed"], done
    assert [part["before_header"] for part in done["diff"]] == [part["before_header"] for part in would["diff"]]
    assert done["dnnready_rows"][0]["cause"]["text"].startswith(f"Rolled back to release {device.ids[0]}")
    assert device.links() == (device.ids[0], device.ids[1])
