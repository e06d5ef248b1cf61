"""playbooks/monitor.yml on a host with systemd: what the timer sees, and that it goes without trace.

The container may make file system and network namespaces, so that the sandbox of the service is the real one.
"""

from __future__ import annotations

import base64
import json
import re
import textwrap

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dnnready.archive import build
from tests.integration.containers import PROJECT, host, needs_containers

SCHEMA = json.loads((PROJECT / "docs" / "schema" / "watch-1.json").read_text(encoding="utf-8"))
SERVICE = "dnnready-watch.service"
METRICS = "/var/lib/prometheus/node-exporter/dnnready.prom"
LIBRARY = "/opt/dnnready/stacks/onednn/current/venv/lib/libdnnl.so.3"
GOMP = "/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0"
SLOW = "ONEDNN_MAX_CPU_ISA=SSE41"
#: `systemd-analyze security`, in tenths.
MOST_EXPOSED = 15

pytestmark = [pytest.mark.root, needs_containers]


def changed(done) -> int:
    assert done.rc == 0, done.stdout + done.stderr
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


class Watched:
    """A host with the timer, asked what a check finds."""

    def __init__(self, here) -> None:
        self.here = here

    def check(self) -> tuple[int, str]:
        """One run of the service: priority and text of the line that it left in the journal."""
        since = "journalctl --no-pager --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'"
        lines = f'journalctl --unit={SERVICE} --output=json --after-cursor="$cursor"'
        script = f"cursor=$({since}); systemctl start {SERVICE} && {lines}"
        entries = [json.loads(line) for line in self.here.shell(script).splitlines()]
        ((priority, message),) = [
            (int(entry["PRIORITY"]), entry["MESSAGE"]) for entry in entries if entry["MESSAGE"].startswith("stack=")
        ]
        return priority, message

    def metrics(self) -> dict[str, dict[str, float]]:
        """{name: {the label that tells samples apart: value}}."""
        text = self.here.shell(f"cat {METRICS}")
        return {
            family.name: {
                sample.labels.get("cause") or sample.labels.get("verdict") or "": sample.value
                for sample in family.samples
            }
            for family in text_string_to_metric_families(text)
        }

    def fact(self) -> dict:
        return json.loads(self.here.shell("cat /etc/ansible/facts.d/dnnready.fact"))["stacks"]["onednn"]

    def state(self) -> dict:
        return json.loads(self.here.shell("cat /opt/dnnready/watch/state.json"))


def test_a_host_watches_itself(run_playbook):
    with host("watch", run_playbook, "--cap-add=SYS_ADMIN") as here:
        here.shell("mkdir --parents /var/lib/prometheus/node-exporter")
        clean = here.listing()
        assert changed(here.play("playbooks/monitor.yml", check=True, diff=True)) == 3
        assert here.listing() == clean

        assert changed(here.play("site.yml", {"dnnready_stacks": ["onednn"]})) > 0
        provisioned = here.listing()
        rehearsal = here.play("playbooks/monitor.yml", check=True, diff=True)
        assert changed(rehearsal) == 1
        assert "+PrivateNetwork=yes" in rehearsal.stdout
        assert here.listing() == provisioned
        assert changed(here.play("playbooks/monitor.yml")) == 1
        assert changed(here.play("playbooks/monitor.yml")) == 0
        assert here.shell("systemctl is-enabled dnnready-watch.timer") == "enabled\n"
        assert here.shell("systemctl is-active dnnready-watch.timer") == "active\n"
        here.shell(f"systemd-analyze security --threshold={MOST_EXPOSED} --no-pager {SERVICE}")

        here.shell("systemctl stop dnnready-watch.timer")  # from here on the test says when
        watched = Watched(here)
        _well(watched)
        _sandboxed(here)
        _a_service_slows_itself(watched)
        _a_login_shell_slows_it(watched)
        _the_library_is_cut(watched)
        _the_system_changes(watched)
        _another_run_is_at_work(watched)

        away = {"monitoring_state": "absent"}
        assert changed(here.play("playbooks/monitor.yml", away, check=True)) == 1
        assert changed(here.play("playbooks/monitor.yml", away)) == 1
        assert changed(here.play("playbooks/monitor.yml", away)) == 0
        # The check kept the proof and the footprint true; nothing else is left of it.
        assert here.listing() == provisioned
        assert "dnnready-watch" not in here.shell("systemctl list-units --all --no-pager")

        assert changed(here.play("playbooks/monitor.yml")) == 1
        assert changed(here.play("playbooks/remove.yml")) > 0
        assert here.listing() == clean
        assert "dnnready-watch" not in here.shell("systemctl list-units --all --no-pager")


