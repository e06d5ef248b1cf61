"""The playbook that sets AWX up: no AWX runs here, so it is held against the modules' own documentation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "awx" / "controller.yml"
(PLAY,) = yaml.safe_load(EXAMPLE.read_text())
TASKS = {name: (task[name], task) for task in PLAY["tasks"] for name in task if name.startswith("awx.awx.")}


@pytest.fixture(scope="module")
def documented(ansible_bin):
    """The options of the modules, by module."""
    done = subprocess.run(
        [ansible_bin / "ansible-doc", "--type", "module", "--json", *TASKS], capture_output=True, check=True
    )
    return {name: found["doc"]["options"] for name, found in json.loads(done.stdout).items()}


def test_every_option_is_one_that_the_module_knows(documented):
    assert len(TASKS) == len(PLAY["tasks"])
    for name, (given, _) in TASKS.items():
        options = documented[name]
        assert set(given) <= set(options), name
        assert {option for option, about in options.items() if about.get("required")} <= set(given), name
        for option, value in given.items():
            choices = options[option].get("choices")
            assert not choices or "{{" in str(value) or value in choices, (name, option)


def test_the_workflow_runs_the_steps_in_order(documented):
    steps = PLAY["vars"]["awx_steps"]
    nodes = TASKS["awx.awx.workflow_job_template"][0]["workflow_nodes"]
    template, task = TASKS["awx.awx.job_template"]
    assert (template["name"], task["loop"]) == ("dnnready {{ item.name }}", "{{ awx_steps }}")
    assert [node["unified_job_template"]["name"] for node in nodes] == [f"dnnready {step['name']}" for step in steps]
    names = [step["name"] for step in steps]
    follows = [[then["identifier"] for then in node.get("related", {}).get("success_nodes", ())] for node in nodes]
    assert [node["identifier"] for node in nodes] == names
    assert follows == [[name] for name in names[1:]] + [[]]
    known = documented["awx.awx.workflow_job_template"]["workflow_nodes"]["suboptions"]
    assert all(set(node) <= set(known) for node in nodes)
    assert (PROJECT / template["playbook"]).is_file()


def test_the_steps_fit_the_fleet_of_the_example():
    groups = yaml.safe_load((PROJECT / "inventories" / "example-fleet" / "hosts.yml").read_text())["all"]["children"]
    for step in PLAY["vars"]["awx_steps"]:
        assert step["limit"] in ({*groups} if step["limit"] else {""})
        # A slice knows only its own hosts, so a group of the whole fleet means nothing there.
        assert step["slices"] == 1 or not {*groups} & {*map(str, step["rings"])}
        # A limit may leave a slice without hosts, and such a slice fails.
        assert step["slices"] == 1 or step["limit"] == ""
