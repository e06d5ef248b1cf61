"""Plans in which rings a change reaches the hosts, when all of them have been looked at; on the controller alone.

Runs once for all hosts. Arguments: `hosts`, the names of the hosts of this play, each with its variable
`dnnready_seen`; `rings` (dnnready_rings). Returns as facts for the plays that follow `dnnready_rollout`: `hosts` in
their order, `sizes` of the rings, `rings`, `off` (who did not answer, and why), `duplicates` (names of a machine that
has another name too); and `dnnready_vouchers`: what hosts have proven that their siblings need not. Fails where no
host answered. Never changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.conv2d.voucher import of_hosts
from dnnready.errors import DnnreadyError
from dnnready.plan.rings import rings
from dnnready.report.words import reason


class ActionModule(ActionBase):
    """The rings of a run."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("hosts", "rings"))

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Sort the hosts."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        # Raw: what hosts answered is no template, and need not be searched for one.
        known = {str(name): variables["hostvars"].raw_get(name) for name in self._task.args["hosts"]}
        seen = {name: said["dnnready_seen"] for name, said in known.items() if "dnnready_seen" in said}
        off = {name: reason(said.get("msg")) for name, said in seen.items() if said.get("unreachable")}
        if off and len(off) == len(variables["ansible_play_hosts_all"]):  # others may have failed, and said why
            name, why = next(iter(off.items()))
            raise AnsibleActionFail(f"None of {len(off)} hosts answers. {name}: {why}")
        changing = {name: said for name, said in seen.items() if said.get("todo") or said.get("outdated_program")}
        duplicates = dict(_duplicates(changing))
        hosts = [name for name in changing if name not in duplicates]
        groups = {name: frozenset(members) for name, members in variables["groups"].items()}
        classes = {name: changing[name]["hardware_class"]["id"] for name in hosts}
        wishes = self._task.args["rings"]
        try:
            made = rings(hosts, wishes if isinstance(wishes, (list, tuple)) else [wishes], groups, classes)
        except DnnreadyError as error:
            raise AnsibleActionFail(str(error)) from error
        rollout = {
            "hosts": [host for ring in made for host in ring["hosts"]],
            "sizes": [len(ring["hosts"]) for ring in made],
            "rings": made,
            "off": off,
            "duplicates": duplicates,
        }
        # Those with something to do vouch when they have done it.
        resting = {
            name: {"dnnready_seen": said} for name, said in seen.items() if name not in changing and not off.get(name)
        }
        facts = {"dnnready_rollout": rollout, "dnnready_vouchers": of_hosts(resting, resting)}
        return {**result, "changed": False, "ansible_facts": facts}


def _duplicates(seen: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Names of machines that are there under an earlier name: two runs at once would stand in each other's way."""
    first: dict[str, str] = {}
    for name, said in seen.items():
        if first.setdefault(said["machine"], name) != name:
            yield name, first[said["machine"]]
