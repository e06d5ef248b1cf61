"""The units of a switch, with a real systemd: in a container."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.containers import host, needs_containers

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = needs_containers

UNITS = {
    "app": "Type=simple\nExecStart=/bin/sleep infinity",
    "dies": "Type=simple\nExecStart=/bin/sh -c 'sleep 0.3; echo no such model; exit 4'",
    "well": "Type=oneshot\nExecStart=/bin/true",
    "unwell": "Type=oneshot\nExecStart=/bin/sh -c 'echo the camera is dark; exit 5'",
}
SCRIPT = """
import json, os, pathlib, sys
sys.path[:0] = ["/source/module_utils", "/source"]
from dnnready.errors import DnnreadyError
from dnnready.release import activate, facts
from dnnready.release.health import Gate
from dnnready.release.store import Store
from tests.unit.release.specs import finish, spec, through_current
store = Store(pathlib.Path("/opt/units"), "app")
specs = [spec(options={"number": number}) for number in range(2)]
said = {}
for one in specs:
    finish(store, one)
def switch(number, **gate):
    identifier = specs[number]["id"]
    try:
        activate.activate(store, identifier, ["accelerated"], 9, facts.path_of(store.prefix, ""),
                          gate=Gate(timeout=30, **gate), prove=through_current)
        return ["", store.linked("current") == identifier]
    except DnnreadyError as error:
        return [str(error), json.loads(store.rejection(identifier).read_text())["log"]]
def pid():
    return os.popen("systemctl show --value --property=MainPID app").read()
said["first"] = switch(0, unit="well.service", restart=("app.service",))
before = pid()
said["unwell"] = switch(1, unit="unwell.service", restart=("app.service",))
said["untouched"] = pid() == before
said["dies"] = switch(1, restart=("app.service", "dies.service"))
said["again"] = pid() != before and os.popen("systemctl is-active app").read()
said["service"] = switch(1, unit="app.service")
print(json.dumps(said))
"""


def test_units_decide_and_are_restarted(run_playbook: Callable[..., Any]) -> None:
    with host("units", run_playbook, f"--volume={PROJECT}:/source:ro") as device:
        for name, text in UNITS.items():
            device.shell(f"printf '%s\\n' '[Service]' > /etc/systemd/system/{name}.service")
            device.container.run(
                f"cat >> /etc/systemd/system/{name}.service <<'END'\n{text}\nEND", seconds=60, login=False
            )
        device.shell("systemctl daemon-reload")
        said = json.loads(device.shell(f"python3 - <<'END'\n{SCRIPT}\nEND"))
    assert said["first"] == ["", True]
    assert "The health unit unwell.service failed with exit code 1" in said["unwell"][0]
    assert "the camera is dark" in said["unwell"][1]
    assert said["untouched"]
    assert "Unit dies.service is" in said["dies"][0]
    assert "no such model" in said["dies"][1]
    assert said["again"] == "active\n"
    assert said["service"] == ["", True]
