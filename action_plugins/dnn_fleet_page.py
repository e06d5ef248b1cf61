"""Writes the page of a fleet on the controller, with the same as JSON and CSV.

It runs on the controller itself and needs no module, connection or interpreter there, whatever the inventory says of
localhost. Arguments: `directory`; `hosts`, the names of the hosts that were asked: each left its variable
`dnnready_stored`; `previous`, a JSON of an earlier page to compare with (empty: the one in `directory`);
`speed_factor`. Returns `path`, `files` and `totals`. Never changed: nothing happens on a host.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.files import write_atomic
from dnnready.report.fleet import document
from dnnready.report.fleet_files import DOCUMENT, NAMES, answer, earlier, files


class ActionModule(ActionBase):
    """The page, a file for each form."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("directory", "hosts", "previous", "speed_factor"))

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Write the files, in check mode none."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        asked, variables = self._task.args, task_vars or {}
        directory = Path(asked["directory"]).expanduser().absolute()
        named = asked.get("previous") or ""
        try:
            before = earlier(Path(named).expanduser() if named else directory / DOCUMENT, needed=bool(named))
            # Raw: what hosts answered is no template, and need not be searched for one.
            hosts = {str(name): variables["hostvars"].raw_get(name) for name in asked["hosts"]}
            made = document(
                {name: _answer(known) for name, known in hosts.items()},
                {name: list(known["group_names"]) for name, known in hosts.items()},
                previous=before,
                inventory={str(name) for name in variables["groups"]["all"]},
                speed_factor=float(asked.get("speed_factor") or 2),
            )
            if not self._task.check_mode:
                directory.mkdir(parents=True, exist_ok=True)
                for file in files(made):
                    write_atomic(directory / file["name"], file["content"])
        except (DnnreadyError, OSError, ValueError) as error:
            raise AnsibleActionFail(f"The page cannot be written: {error} See report_directory.") from error
        return {**result, "changed": False, "path": str(directory), "files": list(NAMES), "totals": made["totals"]}


def _answer(variables: Any) -> dict[str, Any]:
    """What a host left, as plain data: without the marks that Ansible puts on values."""
    seen = variables.get("dnnready_stored")
    return answer(json.loads(json.dumps(seen, default=str))) if seen else answer({})
