"""playbooks/pull.yml on a host with systemd: set up once, then the host provisions itself from what is signed.

The repository and the depot are those of a user; ansible-core, git, ssh-keygen and the stack onednn are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil

import jsonschema
import pytest

from tests.faults.image import CACHE
from tests.integration.containers import PROJECT, host, needs_containers
from tests.integration.pulled import Repository, copy, key, public

SCHEMA = json.loads((PROJECT / "docs" / "schema" / "pull-1.json").read_text(encoding="utf-8"))
SERVICE = "dnnready-pull.service"
ROOT = "/opt/dnnready/pull"
CURRENT = "/opt/dnnready/stacks/onednn/current"
#: `systemd-analyze security`, in tenths: root that installs packages is exposed to much.
MOST_EXPOSED = 60

pytestmark = [pytest.mark.root, needs_containers]


def changed(done) -> int:
    assert done.rc == 0, done.stdout + done.stderr
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


def play(task: str) -> str:
    """One more play of a playbook."""
    return f"\n- name: Go on\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: Go on\n      {task}\n"


class Pulling:
    """A host that pulls, asked what a pull came to."""

    def __init__(self, here) -> None:
        self.here = here

    def start(self) -> dict:
        """One run of the service, as the timer starts it; its document."""
        self.here.shell(f"systemctl start {SERVICE} || true")
        return self.state()

    def state(self) -> dict:
        document = json.loads(self.here.shell(f"cat {ROOT}/state.json"))
        jsonschema.validate(document, SCHEMA)
        return document

    def by_hand(self, *options: str) -> dict:
        words = shlex.join(["/opt/dnnready/bin/dnnready", "pull", "--json", *options])
        document = json.loads(self.here.shell(f"{words} || true"))
        jsonschema.validate(document, SCHEMA)
        return document

    def line(self) -> str:
        """The last line that the service left in the journal."""
        said = f"journalctl --unit={SERVICE} --output=cat --no-pager | grep ^pull= | tail -n 1"
        return self.here.shell(said)

    def runs(self) -> int:
        """How often ansible-playbook ran a playbook, or looked at its syntax."""
        return int(self.here.shell(f"grep -c 'bin/ansible-playbook ' {ROOT}/log/pull.log"))

    def held(self) -> tuple[str, dict]:
        """What must be as it was where something is refused or fails: stack, program, fact (but for its time), tree."""
        fact = json.loads(self.here.shell("cat /etc/ansible/facts.d/dnnready.fact"))
        stacks = {name: {**stack, "since": ""} for name, stack in fact["stacks"].items()}
        program = f"sha256sum /opt/dnnready/bin/dnnready {ROOT}/program"
        return self.here.shell(f"readlink {CURRENT} {ROOT}/current; ls {ROOT}/trees; {program}"), stacks


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "project", key(tmp_path, "release"))
    made.commit({"README.md": "A project."})
    return made


def test_a_host_provisions_itself(run_playbook, repository, tmp_path):
    volume = f"--volume={repository.directory}:/source:ro"
    with host("pull", run_playbook, "--cap-add=SYS_ADMIN", volume) as here:
        clean = here.listing()
        wanted = {
            "pull_source": "file:///source",
            "pull_branch": "main",
            "pull_signers": [public(repository.signer)],
            "pull_backoff_first": 3600,
            "dnnready_stacks": ["onednn"],
        }
        assert changed(here.play("playbooks/pull.yml", wanted, check=True, diff=True)) > 0
        assert here.listing() == clean
        assert changed(here.play("playbooks/pull.yml", wanted)) > 0
        assert changed(here.play("playbooks/pull.yml", wanted)) == 0
        assert here.shell("systemctl is-enabled dnnready-pull.timer") == "enabled\n"
        assert here.shell("systemctl is-active dnnready-pull.timer") == "active\n"
        here.shell(f"systemd-analyze security --threshold={MOST_EXPOSED} --no-pager {SERVICE}")
        here.shell("systemctl stop dnnready-pull.timer")  # from here on the test says when

        pulling = Pulling(here)
        _provisions(pulling, repository)
        _does_nothing_where_nothing_is_new(pulling)
        _refuses(pulling, repository, key(tmp_path, "stranger"))
        _leaves_the_host_where_a_commit_is_broken(pulling, repository)
        _is_alone(pulling, repository)
        _is_killed(pulling, repository)

        assert changed(here.play("playbooks/remove.yml")) > 0
        assert here.listing() == clean
        assert "dnnready-pull" not in here.shell("systemctl list-units --all --no-pager")


def _provisions(pulling, repository) -> None:
    document = pulling.start()
    assert document["outcome"] == "applied", pulling.here.shell(f"tail -n 60 {ROOT}/log/pull.log")
    assert document["revision"] == repository.git("rev-parse", "HEAD")
    assert document["applied"]["stacks"] == {"onednn": pulling.here.shell(f"basename $(readlink {CURRENT})").strip()}
    assert "pull=applied" in pulling.line()
    assert "accelerated" in pulling.here.shell("/opt/dnnready/bin/dnnready status")


def _does_nothing_where_nothing_is_new(pulling) -> None:
    runs, held = pulling.runs(), pulling.held()
    seconds = f"systemctl show --property=CPUUsageNSec --value {SERVICE}"
    assert pulling.start()["outcome"] == "unchanged"
    assert (pulling.runs(), pulling.held()) == (runs, held)
    used = pulling.here.shell(seconds).strip()
    assert not used.isdigit() or int(used) < 5e9  # without a CPU controller systemd does not count


def _refuses(pulling, repository, stranger) -> None:
    """What is not signed, signed by somebody else, or older. Nothing of it is ever read by Ansible."""
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"README.md": "Another text."})
    assert pulling.start()["applied"]["revision"] == second
    runs, held = pulling.runs(), pulling.held()
    for arguments, why in (
        ({"signed": False}, "is not signed"),
        ({"signer": stranger}, "signed by a key that may not sign: SHA256:"),
    ):
        repository.commit({"README.md": why}, **arguments)
        document = pulling.start()
        assert (document["outcome"], document["accepted"]) == ("refused", second)
        assert why in document["why"]
        assert "pull=refused" in pulling.line()
        repository.git("reset", "--quiet", "--hard", second)
    repository.git("reset", "--quiet", "--hard", first)
    document = pulling.start()
    assert (document["outcome"], "is older than" in document["why"]) == ("refused", True)
    assert pulling.here.shell(f"systemctl is-failed {SERVICE} || true") == "failed\n"
    repository.git("reset", "--quiet", "--hard", second)
    assert pulling.start()["outcome"] == "unchanged"
    assert (pulling.runs(), pulling.held()) == (runs, held)


def _leaves_the_host_where_a_commit_is_broken(pulling, repository) -> None:
    held, site = pulling.held(), repository.text("site.yml")
    good = repository.git("rev-parse", "HEAD")
    bad = repository.commit({"site.yml": f"{site}\n  - this: [is no YAML"})
    document = pulling.start()
    assert (document["outcome"], document["failed"]["count"]) == ("failed", 1)
    assert "site.yml is not understood" in document["why"]
    assert document["failed"]["until"] == pytest.approx(document["checked"] + 3600)
    assert pulling.held() == held
    # It waits, unless somebody asks.
    assert pulling.start()["outcome"] == "waiting"
    document = pulling.by_hand("--now")
    assert (document["outcome"], document["failed"]["count"], document["revision"]) == ("failed", 2, bad)
    assert document["failed"]["until"] == pytest.approx(document["checked"] + 7200)

    # This one builds and switches a stack, and installs another program, before it fails.
    initial, defaults = "module_utils/dnnready/__init__.py", "roles/onednn/defaults/main.yml"
    kept = {"site.yml": site, initial: repository.text(initial), defaults: repository.text(defaults)}
    broken = {
        "site.yml": site + play("ansible.builtin.fail: {msg: It is broken on purpose}"),
        initial: kept[initial] + "\n# another program\n",
        defaults: re.sub(r"onednn_environment: .*", "onednn_environment: {OMP_NUM_THREADS: '1'}", kept[defaults]),
    }
    assert broken[defaults] != kept[defaults]
    repository.commit(broken)
    document = pulling.start()
    assert (document["outcome"], "It is broken on purpose" in document["why"]) == ("failed", True), document["why"]
    assert "Taken back: the program, onednn to " in document["why"]
    assert pulling.held() == held
    assert document["applied"]["revision"] == good

    # A commit that mends it is not made to wait.
    mended = repository.commit({**kept, initial: broken[initial]})
    document = pulling.start()
    assert (document["outcome"], document["failed"]) == ("applied", None)
    assert pulling.here.shell(f"readlink {ROOT}/current") == f"trees/{mended}\n"
    # The program of that commit pulls from now on.
    pulling.here.shell(f"cmp /opt/dnnready/bin/dnnready {ROOT}/program")


def _is_alone(pulling, repository) -> None:
    repository.commit({"README.md": "New, while others are at work."})
    before = pulling.state()
    for lock, words in (("/opt/dnnready/stacks/.onednn.lock", "Stack onednn"), (f"{ROOT}/.lock", "dnnready pull")):
        pulling.here.shell(f"flock {lock} sleep 60 > /dev/null 2>&1 & sleep 0.5")
        document = pulling.by_hand()
        assert (document["outcome"], words in document["why"]) == ("busy", True), document["why"]
        pulling.here.shell("kill $(pidof flock sleep)")
    after = pulling.state()
    assert (after["failed"], after["applied"]) == (before["failed"], before["applied"])


def _is_killed(pulling, repository) -> None:
    """Killed in the middle: the playbook that goes on keeps others out, and the commit waits as one that failed."""
    held, site = pulling.held(), repository.text("site.yml")
    repository.commit({"site.yml": site + play("ansible.builtin.command: sh -c 'touch /run/reached; sleep 600'")})
    pulling.here.shell("setsid /opt/dnnready/bin/dnnready pull > /dev/null 2>&1 & echo $! > /run/pull.pid")
    pulling.here.shell("until test -e /run/reached; do sleep 0.2; done; kill -9 $(cat /run/pull.pid)")
    assert pulling.state()["outcome"] == "running"
    assert pulling.by_hand()["outcome"] == "busy"
    holds = f"ls -l $place/fd 2> /dev/null | grep -q {ROOT}/.lock && basename $place"
    pulling.here.shell(f"kill -9 $(for place in /proc/[0-9]*; do {holds}; done); kill $(pidof sleep)")
    document = pulling.start()
    assert (document["outcome"], "the run was cut" in document["why"]) == ("waiting", True), document
    assert pulling.held() == held
    repository.commit({"site.yml": site})
    assert pulling.start()["outcome"] == "applied"


class Depot:
    """A depot in a directory, with ansible-core, the stack onednn and the project."""

    def __init__(self, directory, run_module) -> None:
        self.directory, self.project = directory / "depot", copy(directory / "project")
        self._run, self._scratch = run_module, directory
        for name in ("ansible", "onednn"):
            shutil.copytree(PROJECT / "locks" / name, directory / "locks" / name)

    def build(self, text: str) -> str:
        """Build it anew, with a project of this text; the line of its key."""
        (self.project / "README.md").write_text(text)
        options = {
            "directory": str(self.directory),
            "lock_directories": [str(self._scratch / "locks")],
            "targets": [{"python": "cp311", "architecture": "x86_64"}],
            "signing_key": str(self._scratch / "key"),
            "create_key": True,
            "cache": str(self._scratch / "cache"),
            "project": [str(self.project)],
        }
        sources = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{CACHE}/wheelhouse"}
        built = self._run("dnn_depot", options, env=sources)
        assert not built.get("failed"), built["msg"]
        return built["public_key"]

    @property
    def archive(self):
        return self.directory / "project" / "dnnready.tar.gz"


def test_a_host_provisions_itself_from_a_depot(run_playbook, run_module, tmp_path):
    depot = Depot(tmp_path, run_module)
    signer = depot.build("A project.")
    volume = f"--volume={depot.directory}:/depot:ro"
    with host("pull-depot", run_playbook, "--cap-add=SYS_ADMIN", volume) as here:
        # What devices have: ssh, and Debian's Python whole. From here on the depot is the only source.
        packages = "openssh-client python3-venv libgomp1"
        here.shell(f"apt-get -qq update && apt-get -qq install --no-install-recommends {packages} > /dev/null 2>&1")
        here.shell(r"printf '[global]\nno-index = true\n' > /etc/pip.conf; rm /etc/apt/sources.list.d/* || true")
        wanted = {
            "pull_source": "depot",
            "dnnready_depot": "/depot",
            "dnnready_depot_signers": [signer],
            "dnnready_stacks": ["onednn"],
        }
        assert changed(here.play("playbooks/pull.yml", wanted)) > 0
        here.shell("systemctl stop dnnready-pull.timer")
        pulling = Pulling(here)
        document = pulling.start()
        assert document["outcome"] == "applied", document["why"]
        assert document["revision"] == hashlib.sha256(depot.archive.read_bytes()).hexdigest()
        assert document["source"] == "/depot/project/dnnready.tar.gz"
        assert "accelerated" in here.shell("/opt/dnnready/bin/dnnready status")
        assert pulling.start()["outcome"] == "unchanged"

        before, held = tmp_path / "before", pulling.held()
        shutil.copytree(depot.directory, before)
        depot.build("Another project.")
        whole = depot.archive.read_bytes()
        depot.archive.write_bytes(whole[:-1] + b"x")
        document = pulling.start()
        assert (document["outcome"], "is not the file of the signed manifest" in document["why"]) == ("refused", True)
        assert pulling.start()["outcome"] == "waiting"
        assert pulling.held() == held
        depot.archive.write_bytes(whole)
        document = pulling.by_hand("--now")
        assert (document["outcome"], document["unreachable"]) == ("applied", None), document["why"]

        # Last week's depot, however well it is signed.
        held = pulling.held()
        shutil.copytree(before, depot.directory, dirs_exist_ok=True)
        document = pulling.start()
        assert (document["outcome"], "is an old one" in document["why"]) == ("refused", True), document["why"]
        assert pulling.held() == held

        away = {"pull_state": "absent"}
        assert changed(here.play("playbooks/pull.yml", away, check=True)) == 1
        assert changed(here.play("playbooks/pull.yml", away)) == 1
        assert changed(here.play("playbooks/pull.yml", away)) == 0
        assert here.shell(f"ls -d {ROOT} /etc/systemd/system/*dnnready* 2>/dev/null || true") == ""
        assert "accelerated" in here.shell("/opt/dnnready/bin/dnnready status")
