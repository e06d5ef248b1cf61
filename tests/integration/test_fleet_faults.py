"""A fleet on which much goes wrong at once: the run ends, the rest is done, and it is said which hosts and why.

Ten hosts over real ssh. Each has a fault of its own, at the start or in the middle; then all is mended, and the same
command completes the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dnnready.plan.ring_verdict import judge
from tests.faults.image import CACHE
from tests.fleet.controller import Controller, Run
from tests.fleet.fleet import MEDIUM, Fleet, fleet
from tests.fleet.host import FleetHost
from tests.integration.containers import needs_containers

pytestmark = [pytest.mark.root, needs_containers]

OFF, WRONG_PASSWORD, WELL, NO_DIRECTORY, REBOOTS, CUT, FREEZES, NO_PYTHON, FROZEN, NO_KEY = (
    f"edge-{number:03}" for number in range(2, 12)
)
NAMES = [OFF, WRONG_PASSWORD, WELL, NO_DIRECTORY, REBOOTS, CUT, FREEZES, NO_PYTHON, FROZEN, NO_KEY]
TWIN = "second-name"
DONE = [WELL, CUT]
STACK = "/opt/dnnready/stacks/onednn"
KEYS = "/home/edge/.ssh/authorized_keys"
#: The release that is current, and the verdict of its proof.
CURRENT = f"""
if [ -L {STACK}/current ]; then
    basename "$(readlink {STACK}/current)"
    grep -o '"verdict": "[a-z]*"' {STACK}/current/proof.json | sort -u | head -1
else
    echo none
