"""What every verifier shares: the expectations that a scenario gives in its environment, and paths of a host.

Run by molecule (molecule/shared/pytest.yml) with the container as `--hosts=podman://…`.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from testinfra.host import Host

PROJECT = Path(__file__).resolve().parents[2]
EXPECTED: dict[str, Any] = json.loads(os.environ["DNNREADY_TEST_EXPECTED"])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each stack, library, framework or wish that the scenario expects on this host."""
    stacks = list(EXPECTED["sources"])
    values = {
        "stack": stacks,
        "library_stack": [stack for stack in stacks if stack in EXPECTED["libraries"]],
        "framework_stack": [stack for stack in stacks if stack not in EXPECTED["libraries"]],
        "refusal": EXPECTED["refusals"],
        "failure": EXPECTED["failures"],
        "partial": [EXPECTED["partial"]] if EXPECTED["partial"] else [],
    }
    for name in set(values) & set(metafunc.fixturenames):
        names = [value if isinstance(value, str) else value.get("name", "") for value in values[name]]
        metafunc.parametrize(name, values[name], ids=names)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, instead of skipping, what has nothing to test on this host."""
    reasons = {item: [mark.kwargs.get("reason", "") for mark in item.iter_markers("skip")] for item in items}
    empty = [item for item in items if any("empty parameter set" in reason for reason in reasons[item])]
    config.hook.pytest_deselected(items=empty)
    items[:] = [item for item in items if item not in empty]


@pytest.fixture
def expected() -> dict[str, Any]:
    """What the scenario expects on this host."""
    return EXPECTED


@pytest.fixture
def prefix() -> str:
    """Where stacks are installed for the whole host."""
    return "/opt/dnnready"


@pytest.fixture
def release(host: Host, prefix: str, stack: str) -> str:
    """The release that is current."""
    return str(host.check_output("readlink --canonicalize-existing %s", f"{prefix}/stacks/{stack}/current"))


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout."""
    return PROJECT


class Run(NamedTuple):
    """How a run of site.yml ended: exit status, all that it said, the verdicts of its report by stack."""

    status: int
    words: str
    verdicts: dict[str, str]


@pytest.fixture
def provision(project: Path, tmp_path: Path, expected: dict[str, Any]) -> Any:
    """Runs site.yml on the host under test with further variables."""

    def run(variables: dict[str, Any]) -> Run:
        report = tmp_path / "run.json"
        command = ["ansible-playbook", str(project / "site.yml"), "-i", str(project / "molecule" / "inventory")]
        command += ["--limit", expected["name"], "--extra-vars", json.dumps(variables)]
        # Wide, so that no reason is broken into lines.
        environment = {**os.environ, "DNNREADY_JSON": str(report), "COLUMNS": "1000"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        ran = json.loads(report.read_text(encoding="utf-8"))
        jsonschema.validate(ran, json.loads((project / "docs" / "schema" / "run-1.json").read_text(encoding="utf-8")))
        assert ran["ok"] is (done.returncode == 0)
        rows = ran["hosts"][expected["name"]]["rows"]
        return Run(done.returncode, done.stdout + done.stderr, {row["stack"]: row["verdict"] for row in rows})

    return run
