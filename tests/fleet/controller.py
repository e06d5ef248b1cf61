"""The machine from which a user runs the playbooks of the project, with directories of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

from tests.fleet.fleet import Fleet

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "inventories" / "example-fleet"
_VAULT_PASSWORD = "the vault of a test"


class Run(NamedTuple):
    """How a run of ansible-playbook ended; `document` is what DNNREADY_JSON has, empty where nothing was written."""

    rc: int
    said: str
    document: dict[str, Any]
    seconds: float


class Controller:
    """Runs Ansible with the configuration of the project; nothing of this terminal gets in.

    With a fleet it runs on the example inventory, to which the fleet adds addresses and keys, and a vault the password.
    """

    def __init__(self, ansible_bin: Path, directory: Path, hosts: Optional[Fleet] = None) -> None:
        self._bin = ansible_bin
        self.directory = directory
        self._inventories: list[str] = []
        self._secrets: list[str] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DNNREADY_"))}
        self.environment = {
            **kept,
            "PATH": f"{ansible_bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
            "ANSIBLE_HOME": str(directory / "ansible-home"),
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_RETRY_FILES_SAVE_PATH": str(directory),
        }
        if hosts is not None:
            self._inventories = ["-i", str(EXAMPLE), "-i", str(hosts.inventory)]
            self._secrets = self._vault(hosts.password)

    @property
    def retry(self) -> Path:
        """Where a run of site.yml leaves the names of hosts that the next one is to complete."""
        return self.directory / "site.retry"

    def _vault(self, password: str) -> list[str]:
        """The vault of the example inventory as its user makes it, as arguments of ansible-playbook."""
        example = (EXAMPLE / "group_vars" / "all" / "vault.yml.example").read_text(encoding="utf-8")
        assert "write-it-here" in example
        vault, key = self.directory / "vault.yml", self.directory / "vault-password"
        vault.write_text(example.replace("write-it-here", password), encoding="utf-8")
        key.write_text(_VAULT_PASSWORD, encoding="utf-8")
        identity = f"--vault-id=fleet@{key}"
        made = self.command("ansible-vault", "encrypt", identity, str(vault), environment={})
        assert made.returncode == 0, made.stderr
        assert password not in vault.read_text(encoding="utf-8")
        return ["-e", f"@{vault}", identity]

    def command(
        self, program: str, *arguments: str, environment: Optional[Mapping[str, str]] = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible in the checkout."""
        return subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=PROJECT,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )

    def play(
        self,
        playbook: str,
        variables: Optional[Mapping[str, Any]] = None,
        *arguments: str,
        environment: Optional[Mapping[str, str]] = None,
    ) -> Run:
        """Run a playbook of the project on the hosts of the fleet; of a controller without one, on this machine."""
        record = self.directory / "run.json"
        record.unlink(missing_ok=True)
        began = time.monotonic()
        done = self.command(
            *("ansible-playbook", playbook, *self._inventories, *self._secrets),
            *("-e", json.dumps(variables or {}), *arguments),
            environment={"DNNREADY_JSON": str(record), **(environment or {})},
        )
        document = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        return Run(done.returncode, done.stdout + done.stderr, document, time.monotonic() - began)
