"""Writes the report of the diagnoses of all hosts on the controller.

It runs on the controller itself and needs no module, connection or interpreter there, whatever the inventory says of
localhost. Arguments: `directory`, and `hosts`, the names of the hosts that were asked; each left its variable
`diagnosis_entry`. Returns `path`, and `files`, their names. Never changed: nothing happens on a host.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.files import write_atomic
from dnnready.report.diagnosis_fleet import report


class ActionModule(ActionBase):
    """The report, a file for each form."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("directory", "hosts"))

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Write the files, in check mode none."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        directory = Path(self._task.args["directory"]).expanduser().absolute()
        made = report((task_vars or {})["hostvars"], self._task.args["hosts"])
        if not self._task.check_mode:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                for file in made:
                    write_atomic(directory / file["name"], file["content"])
            except (DnnreadyError, OSError) as error:
                raise AnsibleActionFail(f"The report cannot be written: {error}. See diagnosis_directory.") from error
        return {**result, "changed": False, "path": str(directory), "files": [file["name"] for file in made]}
