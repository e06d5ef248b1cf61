"""The table at the end of a run, a line while a step takes long, and the run as JSON."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, Optional

from ansible import constants, context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader
from ansible.utils import color

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.files import write_atomic, write_json
from dnnready.report import rollout, table, terminal
from dnnready.report.progress import Progress
from dnnready.report.run import RunRecord

DOCUMENTATION = """
name: dnnready
type: aggregate
author: dnnready maintainers (@dnnready)
short_description: Table of the verdicts at the end of a run
version_added: 0.1.0
description:
  - Collects the rows that tasks return as C(dnnready_rows), or set as the facts C(dnnready_rows), C(stack_rows) and
    C(rollback_rows), and ends the run with a table of one row per host and stack. The last row of each counts.
  - Below anything but V(accelerated) the table names the cause and the next command.
  - Hosts that were unreachable or failed before they reached a row are in the table too.
  - Counts how many modules ran on the hosts, each loop item and each retry for itself; actions that stay on the
    controller, skipped and delegated tasks do not count. Sums the C(cpu_seconds) that results report.
  - At a terminal, says after 10 and 30 seconds and then every minute which hosts are still busy with which step.
  - After C(site.yml) it says what happened in which ring, and leaves the names of the hosts that another run is to
    complete in C(<playbook>.retry), beside the playbook or in C(retry_files_save_path).
  - Runs beside any stdout callback. Says nothing in ad-hoc commands and in runs without rows.
notes:
  - Colours follow ansible-core, so E(ANSIBLE_NOCOLOR), E(NO_COLOR) and E(ANSIBLE_FORCE_COLOR) do what they always do.
requirements:
  - Enabled with C(callbacks_enabled = dnnready) in C(ansible.cfg).
options:
  json_path:
    description:
      - Write the run to this file as JSON, see C(docs/schema/run-1.json). Missing directories are made.
      - The file is written at the end, in one piece.
      - Variables of the environment are filled in, such as C($AWX_ISOLATED_DATA_DIR), where ansible-runner keeps a run.
    type: str
    default: ""
    env:
      - name: DNNREADY_JSON
    ini:
      - section: callback_dnnready
        key: json_path