def _well(watched) -> None:
    priority, line = watched.check()
    assert (priority, "verdict=accelerated drift=none" in line) == (6, True), line
    jsonschema.validate(watched.state(), SCHEMA)
    metrics = watched.metrics()
    assert metrics["dnnready_verdict"] == {"accelerated": 1, "fallback": 0, "broken": 0, "unproven": 0}
    assert metrics["dnnready_drift"] == {}
    assert metrics["dnnready_watch_cpu_seconds"][""] < 5
    assert watched.here.shell(f"stat --format=%a {METRICS}") == "644\n"


def _sandboxed(here) -> None:
    """What the service may do, asked by a command in its place."""
    place = "/run/systemd/system/dnnready-watch.service.d"
    script = "; ".join(
        [
            "touch /etc/x 2>&1",
            "touch /opt/dnnready/x && rm /opt/dnnready/x && echo prefix",
            "grep --count : /proc/net/dev",
            "grep CapEff /proc/self/status",
        ]
    )
    here.shell(f"mkdir --parents {place}")
    here.shell(f"printf '[Service]\\nExecStart=\\nExecStart=/bin/sh -c \"{script}\"\\n' > {place}/ask.conf")
    here.shell(f"systemctl daemon-reload; systemctl start {SERVICE}")
    said = here.shell(f"journalctl --unit={SERVICE} --output=cat --no-pager --lines=12")
    here.shell(f"rm -r {place}; systemctl daemon-reload")
    assert "touch: cannot touch '/etc/x': Read-only file system" in said
    assert "prefix\n" in said
    assert "\n1\n" in said  # the loopback interface alone
    assert "CapEff:\t0000000000000000" in said


def _a_service_slows_itself(watched) -> None:
    folder = "/etc/systemd/system/camera.service"
    command = "/opt/dnnready/bin/dnnready run onednn -- python -c pass"
    watched.here.shell(f"printf '[Service]\\nExecStart={command}\\n' > {folder}; mkdir {folder}.d")
    watched.here.shell(f"printf '[Service]\\nEnvironment={SLOW}\\n' > {folder}.d/tuning.conf; systemctl daemon-reload")
    priority, line = watched.check()
    assert (priority, "drift=isa_below_cpu" in line) == (4, True), line
    assert f"{folder}.d/tuning.conf:2" in line
    assert watched.metrics()["dnnready_drift"] == {"isa_below_cpu": 1}
    assert watched.state()["stacks"]["onednn"]["drift"][0]["where"] == "camera.service"
    # The release itself is as it was.
    assert watched.fact()["verdict"] == "accelerated"
    watched.here.shell(f"rm -r {folder} {folder}.d; systemctl daemon-reload")
    _clean(watched, did="none")


def _a_login_shell_slows_it(watched) -> None:
    watched.here.shell(f"echo 'export {SLOW}' > /etc/profile.d/tuning.sh")
    priority, line = watched.check()
    assert (priority, "drift=isa_below_cpu" in line) == (4, True), line
    assert "sed -i '1d' /etc/profile.d/tuning.sh" in line
    watched.here.shell("rm /etc/profile.d/tuning.sh")
    _clean(watched, did="none")


def _the_library_is_cut(watched) -> None:
    """It keeps its time, as a disk that forgets would leave it."""
    watched.here.shell(f"cp --archive {LIBRARY} /tmp/library; truncate --size=100000 {LIBRARY}")
    watched.here.shell(f"touch --reference=/tmp/library {LIBRARY}")
    priority, line = watched.check()
    assert (priority, "verdict=broken drift=corrupt_install" in line) == (3, True), line
    assert watched.metrics()["dnnready_verdict"]["broken"] == 1
    assert watched.metrics()["dnnready_verdict_accepted"] == {"": 0}
    assert watched.fact()["verdict"] == "broken"
    watched.here.shell(f"cp --archive /tmp/library {LIBRARY}; rm /tmp/library")
    _clean(watched, did="full")
    assert watched.fact()["verdict"] == "accelerated"


