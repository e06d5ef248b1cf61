"""ansible-playbook of the device's own venv, on the device alone."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..files import read_json
from ..lockfile import AT_WORK
from ..process import Completed, run
from .log import Log
from .settings import Settings
from .trouble import BusyError, FailedError

INVENTORY, VARIABLES, RESULT = "inventory.json", "variables.json", "run.json"
_SYNTAX_TIMEOUT = 600.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Variables that would lead the run elsewhere; what a device shall know is in its files.
_FOREIGN = ("ANSIBLE_", "DNNREADY_", "PYTHON", "GIT_", "XDG_", "VIRTUAL_ENV", "LC_", "LANG")
_TELLING = re.compile(r"^(?:fatal|ERROR!|\[ERROR\]|failed:|.*(?:refused|failed|broken) .*)", re.IGNORECASE)
_MOST_WORDS = 400


@dataclass(frozen=True)
class Playbook:
    """A playbook of a tree of the project."""

    root: Path  #: <prefix>/pull
    settings: Settings
    tree: Path
    log: Log
    lock: int  #: the descriptor of the lock: a run whose parent was killed goes on holding it

    def check_syntax(self) -> None:
        """FailedError where ansible-playbook does not understand it."""
        if not (self.tree / self.settings.playbook).is_file():
            raise FailedError(f"The project has no {self.settings.playbook}.", "Correct pull_playbook.")
        done = self._run("--syntax-check", timeout=_SYNTAX_TIMEOUT)
        if not done.ok:
            raise FailedError(f"{self.settings.playbook} is not understood: {_said(done)}", "Mend it, and commit.")

    def run(self, *, check: bool = False) -> None:
        """Run it, or with `check` let it say what it would do.

        FailedError where it fails, BusyError where a part of it met another run.
        """
        (self.root / RESULT).unlink(missing_ok=True)
        done = self._run(*(["--check", "--diff"] if check else []), timeout=float(self.settings.timeout))
        if done.ok:
            return
        why = _reported(self.root / RESULT) or _said(done)
        if AT_WORK in why:
            raise BusyError(f"A part of the run met another one: {why}", "It is tried again.")
        how = f"took longer than {self.settings.timeout} s" if done.timed_out else "failed"
        raise FailedError(
            f"{self.settings.playbook} {how}: {why.rstrip('.')}.", f"All that it printed is in {self.log.path}."
        )

    def _run(self, *options: str, timeout: float) -> Completed:
        venv = Path(self.settings.ansible)
        if not (venv / "bin" / "ansible-playbook").is_file():
            raise DnnreadyError(f"There is no ansible-playbook in {venv}.", "Set it up again: playbooks/pull.yml.")
        inventories = [self.root / INVENTORY]
        if self.settings.inventory:
            inventories.insert(0, self.tree / self.settings.inventory)
        command = [
            *(str(venv / "bin" / "python"), str(venv / "bin" / "ansible-playbook"), "--connection=local"),
            *(word for inventory in inventories for word in ("--inventory", str(inventory))),
            *("--limit", self.settings.host, "--extra-vars", f"@{self.root / VARIABLES}"),
            *options,
            self.settings.playbook,
        ]
        self.log.line(f"$ {' '.join(command)}")
        done = run(
            command,
            env=self._environment(venv),
            timeout=timeout,
            cwd=str(self.tree),
            on_line=self.log.line,
            inherited=(self.lock,),
        )
        self.log.line(f"[{done.signal or f'exit code {done.exit_code}'}, {done.wall_seconds:.0f} s]")
        return done

    def _environment(self, venv: Path) -> dict[str, str]:
        """Everything that Ansible writes for itself goes below the prefix, so that it goes with it."""
        home = self.root / "home"
        for directory in (home, self.root / "tmp"):
            directory.mkdir(parents=True, exist_ok=True)
        given = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            "HOME": "/root",
            **given,
            "PATH": f"{venv / 'bin'}:{given.get('PATH') or _PATH}",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_LOCAL_TEMP": str(self.root / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(self.root / "tmp"),
            "ANSIBLE_ASYNC_DIR": str(home / "async"),
            "ANSIBLE_CONFIG": str(self.tree / "ansible.cfg"),
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_NOCOLOR": "1",
            "XDG_CACHE_HOME": str(home / "cache"),
            "DNNREADY_JSON": str(self.root / RESULT),
        }


def _reported(path: Path) -> str:
    """Why a run failed, as the project's own callback says it; empty where it says nothing."""
    try:
        document = read_json(path)
        hosts = document["hosts"] if document else {}
        told = [why for host in hosts.values() for why in _of_host(host)]
    except (DnnreadyError, KeyError, TypeError, AttributeError):
        return ""
    return _short(told)


def _of_host(host: Any) -> list[str]:
    rows = [
        f"{row['stack']}: {row['cause']['text']}"
        for row in host.get("rows", ())
        if row.get("cause") and row.get("verdict") in ("failed", "refused", "broken", "fallback", "unproven")
    ]
    return [*rows, *([str(host["failed"])] if host.get("failed") else [])]


def _said(done: Completed) -> str:
    lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.match(line)]
    return _short(telling or lines[-3:]) or f"it ended with {done.signal or f'exit code {done.exit_code}'}."


def _short(told: Sequence[str]) -> str:
    text = " ".join(" ".join(dict.fromkeys(told)).split())
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]} ..."