"""

AD_HOC = "__adhoc_playbook__"
TICK = 2.0


class CallbackModule(CallbackBase):
    """Gathers rows through the whole run; prints when it is over."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dnnready"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._record = RunRecord()
        self._began = time.monotonic()
        self._progress = Progress()
        self._names: dict[str, str] = {}
        self._ticking: Optional[threading.Event] = None
        self._playbook = Path()
        self._lost: set[str] = set()

    # The run.

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Begin, or stay out of an ad-hoc command."""
        if getattr(playbook, "_file_name", "") == AD_HOC:
            self.disabled = True
            return
        self._playbook = Path(playbook._file_name or "playbook.yml").absolute()
        atexit.register(self._interrupted)
        path = self._json_path()
        if path:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                self._display.warning(f"DNNREADY_JSON: cannot make {path.parent}: {error.strerror}.")
        if sys.stdout.isatty() and self._ticking is None:
            self._ticking = threading.Event()
            threading.Thread(target=self._tick, args=(self._ticking,), name="dnnready-progress", daemon=True).start()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the table and write the document."""
        atexit.unregister(self._interrupted)
        self._conclude(list(stats.processed), set(stats.failures), set(stats.dark))

    def _interrupted(self) -> None:
        """Ctrl-C: Ansible ends without its statistics, but what was done is known."""
        failed = self._record.add_interruption(set(self._progress.running) - self._lost)
        if self._record.has_hosts:
            self._conclude([], failed, self._lost)

    def _conclude(self, hosts_of_run: Collection[str], failed: set[str], unreachable: set[str]) -> None:
        if self._ticking is not None:
            self._ticking.set()
            self._ticking = None
        document = self._record.document(hosts=hosts_of_run, failed=failed, unreachable=unreachable)
        hosts = document["hosts"]
        if self._record.has_rows or not document["ok"]:
            aside = rollout.untouched(document.get("rollout"))
            look = {"width": terminal.width(), "color": bool(color.ANSIBLE_COLOR)}
            self._display.display(table.render(hosts, aside=aside, **look))
            self._display.display(_costs(hosts, time.monotonic() - self._began))
        if "rollout" in document:
            self._tell_rollout(document)
        path = self._json_path()
        if path:
            try:
                write_json(path, document)
            except DnnreadyError as error:
                self._display.warning(f"DNNREADY_JSON: {error}")

    def _tell_rollout(self, document: dict[str, Any]) -> None:
        """The rings, and a file of the hosts that are left, as Ansible writes it for those that failed."""
        check = bool(context.CLIARGS.get("check"))
        told = rollout.render(document["rollout"], check=check)
        if told:
            self._display.display(f"\n{told}")
        if check or len(document["hosts"]) == 1:
            return
        failed = [name for name, host in document["hosts"].items() if host["failed"]]
        left = rollout.unfinished(document["rollout"], failed)
        retry = Path(constants.RETRY_FILES_SAVE_PATH or self._playbook.parent) / f"{self._playbook.stem}.retry"
        try:
            if left:
                write_atomic(retry, "".join(f"{name}\n" for name in left))
                self._display.display(f"{len(left)} left: the same command again, or with --limit @{retry}")
            elif retry.is_file() and set(retry.read_text(encoding="utf-8").split()) <= set(document["hosts"]):
                retry.unlink()
        except (DnnreadyError, OSError) as error:
            self._display.warning(f"{retry}: {error}")

    def _json_path(self) -> Optional[Path]:
        name = self.get_option("json_path")
        return Path(os.path.expandvars(name)).expanduser().absolute() if name else None

    def v2_playbook_on_play_start(self, play: Any) -> None:  # noqa: ARG002  ansible-core names it
        """The rings begin in the play after their plan."""
        self._record.begin_play()

    # Steps that take long.

    def _tick(self, done: threading.Event) -> None:
        while not done.wait(TICK):
            for line in self._progress.due(time.monotonic()):
                self._display.display(line)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002  ansible-core names it
        """Keep the task's name: only here it is templated."""
        self._names[task._uuid] = task.get_name()

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """As for any task."""
        self._names[task._uuid] = task.get_name()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """A host begins a task. A line amid the prompt of `pause` would garble it."""
        self._record.begin(host.get_name())
        if task.action.rpartition(".")[2] != "pause":
            self._progress.start(host.get_name(), self._names.get(task._uuid) or task.get_name(), time.monotonic())

    # Results.

    def v2_runner_on_ok(self, result: Any) -> None:
        """Take the rows."""
        self._take(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Take the rows, and the message in case the run ends so."""
        self._take(result)
        if not ignore_errors:
            self._record.add_failure(result.host.get_name(), result.result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Keep the reason."""
        self._progress.end(result.host.get_name())
        self._lost.add(result.host.get_name())
        self._record.add_failure(result.host.get_name(), result.result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Nothing ran."""
        self._progress.end(result.host.get_name())

    def _take(self, result: Any) -> None:
        host = result.host.get_name()
        self._progress.end(host)
        self._record.add_result(host, result.result, on_host=_ran_on_host(result.task, host))


def _ran_on_host(task: Any, host: str) -> bool:
    """Whether the task ran something on this host; ansible-core marks the actions that need no connection."""
    if isinstance(task, TaskInclude) or (task.delegate_to and task.delegate_to != host):
        return False
    action = action_loader.get(task.action, class_only=True, collection_list=task.collections)
    return bool(getattr(action, "_requires_connection", True))


def _costs(hosts: dict[str, Any], seconds: float) -> str:
    runs = sum(host["module_runs"] for host in hosts.values())
    known = [host["cpu_seconds"] for host in hosts.values() if host["cpu_seconds"] is not None]
    cpu = f", {sum(known):.1f} CPU seconds there" if known else ""
    return f"\ndnnready: {runs} module run{'' if runs == 1 else 's'} on the hosts{cpu}, {seconds:.0f} s in all."
