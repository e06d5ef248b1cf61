"""playbooks/remove.yml leaves a host as it was found: clean containers, before and after."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.integration.containers import PROJECT, host, needs_containers

STACKS = {"dnnready_stacks": ["onednn", "mkl"], "onednn_source": "distribution"}
PYTHON = "/opt/dnnready/stacks/mkl/current/venv/bin/python"


def changed(done) -> int:
    assert done.rc == 0, done.stdout + done.stderr
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


@pytest.mark.root
@needs_containers
def test_a_host_is_as_it_was_found(run_playbook):
    with host("removal", run_playbook) as here:
        here.shell("printf '[Service]\\nExecStart=/bin/true\\n' > /etc/systemd/system/camera.service")
        before = here.listing()
        assert changed(here.play("playbooks/remove.yml")) == 0
        assert here.listing() == before

        assert changed(here.play("site.yml", STACKS)) > 0
        shells = {"environment_stack": "onednn", "environment_login": True, "environment_units": ["camera.service"]}
        assert changed(here.play("playbooks/environment.yml", shells)) == 2
        provisioned = here.listing()
        assert any(line.startswith("libdnnl2") for line in provisioned)

        rehearsal = here.play("playbooks/remove.yml", check=True, diff=True)
        assert changed(rehearsal) == 1
        assert here.listing() == provisioned
        for line in ("-stack onednn", "-stack mkl", "-package libdnnl2", "-export OMP_NUM_THREADS", "-/opt/dnnready"):
            assert line in rehearsal.stdout

        here.shell(f"{PYTHON} -c 'import time; time.sleep(600)' > /dev/null 2>&1 & echo started")
        refused = here.play("playbooks/remove.yml")
        assert refused.rc != 0
        assert "time.sleep(600)" in refused.stdout
        assert "of stack mkl" in refused.stdout
        assert here.listing() == provisioned
        assert changed(here.play("playbooks/remove.yml", {"dnnready_remove_stacks": "onednn"})) == 1
        assert here.shell("ls /opt/dnnready/stacks") == "mkl\n"
        assert here.shell("dpkg-query --show --showformat '${Status}' libdnnl2") == "install ok installed"

        assert changed(here.play("playbooks/remove.yml", {"dnnready_remove_running": True})) == 1
        assert here.listing() == before
        assert changed(here.play("playbooks/remove.yml")) == 0


@pytest.mark.root
@needs_containers
def test_packages_that_others_need_by_now_stay_and_are_named(run_playbook):
    with host("removal-needed", run_playbook) as here:
        assert changed(here.play("site.yml", {**STACKS, "dnnready_stacks": ["onednn"]})) > 0
        # Needs the OpenCL loader that came with Debian's oneDNN.
        here.shell("DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends clinfo > /dev/null")
        done = here.play("playbooks/remove.yml")
        assert changed(done) == 1
        assert "package ocl-icd-libopencl1: other packages need it: clinfo" in done.stdout
        state = here.shell(
            "dpkg-query --show --showformat '${Package} ${Status}\\n' | grep -E 'clinfo|ocl-icd|dnnl|gomp'"
        )
        assert state == "clinfo install ok installed\nocl-icd-libopencl1 install ok installed\n"
        assert here.shell("ls -a /opt") == ".\n..\n"


def test_user_scope_goes_without_root_and_with_the_directories_above(run_playbook, run_module, tmp_path):
    """What the test stacks hold, below directories that were missing."""
    stacks = Path(os.environ.get("DNNREADY_TEST_PREFIX", "~/.cache/dnnready/test-host")).expanduser() / "stacks"
    if not (stacks / "onednn").is_dir():
        pytest.skip("needs `make test-stacks`")
    home = tmp_path / "home"
    home.mkdir()
    prefix = home / ".local" / "share" / "dnnready"
    assert run_module("dnn_prefix", {"path": str(prefix), "directories": ["bin"]})["made"][0] == str(home / ".local")
    shutil.copytree(stacks / "onednn", prefix / "stacks" / "onednn", symlinks=True)
    (home / "own").write_text("mine")
    user = {"dnnready_scope": "user", "dnnready_prefix": str(prefix)}
    done = run_playbook(PROJECT / "playbooks" / "remove.yml", user)
    assert changed(done) == 1
    assert [path.name for path in home.rglob("*")] == ["own"]
    assert changed(run_playbook(PROJECT / "playbooks" / "remove.yml", user)) == 0


@pytest.mark.every_core
def test_the_module_says_in_check_mode_what_it_does_then(run_module, tmp_path):
    prefix = tmp_path / "prefix"
    run_module("dnn_prefix", {"path": str(prefix), "directories": ["bin"]})
    (prefix / "bin" / "dnnready").write_text("program")
    (prefix / "mine").write_text("mine")
    asked = {"prefix": str(prefix)}
    rehearsal = run_module("dnn_removal", asked, check=True, diff=True)
    assert rehearsal["removed"] == [f"{prefix}/bin/dnnready", f"{prefix}/bin"]
    assert rehearsal["kept"] == [{"what": f"{prefix}/mine", "why": "dnnready did not make it"}]
    assert (prefix / "bin" / "dnnready").exists()
    done = run_module("dnn_removal", asked)
    assert (done["changed"], done["removed"]) == (True, rehearsal["removed"])
    assert sorted(path.name for path in prefix.iterdir() if not path.name.startswith(".")) == ["footprint.json", "mine"]
    assert json.loads((prefix / "footprint.json").read_text())["directories"] == [str(prefix)]
    assert run_module("dnn_removal", asked)["changed"] is False
    (prefix / "mine").unlink()
    assert run_module("dnn_removal", asked)["changed"] is True
    assert not prefix.exists()
