"""What goes and what stays, on a prefix of files: the logic alone, without packages."""

import json
import os
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from dnnready import footprint
from dnnready.depot import cache, manifest, trust
from dnnready.errors import DnnreadyError
from dnnready.removal import contents
from dnnready.removal.act import act, check
from dnnready.removal.decide import Request, decide
from dnnready.watch import state
from tests.unit.removal.cut import finished

MARK = "# Written by dnnready; changes here are lost.\n"
ONE = "1" * 16


class Host:
    """A host of files: a prefix with two stacks, and what dnnready wrote beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("opt", "etc/profile.d", "etc/systemd/system"):
            (root / name).mkdir(parents=True)
        self.before = self.listed()
        self.prefix = root / "opt" / "dnnready"
        self.facts = root / "etc" / "ansible" / "facts.d"

    def provision(self) -> None:
        footprint.make(self.prefix, ["bin", "depot/wheels", "tools/uv/1.0", "watch"])
        (self.prefix / "bin" / "dnnready").write_text("program")
        (self.prefix / "depot" / "manifest.json").write_text("{}")
        for name in (manifest.SIGNATURE, trust.ACCEPTED, cache.FILE, "signers", "revoked", ".lock"):
            (self.prefix / "depot" / name).write_text("{}")
        (self.prefix / "depot" / "wheels" / "x.whl").write_text("wheel")
        state.path_of(self.prefix).write_text("{}")
        (self.prefix / "watch" / ".lock").write_text("")
        (self.prefix / "tools" / "uv" / "1.0" / "uv").write_text("uv")
        for stack in ("onednn", "mkl"):
            release = self.prefix / "stacks" / stack / "releases" / ONE
            release.mkdir(parents=True)
            (release / "manifest.json").write_text("{}")
            (release.parent.parent / "current").symlink_to(f"releases/{ONE}")
            (release.parent.parent / "gate.json").write_text("{}")
        self.write(self.facts / "dnnready.fact", json.dumps({"prefix": str(self.prefix)}))
        self.write(self.root / "etc/profile.d/dnnready-mkl.sh", f"{MARK}export A='1'\n")
        self.write(self.root / "etc/systemd/system/camera.service.d/dnnready-onednn.conf", f"{MARK}[Service]\n")

    def write(self, path: Path, text: str) -> None:
        footprint.note(self.prefix, files=[path], directories=footprint.missing_directories(path.parent))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def request(self, **more) -> Request:
        places = {
            "login_directory": str(self.root / "etc/profile.d"),
            "systemd_directory": str(self.root / "etc/systemd/system"),
        }
        return Request(str(self.prefix), str(self.facts), **{**places, **more})

    def remove(self, **more) -> list[str]:
        """Remove; the reasons by what stays. A second removal has nothing to do."""
        request = self.request(**more)
        decision = decide(request)
        act(decision, request)
        assert not decide(request).changed
        return [what for what, _ in decision.kept]

    def listed(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*"))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_everything_goes_and_the_host_is_as_it_was(host):
    host.provision()
    assert host.remove() == []
    assert host.listed() == host.before


def test_a_host_that_never_had_it_is_not_touched(host):
    assert host.remove() == []
    assert host.listed() == host.before


def test_deciding_changes_nothing_and_says_what_acting_does(host):
    host.provision()
    before = host.listed()
    decision = decide(host.request())
    assert host.listed() == before
    assert [line for line in decision.lines if line.startswith("stack ")] == ["stack mkl", "stack onednn"]
    assert [Path(change.path).name for change in decision.environment] == ["dnnready-mkl.sh", "dnnready-onednn.conf"]
    named = {line for line in decision.lines if line.startswith("/")}
    act(decision, host.request())
    assert not [path for path in named if os.path.lexists(path)]


def test_one_stack_goes_with_its_files_and_the_rest_stays(host):
    host.provision()
    assert host.remove(stacks=("mkl",)) == []
    listed = host.listed()
    assert not [path for path in listed if "mkl" in path]
    assert "opt/dnnready/bin/dnnready" in listed
    assert f"opt/dnnready/stacks/onednn/releases/{ONE}/manifest.json" in listed
    assert "etc/systemd/system/camera.service.d/dnnready-onednn.conf" in listed
    host.remove(stacks=("onednn",))  # the last one: now all goes
    assert host.listed() == host.before


@pytest.mark.parametrize(
    "place",
    ["opt/dnnready/notes.txt", "opt/dnnready/bin/tool", "opt/dnnready/depot/mine/x", "opt/dnnready/tools/gcc/x",
     "opt/dnnready/stacks/onednn/mine", "opt/dnnready/stacks/onednn/releases/mine/x", "opt/dnnready/stacks/Mine/x",
     "etc/profile.d/other.sh", "etc/systemd/system/camera.service.d/other.conf", "etc/ansible/facts.d/other.fact"],
)  # fmt: skip
def test_what_somebody_else_put_there_stays(host, place):
    host.provision()
    path = host.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    kept = host.remove()
    assert path.read_text() == "mine"
    extra = set(host.listed()) - set(host.before)
    extra -= {one for one in extra if f"{place}/".startswith(f"{one}/")}
    notes = {f"opt/dnnready/{name}" for name in contents.LAST}
    assert extra == (notes if place.startswith("opt/dnnready") else set())
    if place.startswith("opt/dnnready"):
        assert [one for one in kept if str(path).startswith(one)]
        path.unlink()
        for parent in path.parents:
            if parent == host.prefix or list(parent.iterdir()):
                break
            parent.rmdir()
        host.remove()
        assert host.listed() == host.before


def test_a_file_that_somebody_made_theirs_stays_and_is_named(host):
    host.provision()
    path = host.root / "etc/profile.d/dnnready-mkl.sh"
    path.write_text("export A=mine\n")
    assert host.remove() == [str(path)]
    assert path.exists()


def test_the_facts_of_another_prefix_stay(host):
    host.provision()
    (host.facts / "dnnready.fact").write_text(json.dumps({"prefix": "/somewhere/else"}))
    host.remove()
    assert (host.facts / "dnnready.fact").exists()


def test_an_empty_prefix_of_somebody_else_stays(host):
    host.prefix.mkdir()
    footprint.make(host.prefix, ["bin"])
    host.remove()
    assert host.listed() == [*host.before[:4], "opt", "opt/dnnready"]


def test_it_refuses_while_a_program_runs_from_a_release(host):
    host.provision()
    program = host.prefix / "stacks" / "onednn" / "releases" / ONE / "sleep"
    program.symlink_to("/bin/sleep")
    through = host.prefix / "stacks" / "onednn" / "current" / "sleep"
    child = subprocess.Popen([str(through), "60"])
    try:
        time.sleep(0.1)
        request = host.request()
        with pytest.raises(DnnreadyError, match=f"process {child.pid} .*sleep 60.* of stack onednn"):
            check(decide(request), request)
        check(decide(host.request(running=True)), host.request(running=True))
        check(decide(host.request(stacks=("mkl",))), host.request(stacks=("mkl",)))
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("prefix", ["relative", "/", "/opt", "/opt/../etc/x"])
def test_a_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(DnnreadyError):
        decide(Request(prefix))


def test_cut_anywhere_the_next_removal_ends_it(tmp_path_factory):
    """The process ends before each removal and rename in turn."""
    for cut in range(200):
        one = Host(tmp_path_factory.mktemp("cut") / "root")
        one.provision()
        decision, request = decide(one.request()), one.request()
        if finished(partial(act, decision, request), cut, ("os.rename", "os.remove", "os.rmdir")):
            break
        one.remove()
        assert one.listed() == one.before, cut
    assert 20 < cut < 199
