"""Twenty-two hosts of three hardware classes, reached over ssh, on the example inventory as it stands.

Hosts are off and come later, a bad release is stopped and taken back, nothing changes where nothing is to change, and
a page tells of it all. Each stage of the story is a fixture that builds on the one before.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from dnnready.report.fleet import VERDICTS
from tests.browser import CHROMIUM, DRIVER, chromium, show
from tests.fleet import depot
from tests.fleet.controller import Controller, Run
from tests.fleet.fleet import LARGE, MEDIUM, SMALL, Fleet, fleet
from tests.integration.containers import needs_containers
from tests.unit.depot.server import Depot, serve

pytestmark = [pytest.mark.root, needs_containers]

CLASSES = (SMALL, LARGE, MEDIUM)
NAMES = [f"edge-{number:03}" for number in range(1, 23)]
OFF = ["edge-002", "edge-007", "edge-018"]
#: The hosts of the rings; the two of the other architecture are not asked.
CANARY = ["edge-001", "edge-013"]
EARLY = ["edge-002", "edge-003", "edge-004", "edge-014", "edge-015"]
REST = [name for name in NAMES if name not in (*CANARY, *EARLY)]
#: What the application of this fleet needs, and hosts of the smallest class do not have.
HEALTH = (
    "sh -c 'test $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max)"
    " -gt 600000000'"
)
BAD = {"onednn_environment": {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "2048"}, "dnnready_health_command": HEALTH}
CURRENT = "basename $(readlink /opt/dnnready/stacks/onednn/current || echo none)"


def limits(name: str) -> Any:
    """The class of a host: no canary is of the smallest."""
    return CLASSES[int(name[-3:]) % 3]


def small(names: list[str]) -> list[str]:
    return [name for name in names if limits(name) is SMALL]


class Story:
    """The fleet, the controller and the depot."""

    def __init__(self, hosts: Fleet, controller: Controller, served: Depot, signer: str) -> None:
        self.hosts = hosts
        self.controller = controller
        self.served = served
        # Addresses and keys; what else there is to say is in the example inventory.
        self.variables = {
            "dnnready_hosts": "x86_64",
            "dnnready_stacks": ["onednn"],
            "dnnready_depot": served.url,
            "dnnready_depot_signers": [signer],
        }

    def site(self, *arguments: str, **variables: Any) -> Stage:
        """Run site.yml."""
        run = self.controller.play("site.yml", {**self.variables, **variables}, *arguments)
        on = [name for name in self.hosts if name not in run.document.get("rollout", {}).get("off", {})]
        return Stage(self, run, self.hosts.shell(CURRENT, on))

    def page(self, name: str, **variables: Any) -> Path:
        """Make the page of the fleet."""
        directory = self.controller.directory / name
        run = self.controller.play(
            "playbooks/report.yml", {**self.variables, "report_directory": str(directory), **variables}
        )
        assert run.rc == 0, run.said
        return directory / "fleet.html"


class Stage(NamedTuple):
    """A run, and the release that is current on each host after it."""

    story: Story
    run: Run
    current: dict[str, str]


@pytest.fixture(scope="module")
def story(ansible_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory = tmp_path_factory.mktemp("fleet")
    signer = depot.build(Controller(ansible_bin, directory), directory / "depot", ["onednn"])
    with (
        fleet({name: limits(name) for name in NAMES}, directory / "hosts") as hosts,
        serve(directory / "depot", hosts.gateway) as served,
    ):
        yield Story(hosts, Controller(ansible_bin, directory, hosts), served, signer)


@pytest.fixture(scope="module")
def first(story: Story) -> Stage:
    """Three hosts are off."""
    for name in OFF:
        story.hosts[name].stop()
    return story.site()


@pytest.fixture(scope="module")
def page_before(first: Stage) -> Path:
    """The page while they are off."""
    return first.story.page("before")


@pytest.fixture(scope="module")
def completed(first: Stage, page_before: Path) -> Stage:
    """They are on again."""
    assert page_before.exists()
    story = first.story
    for name in OFF:
        story.hosts[name].start()
    return story.site("--limit", f"@{story.controller.retry}")


@pytest.fixture(scope="module")
def stopped(completed: Stage) -> Stage:
    """A release that only the smallest hosts cannot run."""
    return completed.story.site(**BAD)


@pytest.fixture(scope="module")
def withdrawn(stopped: Stage) -> Stage:
    """The change is taken back in the inventory, too."""
    return stopped.story.site()


@pytest.fixture(scope="module")
def unchanged(withdrawn: Stage) -> Stage:
    return withdrawn.story.site()


@pytest.fixture(scope="module")
def page(unchanged: Stage, page_before: Path) -> Path:
    """The page of the whole fleet."""
    return unchanged.story.page("after", report_previous=str(page_before.with_suffix(".json")))


def tiles(driver: WebDriver) -> dict[str, int]:
    """What the tiles count, by verdict."""
    found = driver.find_elements(By.CSS_SELECTOR, ".tile")
    return {str(one.get_attribute("data-verdict")): int(one.find_element(By.TAG_NAME, "strong").text) for one in found}


def outcomes(run: Run) -> dict[str, str]:
    return {ring["name"]: ring["outcome"] for ring in run.document["rollout"]["rings"]}


def recap(run: Run) -> dict[str, dict[str, int]]:
    """What Ansible counted, by host."""
    lines = re.findall(r"(?m)^(edge-\d+) +: (.*)", run.said)
    return {name: {key: int(number) for key, number in re.findall(r"(\w+)=(\d+)", line)} for name, line in lines}


def ring(run: Run, name: str) -> dict[str, Any]:
    (found,) = [one for one in run.document["rollout"]["rings"] if one["name"] == name]
    return dict(found)


def test_hosts_that_are_off_are_listed_and_the_others_are_provisioned(first: Stage) -> None:
    story, run, current = first
    assert run.rc == 0, run.said
    assert sorted(run.document["rollout"]["off"]) == OFF
    assert re.search(rf"Off: {', '.join(OFF)}", run.said), run.said
    assert [(one["name"], sorted(one["hosts"])) for one in run.document["rollout"]["rings"]] == [
        ("ring_canary", CANARY),
        ("ring_early", [name for name in EARLY if name not in OFF]),
        ("100%", [name for name in REST if name not in OFF]),
    ]
    assert set(outcomes(run).values()) == {"done"}
    assert set(current) == set(NAMES) - set(OFF)
    assert "none" not in current.values()
    assert story.controller.retry.read_text(encoding="utf-8").split() == OFF


def test_all_of_it_came_from_one_depot(completed: Stage) -> None:
    asked = Counter(path for path, _ in completed.story.served.asked if path.startswith("wheels/onednn"))
    assert list(asked.values()) == [len(NAMES)], asked


def test_the_retry_file_completes_exactly_those(first: Stage, completed: Stage) -> None:
    story, run, current = completed
    assert run.rc == 0, run.said
    assert sorted(run.document["hosts"]) == OFF
    assert {name for name, host in run.document["hosts"].items() if any(row["changed"] for row in host["rows"])} == set(
        OFF
    )
    assert {name: current[name] for name in first.current} == first.current
    assert "none" not in current.values()
    assert not story.controller.retry.exists()


def test_a_bad_release_is_stopped_and_its_ring_goes_back(completed: Stage, stopped: Stage) -> None:
    _, run, current = stopped
    assert run.rc == 2, run.said
    assert outcomes(run) == {"ring_canary": "done", "ring_early": "stopped", "100%": "untouched"}
    early = ring(run, "ring_early")
    assert sorted(early["failed"]) == small(EARLY) == ["edge-003", "edge-015"]
    assert sorted(early["taken_back"]) == [name for name in EARLY if name not in small(EARLY)]
    before = completed.current
    assert {name for name in NAMES if current[name] != before[name]} == set(CANARY)
    assert re.search(r"ring_early, .*: stopped, because 2 of 5 hosts failed, more than 10%", run.said), run.said
    for name in EARLY:
        assert name in run.said


def test_later_rings_were_not_touched(stopped: Stage) -> None:
    """They were looked at, and nothing else."""
    said = recap(stopped.run)
    assert {name: said[name]["changed"] for name in REST} == dict.fromkeys(REST, 0)
    releases = stopped.story.hosts.shell("ls /opt/dnnready/stacks/onednn/releases | wc -l", REST)
    assert releases == dict.fromkeys(REST, "1")


def test_the_withdrawn_change_leaves_every_host_as_it_was(completed: Stage, withdrawn: Stage) -> None:
    assert withdrawn.run.rc == 0, withdrawn.run.said
    assert withdrawn.current == completed.current
    assert [one["hosts"] for one in withdrawn.run.document["rollout"]["rings"]] == [CANARY]


def test_a_run_that_changes_nothing_costs_a_module_run_per_host(completed: Stage, unchanged: Stage) -> None:
    _, run, current = unchanged
    assert run.rc == 0, run.said
    assert {name: (one["changed"], one["failed"]) for name, one in recap(run).items()} == dict.fromkeys(NAMES, (0, 0))
    assert {name: host["module_runs"] for name, host in run.document["hosts"].items()} == dict.fromkeys(NAMES, 1)
    assert current == completed.current


def test_the_page_tells_of_the_fleet(page_before: Path, page: Path) -> None:
    """Of the fleet with three hosts off, and of all of it, with what changed in between."""
    before, known = (json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) for path in (page_before, page))
    assert before["totals"]["states"] == {"looked": len(NAMES) - len(OFF), "unreachable": len(OFF), "failed": 0}
    assert sorted(name for name, host in before["hosts"].items() if host["state"] == "unreachable") == OFF
    assert before["totals"]["verdicts"]["accelerated"] == len(NAMES) - len(OFF)
    assert known["totals"]["accelerated_hosts"] == known["totals"]["verdicts"]["accelerated"] == len(NAMES)
    assert all(one["certain"] for one in known["classes"])
    assert Counter(one["hosts"] for one in known["classes"]) == Counter(Counter(map(limits, NAMES)).values())
    assert {one["host"] for one in known["drift"] if one["outcome"] == "better"} == set(OFF)


@pytest.mark.browser
@pytest.mark.skipif(not (DRIVER and CHROMIUM), reason="no Chromium with chromedriver: make test-host installs them")
def test_the_page_in_a_browser(page_before: Path, page: Path, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("DNNREADY_TEST_SCREENSHOTS") or tmp_path)
    with chromium() as driver:
        show(driver, page_before)
        assert driver.save_screenshot(str(pictures / "fleet-three-off.png"))
        assert tiles(driver) == {
            **dict.fromkeys(VERDICTS, 0),
            "accelerated": len(NAMES) - len(OFF),
            "unreachable": len(OFF),
        }
        show(driver, page)
        assert driver.save_screenshot(str(pictures / "fleet.png"))
        assert tiles(driver) == {**dict.fromkeys(VERDICTS, 0), "accelerated": len(NAMES)}
        for one in json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["classes"]:
            Select(driver.find_element(By.ID, "class")).select_by_visible_text(one["name"])
            rows = driver.find_elements(By.CSS_SELECTOR, "#table tbody tr")
            (kind,) = {limits(row.text.split()[0]) for row in rows}
            assert one["hosts"] == len(rows) == list(map(limits, NAMES)).count(kind)
        show(driver, page, at="#host=edge-003")
        assert driver.save_screenshot(str(pictures / "fleet-host.png"))
        told = driver.find_element(By.ID, "host").text
        assert "ring_early, site_north, x86_64" in told
        assert "had to go back" in told
        assert driver.get_log("browser") == []