def _the_system_changes(watched) -> None:
    """An upgrade of libgomp is proven and accepted; its loss is named, with the command that brings it back."""
    watched.here.shell(f"cp --archive {GOMP} /tmp/gomp; touch {GOMP}")
    priority, line = watched.check()
    assert (priority, f"because {GOMP} was replaced" in line) == (5, True), line
    watched.here.shell(f"rm {GOMP}")
    priority, line = watched.check()
    assert (priority, "drift=openmp_runtime_missing" in line) == (3, True), line
    assert "apt-get install --reinstall libgomp1" in line
    watched.here.shell(f"cp --archive /tmp/gomp {GOMP}; rm /tmp/gomp")
    _clean(watched, did="full")


def _another_run_is_at_work(watched) -> None:
    before = watched.state()["stacks"]
    watched.here.shell("flock /opt/dnnready/stacks/.onednn.lock sleep 60 > /dev/null 2>&1 & sleep 0.5; echo")
    priority, line = watched.check()
    assert (priority, "outcome=skipped" in line) == (6, True), line
    assert watched.state()["stacks"] == before
    watched.here.shell("kill $(pidof flock sleep)")


def _clean(watched, did: str) -> None:
    _, line = watched.check()
    assert f"verdict=accelerated drift=none proof={did}" in line, line
    assert watched.metrics()["dnnready_drift"] == {}


#: What the module does on a host, without Ansible: its connection to containers is root's alone.
OF_A_USER = """
import sys
prefix = sys.argv[1]
sys.path.insert(0, f"{prefix}/bin/dnnready")
from dnnready.watch.setup import plan
from dnnready.watch.units import Settings
setup = plan(Settings(prefix, user=True), present=sys.argv[2] == "present")
print(setup.changed)
if setup.changed:
    setup.apply()
"""


def test_a_user_without_root(run_playbook):
    with host("watch-user", run_playbook) as here:
        here.shell("apt-get -qq update && apt-get -qq install --no-install-recommends libpam-systemd > /dev/null 2>&1")
        here.shell("useradd --create-home ada && mkdir --parents /home/ada/dnnready/bin /home/ada/dnnready/stacks")
        program = base64.b64encode(build(PROJECT / "module_utils" / "dnnready", "/usr/bin/python3")).decode()
        for part in textwrap.wrap(program, 100_000):
            here.shell(f"echo {part} >> /tmp/program")
        here.shell("base64 --decode /tmp/program > /home/ada/dnnready/bin/dnnready; chmod 755 /home/ada/dnnready/bin/*")
        here.shell(f"chown --recursive ada /home/ada/dnnready; cat > /tmp/setup.py <<'EOF'\n{OF_A_USER}EOF")
        # Without a session: su would begin one, and with it a user manager.
        runtime = "XDG_RUNTIME_DIR=/run/user/$(id --user ada)"
        as_ada = f"setpriv --reuid=ada --regid=ada --init-groups env --chdir=/ HOME=/home/ada {runtime}"
        setup = f"{as_ada} python3 /tmp/setup.py /home/ada/dnnready"
        listing = "find /home/ada -newer /tmp/setup.py -not -name .footprint.lock -not -name footprint.json -type f"

        refused = here.shell(f"{setup} present 2>&1 || true")
        assert "No user manager of systemd runs for ada" in refused
        assert "loginctl enable-linger ada" in refused
        assert here.shell(listing) == ""

        here.shell(
            "loginctl enable-linger ada; until test -S /run/user/$(id -u ada)/systemd/private; do sleep 0.2; done"
        )
        assert here.shell(f"{setup} present") == "True\n"
        assert here.shell(f"{setup} present") == "False\n"
        assert here.shell(f"{as_ada} systemctl --user is-active dnnready-watch.timer") == "active\n"
        here.shell(f"{as_ada} systemctl --user start {SERVICE}")
        assert json.loads(here.shell("cat /home/ada/dnnready/watch/state.json"))["stacks"] == {}
        assert here.shell(f"{setup} absent") == "True\n"
        assert here.shell(listing) == ""


def test_a_relative_prefix_is_refused(run_module):
    done = run_module("dnn_watch", {"prefix": "relative"})
    assert done["failed"]
    assert "relative path" in done["msg"]
