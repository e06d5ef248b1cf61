"""Runs modules and playbooks for real: ansible-playbook on localhost, AnsiballZ, a JSON result.

DNNREADY_TEST_ANSIBLE names the `bin` directories of the ansible-cores to test with, separated by colons;
without it, it is the one beside the Python that runs the tests. Modules run under that Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).resolve().parent / "callback_plugins"
TIMEOUT = 900


def ansible_directories() -> list[str]:
    """The directories with an `ansible-playbook` that the tests run with."""
    named = os.environ.get("DNNREADY_TEST_ANSIBLE", "")
    return [str(Path(name).absolute()) for name in named.split(":") if name] or [str(Path(sys.executable).parent)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `every_core` run with each ansible-core, the others with the first: what they test is below it."""
    first = ansible_directories()[0]
    extra = [
        item
        for item in items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and item.callspec.params.get("ansible_bin", first) != first
        and item.get_closest_marker("every_core") is None
    ]
    if extra:
        config.hook.pytest_deselected(items=extra)
        items[:] = [item for item in items if item not in extra]


class PlaybookRun(NamedTuple):
    """How a run of ansible-playbook ended."""

    rc: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session", params=ansible_directories(), ids=lambda path: Path(path).parent.name)
def ansible_bin(request: pytest.FixtureRequest) -> Path:
    """The `bin` directory of one ansible-core."""
    directory = Path(request.param)
    if not (directory / "ansible-playbook").is_file():
        pytest.fail(
            f"no ansible-playbook in {directory}: set DNNREADY_TEST_ANSIBLE, or run the tests from their own venv"
        )
    return directory


@pytest.fixture
def ansible_environment(ansible_bin: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a user of the project, without what this terminal or an earlier test left."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DNNREADY_"))}
    return {
        **kept,
        "PATH": f"{ansible_bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_RETRY_FILES_SAVE_PATH": str(tmp_path),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }


@pytest.fixture
def run_playbook(ansible_bin: Path, ansible_environment: dict[str, str], tmp_path: Path) -> Callable[..., PlaybookRun]:
    """Runs a playbook (a path, the YAML text, or a list of plays) on localhost or a given inventory."""

    def run(
        playbook: Union[str, Path, list[dict[str, Any]]],
        extra_vars: Optional[Mapping[str, Any]] = None,
        check: bool = False,
        diff: bool = False,
        env: Optional[Mapping[str, str]] = None,
        *,
        inventory: str = "localhost,",
        connection_variables: bool = True,
        arguments: tuple[str, ...] = (),
    ) -> PlaybookRun:
        path = playbook if isinstance(playbook, Path) else tmp_path / "playbook.yml"
        if isinstance(playbook, list):
            path.write_text(json.dumps(playbook), encoding="utf-8")
        elif isinstance(playbook, str):
            path.write_text(playbook, encoding="utf-8")
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        variables = {**(local if connection_variables else {}), **(extra_vars or {})}
        command = [str(ansible_bin / "ansible-playbook"), str(path), "-i", inventory, "-e", json.dumps(variables)]
        command += [*(["--check"] if check else []), *(["--diff"] if diff else []), *arguments]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env={**ansible_environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return PlaybookRun(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def run_module(run_playbook: Callable[..., PlaybookRun], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs one module through AnsiballZ; its result, always with `failed` and `skipped`.

    Strings in `args` are templated, as in a playbook.
    """

    def run(
        name: str,
        args: Mapping[str, Any],
        check: bool = False,
        diff: bool = False,
        env: Optional[Mapping[str, str]] = None,
        *,
        keywords: Optional[Mapping[str, Any]] = None,
    ) -> dict[str, Any]:
        record = tmp_path / "record.jsonl"
        record.unlink(missing_ok=True)
        task = {"name": name, name: dict(args), **(keywords or {})}
        done = run_playbook(
            [{"hosts": "all", "gather_facts": False, "tasks": [task]}],
            check=check,
            diff=diff,
            env={
                "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
                "ANSIBLE_CALLBACKS_ENABLED": "record",
                "DNNREADY_TEST_RECORD": str(record),
                **(env or {}),
            },
        )
        if not record.is_file():
            pytest.fail(f"{name} left no result (exit {done.rc}):\n{done.stdout}\n{done.stderr}")
        entries = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        result = entries[-1]["result"]
        assert isinstance(result, dict)
        return result

    return run


class Provisioned(NamedTuple):
    """A prefix of this user with the stack onednn, a copy of it to go back to, and how it came about."""

    prefix: Path
    copy: Path
    run: PlaybookRun


@pytest.fixture(scope="session")
def provisioned(ansible_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Provisioned:
    """Made once by playbooks/heal.yml, which provisions what was never there."""
    directory = tmp_path_factory.mktemp("provisioned")
    prefix, copy = directory / "prefix", directory / "copy"
    wishes = {"dnnready_scope": "user", "dnnready_prefix": str(prefix), "dnnready_stacks": ["onednn"]}
    done = subprocess.run(
        [ansible_bin / "ansible-playbook", "playbooks/heal.yml", "-e", json.dumps(wishes)],
        cwd=PROJECT,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "ANSIBLE_INJECT_FACT_VARS": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(prefix, copy, symlinks=True)
    return Provisioned(prefix, copy, PlaybookRun(done.returncode, done.stdout, done.stderr))


@pytest.fixture
def onednn(provisioned: Provisioned) -> Path:
    """The stack onednn, whole again; its current release may be broken as one likes. Its prefix is three above."""
    shutil.rmtree(provisioned.prefix)
    shutil.copytree(provisioned.copy, provisioned.prefix, symlinks=True)
    return provisioned.prefix / "stacks" / "onednn" / "current"
