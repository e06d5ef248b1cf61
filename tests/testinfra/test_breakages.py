"""A verifier that cannot fail proves nothing: break a provisioned host, one thing at a time, and see it fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from testinfra.host import Host

from tests.testinfra.conftest import EXPECTED

HERE = Path(__file__).parent
FACT = "/etc/ansible/facts.d/dnnready.fact"


class Breakage(NamedTuple):
    """What is done to a host in the directory of a stack, how it is undone, and the test that must see it."""

    stack: str
    name: str
    seen_by: str
    do: str
    undo: str


def changed(path: str, command: str) -> tuple[str, str]:
    """Do and undo for a change of one file."""
    return f"cp -a {path} /root/kept && {command} {path}", f"mv /root/kept {path}"


BREAKAGES = [
    Breakage(
        "onednn",
        "another user may write",
        "test_provisioned.py::test_nobody_but_root_can_write",
        "chmod o+w current/environment",
        "chmod o-w current/environment",
    ),
    Breakage(
        "onednn",
        "the program belongs to another user",
        "test_provisioned.py::test_nobody_but_root_can_write",
        "chown 65534 ../../bin/dnnready",
        "chown 0 ../../bin/dnnready",
    ),
    Breakage(
        "onednn",
        "current is gone",
        "test_provisioned.py::test_current_is_a_link_to_one_whole_release",
        "mv current gone",
        "mv gone current",
    ),
    Breakage(
        "onednn",
        "the library is gone",
        "test_provisioned.py::test_library_loads_in_the_stack",
        "mv current/venv/lib current/venv/gone",
        "mv current/venv/gone current/venv/lib",
    ),
    Breakage(
        "onednn",
        "one byte of the proof is another",
        "test_provisioned.py::test_proof_says_accelerated",
        *changed("current/proof.json", "sed -i '0,/:/s//;/'"),
    ),
    Breakage(
        "onednn",
        "the proof says fallback",
        "test_provisioned.py::test_proof_says_accelerated",
        *changed("current/proof.json", "sed -i s/accelerated/fallback/"),
    ),
    Breakage(
        "onednn",
        "the proof is gone",
        "test_provisioned.py::test_status_is_content",
        *changed("current/proof.json", "rm"),
    ),
    Breakage(
        "onednn",
        "the release is from another source",
        "test_provisioned.py::test_manifest_is_valid",
        *changed("current/manifest.json", 'sed -i \'s/"wheel"/"distribution"/\''),
    ),
    Breakage(
        "onednn",
        "no shell reads the environment",
        "test_provisioned.py::test_environment_means_the_same_to_sh_and_systemd",
        *changed("current/environment", 'sed -i "1i NAME=\'"'),
    ),
    Breakage(
        "onednn",
        "the fact is no JSON",
        "test_provisioned.py::test_fact_is_valid",
        *changed(FACT, "sed -i '1i }'"),
    ),
    Breakage("onednn", "something was written", "test_untouched.py::test_nothing_is_there", "true", "true"),
    Breakage(
        "tensorflow",
        "oneDNN is switched off",
        "test_provisioned.py::test_layer_of_the_question_runs_and_onednn_convolves",
        *changed("current/environment", "sed -i s/^TF_ENABLE_ONEDNN_OPTS=.*/TF_ENABLE_ONEDNN_OPTS=0/"),
    ),
    Breakage(
        "tensorflow",
        "systemd reads another value than sh",
        "test_provisioned.py::test_environment_means_the_same_to_sh_and_systemd",
        *changed("current/environment", "sed -i '1i NAME=$HOME'"),
    ),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Those that the scenario asks for on this host."""
    chosen = [breakage for breakage in BREAKAGES if breakage.stack == EXPECTED["breaks"]]
    metafunc.parametrize("breakage", chosen, ids=lambda breakage: breakage.name)


def test_the_verifier_sees(host: Host, breakage: Breakage, request: pytest.FixtureRequest) -> None:
    place = f"cd /opt/dnnready/stacks/{breakage.stack} && "
    host.check_output(place + breakage.do)
    try:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--quiet", "--tb=line"]
        command += [f"--hosts={request.config.getoption('--hosts')}", str(HERE / breakage.seen_by)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    finally:
        host.check_output(place + breakage.undo)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