fi
"""
ENDED = "/run/ended"
#: Waits for what comes, but not after the end of the run.
WAIT = f"[ ! -e {ENDED} ] || exit 1; sleep 0.2"
#: Stops the installer of a build that has begun, and lets the controller come to watch it.
HOLD = f"""
until [ -e {STACK}/progress.json ]; do {WAIT}; done
until pkill -STOP -f '[/]opt/dnnready/stacks/onednn/releases'; do {WAIT}; done
sleep 8
"""
GO_ON = "pkill -CONT -f '[/]opt/dnnready/stacks/onednn/releases'"
AT_PROOF = f"until ls {STACK}/releases/*/environment >/dev/null 2>&1; do {WAIT}; done"
SECONDS = 600
WISHES = {
    "dnnready_hosts": ",".join([*NAMES, TWIN]),
    "dnnready_stacks": ["onednn"],
    "dnnready_depot": "",
    "dnnready_rings": ["100%"],
    "dnnready_max_fail_percentage": 100,
    # Sooner than in the example, and not once more: tests have no slow lines, but sudo has to wait for a busy machine.
    "ansible_ssh_retries": 0,
    "ansible_ssh_extra_args": "-o ServerAliveInterval=10 -o ServerAliveCountMax=3",
}


def reboots(host: FleetHost) -> None:
    host.shell(HOLD, seconds=SECONDS)
    host.reboot()


def is_cut(host: FleetHost) -> None:
    """Twice: the next connection does not last, either."""
    host.shell(HOLD, seconds=SECONDS)
    assert host.cut_ssh() > 0
    host.shell("sleep 4")
    host.cut_ssh()
    host.shell(GO_ON)


def freezes(host: FleetHost) -> None:
    host.shell(AT_PROOF, seconds=SECONDS)
    host.hang()


IN_THE_MIDDLE: Mapping[str, Callable[[FleetHost], None]] = {REBOOTS: reboots, CUT: is_cut, FREEZES: freezes}


class Story:
    """The fleet and its controller."""

    def __init__(self, hosts: Fleet, controller: Controller) -> None:
        self.hosts = hosts
        self.controller = controller

    def site(self, *arguments: str) -> Run:
        """Run site.yml."""
        patience = {name: {"ansible_ssh_timeout": 10 if name == FROZEN else 60} for name in NAMES}
        return self.controller.play("site.yml", WISHES, "-i", self.inventory("patience", patience), *arguments)

    def inventory(self, name: str, hosts: Mapping[str, Any]) -> str:
        """An inventory with more variables of hosts."""
        path = self.controller.directory / f"{name}.json"
        path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        return str(path)

    def current(self, names: list[str]) -> dict[str, list[str]]:
        """The release that is current and its verdict."""
        return {name: said.split("\n") for name, said in self.hosts.shell(CURRENT, names).items()}

    def wrong(self) -> str:
        """An inventory with a second name of a host, a wrong password and a wrong interpreter."""
        inventory = self.hosts.inventory
        everywhere = json.loads(inventory.read_text(encoding="utf-8"))["all"]["vars"]
        first = json.loads((inventory.parent / "host_vars" / f"{WELL}.json").read_text(encoding="utf-8"))
        faults = {
            TWIN: {**everywhere, **first},
            WRONG_PASSWORD: {"ansible_become_password": "another"},
            NO_PYTHON: {"ansible_python_interpreter": "/usr/bin/python3.99"},
        }
        return self.inventory("wrong", faults)


class Stage(NamedTuple):
    """A run, and what was current after it."""

    story: Story
    run: Run
    current: dict[str, list[str]]


@pytest.fixture(scope="module")
def story(ansible_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory = tmp_path_factory.mktemp("faults")
    pip = directory / "pip.conf"
    pip.write_text("[global]\nfind-links = /wheelhouse\nno-index = true\n", encoding="utf-8")
    volumes = [f"--volume={CACHE / 'wheelhouse'}:/wheelhouse:ro", f"--volume={pip}:/etc/pip.conf:ro"]
    with fleet(dict.fromkeys(NAMES, MEDIUM), directory / "hosts", volumes) as hosts:
        yield Story(hosts, Controller(ansible_bin, directory, hosts))


@pytest.fixture(scope="module")
def broken(story: Story) -> Stage:
    """Faults at the start, and faults while the others are provisioned."""
    hosts = story.hosts
    hosts[OFF].stop()
    hosts[NO_DIRECTORY].shell("touch /opt/dnnready")
    hosts[NO_KEY].shell(f"mv {KEYS} {KEYS}.away")
    hosts[FROZEN].hang()
    with ThreadPoolExecutor(len(IN_THE_MIDDLE)) as pool:
        injected = [pool.submit(fault, hosts[name]) for name, fault in IN_THE_MIDDLE.items()]
        run = story.site("-i", story.wrong())
        for name, fault in zip(IN_THE_MIDDLE, injected):
            if not fault.done():
                hosts[name].shell(f"touch {ENDED}")
    assert [fault.exception() for fault in injected] == [None] * len(injected), run.said
    return Stage(story, run, story.current([name for name in NAMES if name not in (OFF, FROZEN, FREEZES)]))


@pytest.fixture(scope="module")
def mended(broken: Stage) -> Stage:
    """All is mended, and the same command is run for what is left."""
    story = broken.story
    hosts = story.hosts
    hosts[OFF].start()
    hosts[NO_DIRECTORY].shell("rm /opt/dnnready")
    hosts[NO_KEY].shell(f"mv {KEYS}.away {KEYS}")
    for name in (FROZEN, FREEZES):
        hosts[name].resume()
    run = story.site("--limit", f"@{story.controller.retry}")
    return Stage(story, run, story.current(NAMES))


def ring(run: Run) -> dict[str, Any]:
    (only,) = run.document["rollout"]["rings"]
    return dict(only)


def test_the_run_ends_and_the_rest_is_done(broken: Stage) -> None:
    hosts = broken.run.document["hosts"]
    assert broken.run.rc in (2, 4), broken.run.said
    verdicts = {name: [row["verdict"] for row in host["rows"]] for name, host in hosts.items()}
    assert {name for name, words in verdicts.items() if words == ["accelerated"]} == {*DONE, TWIN}, broken.run.said
    assert {name for name, host in hosts.items() if host["failed"] is None} == {*DONE, TWIN}
    assert broken.run.document["ok"] is False


def test_hosts_that_are_off_or_frozen_are_off(broken: Stage) -> None:
    off = broken.run.document["rollout"]["off"]
    assert sorted(off) == sorted([OFF, FROZEN]), broken.run.said
    assert "timed out" in off[FROZEN]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (WRONG_PASSWORD, ["Incorrect sudo password", "ansible_become_password"]),
        (NO_PYTHON, ["/usr/bin/python3.99", "ansible_python_interpreter"]),
        (NO_KEY, ["Permission denied", "authorized_keys"]),
        (NO_DIRECTORY, ["/opt/dnnready", "Not a directory"]),
        (REBOOTS, ["Required but not proven"]),
    ],
)
def test_who_failed_says_why_and_is_not_taken_for_off(broken: Stage, name: str, words: list[str]) -> None:
    host = broken.run.document["hosts"][name]
    assert host["unreachable"] is False
    assert [word for word in words if word not in host["failed"]] == [], host["failed"]
    assert "Traceback" not in host["failed"]


def test_a_reboot_is_told(broken: Stage) -> None:
    (row,) = broken.run.document["hosts"][REBOOTS]["rows"]
    assert (row["verdict"], "started anew" in row["cause"]["text"]) == ("failed", True), row


def test_the_ring_knows_who_failed_and_who_was_lost(broken: Stage) -> None:
    only = ring(broken.run)
    assert sorted(only["hosts"]) == sorted([WELL, NO_DIRECTORY, REBOOTS, CUT, FREEZES])
    assert (only["outcome"], sorted(only["failed"]), only["lost"]) == ("done", [NO_DIRECTORY, REBOOTS], [FREEZES])
    # Here many may fail. By default the one that was lost is one too many.
    assert judge(only["hosts"], {}, only["lost"], limit=10)["stop"] is True


def test_a_second_name_is_left_to_the_first(broken: Stage) -> None:
    assert broken.run.document["rollout"]["duplicates"] == {TWIN: WELL}
    assert f"{TWIN} is {WELL} under another name" in broken.run.said


def test_what_is_left_is_in_the_retry_file(mended: Stage) -> None:
    assert sorted(mended.run.document["hosts"]) == sorted(set(NAMES) - set(DONE))


def test_nothing_unproven_is_current(broken: Stage) -> None:
    proven = {name: said for name, said in broken.current.items() if said != ["none"]}
    assert sorted(proven) == sorted(DONE)
    assert {said[1] for said in proven.values()} == {'"verdict": "accelerated"'}


def test_the_same_command_completes_what_was_mended(broken: Stage, mended: Stage) -> None:
    assert mended.run.rc == 0, mended.run.said
    assert {said[1] for said in mended.current.values()} == {'"verdict": "accelerated"'}
    assert len({said[0] for said in mended.current.values()}) == 1
    assert {name: mended.current[name] for name in DONE} == {name: broken.current[name] for name in DONE}
    assert not mended.story.controller.retry.exists()


def test_the_page_names_a_host_that_is_off(mended: Stage, tmp_path: Path) -> None:
    story = mended.story
    story.hosts[OFF].stop()
    made = story.controller.play("playbooks/report.yml", {**WISHES, "report_directory": str(tmp_path)})
    assert made.rc in (0, 4), made.said
    known = json.loads((tmp_path / "fleet.json").read_text(encoding="utf-8"))["hosts"]
    assert {name: host["state"] for name, host in known.items()} == {
        **dict.fromkeys(NAMES, "looked"),
        OFF: "unreachable",
    }
    assert known[OFF]["why"]
    assert OFF in (tmp_path / "fleet.html").read_text(encoding="utf-8")
    assert OFF in (tmp_path / "fleet.csv").read_text(encoding="utf-8")
