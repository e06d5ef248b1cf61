"""dnn_packages on this machine for what changes nothing, and in a clean container with a repository of one package."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.containers import host, needs_containers

CONTROL = """Package: {name}
Version: 1.0-1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Depends: {depends}
Description: a package of a test
"""


@pytest.mark.every_core
def test_nothing_missing_needs_no_apt(run_module, tmp_path):
    done = run_module("dnn_packages", {"packages": ["dpkg"], "prefix": str(tmp_path / "prefix")})
    assert (done["changed"], done["missing"], done["updated"]) == (False, [], False)
    assert not (tmp_path / "prefix").exists()


def test_check_mode_names_what_is_missing_without_apt(run_module, tmp_path):
    asked = {"packages": ["dpkg", "dnnready-nonesuch"], "prefix": str(tmp_path / "prefix")}
    done = run_module("dnn_packages", asked, check=True, diff=True)
    assert (done["changed"], done["missing"], done["installed"]) == (True, ["dnnready-nonesuch"], [])
    assert done["diff"]["after"] == "dnnready-nonesuch\n"
    assert not (tmp_path / "prefix").exists()


@pytest.mark.parametrize("name", ["--purge", "libgomp1-", "libgomp1;id", "/tmp/x.deb"])
def test_what_is_no_name_is_refused(run_module, name):
    done = run_module("dnn_packages", {"packages": [name]})
    assert done["failed"]
    assert "no name of a Debian package" in done["msg"]


def repository(place: Path) -> None:
    """A flat repository: `dnnready-one` needs `dnnready-two`."""
    place.mkdir()
    for name, depends in (("dnnready-one", "dnnready-two"), ("dnnready-two", "dpkg")):
        tree = place / name
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN" / "control").write_text(CONTROL.format(name=name, depends=depends))
        subprocess.run(
            ["dpkg-deb", "--build", "--root-owner-group", str(tree), str(place)], check=True, capture_output=True
        )
    index = ""
    for package in sorted(place.glob("*.deb")):
        fields = subprocess.run(
            ["dpkg-deb", "--field", str(package)], check=True, capture_output=True, text=True
        ).stdout
        digest = subprocess.run(["sha256sum", str(package)], check=True, capture_output=True, text=True).stdout.split()[
            0
        ]
        index += f"{fields.strip()}\nFilename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n\n"
    (place / "Packages").write_text(index)


@pytest.mark.root
@needs_containers
def test_a_depots_repository_without_a_network(run_playbook, tmp_path):
    repository(tmp_path / "apt")
    task = {"packages": ["dnnready-one"], "repository": "/depot", "prefix": "/opt/dnnready", "stack": "onednn"}

    def installed(here, **more):
        play = [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "x", "dnn_packages": {**task, **more}}]}]
        (tmp_path / "play.yml").write_text(json.dumps(play))
        return here.play(str(tmp_path / "play.yml"))

    with host("packages", run_playbook, "--network=none", f"--volume={tmp_path / 'apt'}:/depot:ro") as here:
        before = here.listing()
        lists = here.shell("find /var/lib/apt/lists | sort")
        # An interrupted dpkg is repaired, not only reported.
        here.shell("cp /depot/dnnready-two_1.0-1_all.deb /tmp/two.deb && dpkg --unpack /tmp/two.deb > /dev/null")
        done = installed(here)
        assert done.rc == 0, done.stdout
        assert "`dpkg --configure -a` ended it" in done.stdout + done.stderr
        noted = json.loads(here.shell("cat /opt/dnnready/footprint.json"))["packages"]
        # What somebody else unpacked is theirs.
        assert [(one["name"], one["version"], one["manual"]) for one in noted] == [("dnnready-one", "1.0-1", True)]
        assert here.shell("find /var/lib/apt/lists | sort") == lists
        assert "changed=0" in installed(here).stdout

        assert here.play("playbooks/remove.yml").rc == 0
        here.shell("dpkg --purge dnnready-two > /dev/null")
        assert here.listing() == before

        unknown = installed(here, packages=["dnnready-nonesuch"])
        assert "the depot's repository /depot has no dnnready-nonesuch" in unknown.stdout
        assert here.listing() - before <= {line for line in here.listing() if "/opt/dnnready" in line}
        offline = installed(here, packages=["hello"], repository="")
        assert "cannot be resolved" in offline.stdout or "cannot be reached" in offline.stdout
