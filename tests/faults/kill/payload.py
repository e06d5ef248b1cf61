"""Modules as Ansible ships them: one file each that any Python runs, with the parameters in it (AnsiballZ)."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PARAMETERS = re.compile(r"^params=('.*'),$", re.MULTILINE)


def with_arguments(template: str, arguments: Mapping[str, Any]) -> str:
    """The module with other arguments; what Ansible itself put there stays."""
    found = _PARAMETERS.search(template)
    if found is None:
        raise ValueError("This ansible-core keeps the parameters of a module elsewhere.")
    parameters = json.loads(ast.literal_eval(found.group(1)))
    own = {key: value for key, value in parameters["ANSIBLE_MODULE_ARGS"].items() if key.startswith("_ansible")}
    parameters["ANSIBLE_MODULE_ARGS"] = {**own, **arguments}
    text = f"params={json.dumps(parameters)!r},"
    return template[: found.start()] + text + template[found.end() :]


class Payloads:
    """Modules of a checkout, packed once each by Ansible itself."""

    def __init__(self, directory: Path, project: Path) -> None:
        self.directory = directory
        self.project = project
        self._templates: dict[str, str] = {}

    def make(self, name: str, module: str, arguments: Mapping[str, Any]) -> list[str]:
        """The command that runs a module with these arguments."""
        if module not in self._templates:
            self._templates[module] = self._pack(module)
        path = self.directory / f"{name}.py"
        path.write_text(with_arguments(self._templates[module], arguments), encoding="utf-8")
        return [sys.executable, str(path)]

    def _pack(self, module: str) -> str:
        """Let Ansible run the module without arguments, which it refuses, and keep the file that it made."""
        kept = self.directory / "remote" / module
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.project / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_KEEP_REMOTE_FILES": "1",
            "ANSIBLE_REMOTE_TEMP": str(kept),
        }
        variables = ["-e", f"ansible_python_interpreter={sys.executable}"]
        command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-i", "localhost,", "-c", "local"]
        done = subprocess.run(
            [*command, *variables, "-m", module], env=environment, capture_output=True, text=True, check=False
        )
        files = sorted(kept.rglob(f"AnsiballZ_{module}.py"))
        if not files:
            raise RuntimeError(f"Ansible did not pack {module}: {done.stdout}{done.stderr}")
        return files[-1].read_text(encoding="utf-8")
