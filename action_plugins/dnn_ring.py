"""Judges the ring that the play is at: did enough of its hosts succeed? On the controller alone, once per ring.

Arguments: `rollout`, `vouchers` (of dnn_rings); `active`, the hosts that still answer; `limit`, how many per cent may
fail; `check`, what `dnnready_ring_check` had to say against the ring (empty: nothing). Each host left `dnnready_seen`,
`stack_proven` (stacks that were proven and made current) and, where a step failed, `dnnready_failure`. Returns `ring`:
name, place, hosts, failed, lost, stop, why, and `switched`, by host and stack the release to go back to; and as a fact
`dnnready_vouchers`, those that were known and those of a good ring. Never changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Optional

from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.conv2d.voucher import of_hosts
from dnnready.plan import needs
from dnnready.plan.ring_verdict import judge, switched


class ActionModule(ActionBase):
    """The verdict on a ring."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("rollout", "vouchers", "active", "limit", "check"))

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Count."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables, asked = task_vars or {}, self._task.args
        own = variables["inventory_hostname"]
        all_rings = asked["rollout"]["rings"]
        number, ring = next((number, ring) for number, ring in enumerate(all_rings, 1) if own in ring["hosts"])
        active = [name for name in ring["hosts"] if name in set(asked["active"])]
        known = {name: variables["hostvars"].raw_get(name) for name in active}
        failed = {} if self._task.check_mode else {name: why for name, said in known.items() if (why := _failure(said))}
        lost = [name for name in ring["hosts"] if name not in active]
        verdict = judge(ring["hosts"], failed, lost, limit=float(asked["limit"]), check=asked["check"])
        back = {
            name: ways
            for name, said in known.items()
            if (ways := switched(said["dnnready_seen"]["stacks"], said.get("stack_proven") or []))
        }
        good = {name: said for name, said in known.items() if name not in failed}
        vouchers = {} if verdict["stop"] else {"dnnready_vouchers": of_hosts(good, good, asked["vouchers"])}
        return {
            **result,
            "changed": False,
            "ring": {**ring, **verdict, "switched": back, "place": f"{number} of {len(all_rings)}"},
            "ansible_facts": vouchers,
        }


def _failure(said: dict[str, Any]) -> str:
    """Why a host failed, empty where it did not. What it refused before the change says nothing of the change."""
    if said.get("dnnready_failure"):
        return str(said["dnnready_failure"])
    seen = said["dnnready_seen"]
    proven = said.get("stack_proven") or []
    missing = [name for name in needs.unproven(seen["plan"], seen["stacks"], proven) if name in seen["todo"]]
    return f"not proven: {', '.join(missing)}" if missing else ""
