"""The execution environment: its lock, its build context, its image, and site.yml run by ansible-runner in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import ansible_runner
import pytest

from tests.faults.container import ENVIRONMENT
from tests.fleet.fleet import SMALL, fleet
from tests.integration import execution_environment as ee
from tests.integration.containers import needs_containers

REQUIREMENT = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def never():
    """Whether to cancel a run. Without it ansible-runner takes SIGTERM and SIGINT of the tests for itself."""
    return False


def pins(path):
    """The versions of a lock by name: of some packages each Python has another."""
    found = {}
    for name, version in REQUIREMENT.findall(path.read_text()):
        found.setdefault(name, set()).add(version)
    return found


def test_what_it_has_is_what_is_tested():
    locked = pins(ee.RECIPE / "requirements.txt")
    asked = [line.split()[0] for line in (ee.RECIPE / "requirements.in").read_text().splitlines() if line[0].isalpha()]
    assert asked
    assert set(asked) <= set(locked)
    tested = pins(ee.PROJECT / "requirements" / "test.txt")
    assert locked == {name: tested.get(name) for name in locked}


def test_the_context_installs_what_is_locked_and_calls_no_dnf(tmp_path):
    command = [
        ee.BUILDER,
        "create",
        f"--file={ee.DEFINITION}",
        f"--context={tmp_path}",
        "--output-filename=Containerfile",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "Containerfile").read_text()
    lock = (tmp_path / "_build" / "locked" / "requirements.txt").read_bytes()
    assert lock == (ee.RECIPE / "requirements.txt").read_bytes()
    assert re.search(r"^FROM \$EE_BASE_IMAGE AS base$", text, re.MULTILINE)
    final = text[text.index("FROM base AS final") :]
    assert "pip install" not in final
    (installed,) = re.findall(r"^RUN (.*pip install.*)$", text[: text.index("FROM base AS builder")], re.MULTILINE)
    assert "--require-hashes -r /opt/ansible/requirements.txt" in installed
    assert [line for line in text.splitlines() if line.startswith("RUN") and "$PKGMGR" in line] == []


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return ee.build(tmp_path_factory.mktemp("image"))


@needs_containers
@pytest.mark.root
@pytest.mark.network
def test_the_image_has_the_locked_ansible_and_reads_the_project(image):
    """As its user, with the project where AWX has it, and without a network."""
    script = [
        *("id --user", "ansible-runner --version", "ansible-playbook --version"),
        *("ansible-playbook playbooks/verify.yml --syntax-check", "python3 -m pip list --format=json"),
    ]
    mount = f"--volume={ee.PROJECT}:/runner/project:ro"
    words = ["podman", "run", "--rm", "--network=none", mount, "--workdir=/runner/project", image]
    words += ["sh", "-ec", "; ".join(script)]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    user, runner, *lines, listing = done.stdout.splitlines()
    listed = {package["name"].lower(): package["version"] for package in json.loads(listing)}
    listed.pop("pip")
    locked = pins(ee.RECIPE / "requirements.txt")
    assert {name: version in locked.get(name, ()) for name, version in listed.items()} == dict.fromkeys(locked, True)
    assert (user, runner) == ("1000", listed["ansible-runner"])
    text = "\n".join(lines)
    assert f"[core {listed['ansible-core']}]" in text
    assert "config file = /runner/project/ansible.cfg" in text
    assert "playbook: playbooks/verify.yml" in text


@needs_containers
@pytest.mark.root
@pytest.mark.network
def test_ansible_runner_checks_a_host_over_ssh_from_it(image, tmp_path, monkeypatch):
    """As AWX runs a job: a container of the image, the key by ssh-agent, host keys checked, events as they come."""
    monkeypatch.setenv("CONTAINERS_CONF", ENVIRONMENT["CONTAINERS_CONF"])
    private = tmp_path / "private"
    shutil.copytree(ee.PROJECT / "examples" / "runner", private)
    with fleet({"edge-1": SMALL}, tmp_path / "fleet") as hosts:
        shutil.copy(hosts.access.directory / "known_hosts", private / "env" / "known_hosts")
        shutil.copy(hosts.access.key, private / "env" / "ssh_key")
        (private / "env" / "passwords").write_text(json.dumps({r"^BECOME password.*:\s*?$": hosts.password}))
        host = {"ansible_host": hosts["edge-1"].address, "ansible_user": "edge"}
        pinned = {"ansible_ssh_common_args": "-o UserKnownHostsFile=/runner/env/known_hosts"}
        inventory = {"all": {"hosts": {"edge-1": {**host, **pinned}, "stranger": host}}}
        (private / "inventory" / "hosts.yml").write_text(json.dumps(inventory))
        run = ansible_runner.run(
            private_data_dir=str(private),
            cancel_callback=never,
            playbook="site.yml",
            ident="check",
            quiet=True,
            cmdline="--check --ask-become-pass",
            extravars={"dnnready_scope": "host"},
            process_isolation=True,
            process_isolation_executable="podman",
            container_image=image,
            container_volume_mounts=[f"{ee.PROJECT}:/runner/project:ro"],
            # This podman has root, and so the files of the run belong to it.
            container_options=["--network=host", "--user=0"],
        )
        text = run.stdout.read()
    assert (run.status, run.rc) == ("failed", 2), text
    document = json.loads((private / "artifacts" / "check" / "dnnready.json").read_text())
    (row,) = document["hosts"]["edge-1"]["rows"]
    assert (row["stack"], row["verdict"]) == ("onednn", "planned")
    assert re.search(r"^edge-1 +onednn ", text, re.MULTILINE)
    # The same host, its key unknown: nobody connects to it, and that is what failed.
    failed = {name: host["failed"] for name, host in document["hosts"].items() if host["failed"]}
    assert list(failed) == ["stranger"]
    assert "Host key verification failed" in failed["stranger"]
