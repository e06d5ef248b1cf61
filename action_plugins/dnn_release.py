"""Runs the module dnn_release; while it builds, says how far it is.

A build takes minutes, and a module speaks only when it ends. So the module runs through Ansible's asynchronous
machinery, and the small file that it writes is read over the same connection meanwhile. A lost connection does not
end a build, for as long as the variable `dnnready_reconnect_timeout` says; result, failure and check mode are those of
the module itself.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.lockfile import AT_WORK
from dnnready.release.progress import words

#: Whether a person watches. Asked when Ansible loads this file, because its workers have no terminal.
TERMINAL = sys.stdout.isatty()
#: Seconds between two lines, and between two looks: the first come soon, for small stacks.
LINES_EVERY = 5.0 if TERMINAL else 30.0
LOOKS = (0.5, 1.0, 2.0, 3.0)
#: Seconds for which the host may be out of reach, where the variable does not say.
PATIENCE = 300.0
_MARK = "dnnready says"
#: As often one after the other the job has no process before it counts as killed: it may just have ended.
_GONE = 2
#: The longest build, where the task has no timeout of its own.
LIMIT = 6 * 3600
#: Tells one start of a host from another; a container has its own first process, and the kernel of its host.
_BOOT = "printf '%s ' $(cat /proc/sys/kernel/random/boot_id) $(cut -d' ' -f22 /proc/1/stat); echo"
#: What the asynchronous machinery adds to a result.
_MACHINERY = ("ansible_job_id", "started", "finished", "results_file", "ansible_async_watchdog_pid")

display = Display()


class ActionModule(ActionBase):
    """The controller's side of dnn_release."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Run the module: watched where it will build, as any other module where it will not."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._watchable() and not self._is_built():
            result.update(self._built(task_vars))
            return result
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        result.update(self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _watchable(self) -> bool:
        """Whether this call may build and nobody else (the user's `async`) watches it."""
        asked = self._task.args
        return (
            asked.get("state") == "installed"
            and isinstance(asked.get("release"), dict)
            and all(isinstance(asked["release"].get(key), str) for key in ("stack", "id"))
            and not self._task.check_mode
            and not self._task.async_val
            and not self._connection.has_native_async
        )

    def _is_built(self) -> bool:
        """Whether the release seems to be there, so that the module will end at once; it decides, this only guesses."""
        if self._task.args.get("force"):
            return False
        manifest = f"{self._root()}/releases/{self._task.args['release']['id']}/manifest.json"
        return "built" in self._command(f'grep -qs \'"state": "installed"\' {shlex.quote(manifest)} && echo built')

    def _root(self) -> str:
        """The directory of the stack on the host."""
        prefix: str = self._remote_expand_user(str(self._task.args.get("prefix")))
        return f"{prefix}/stacks/{self._task.args['release']['stack']}"

    def _command(self, command: str) -> list[str]:
        """The lines that a command prints on the host, without what sudo prints before them: it may have a terminal."""
        marked = f"exec 2>/dev/null; echo {_MARK}; {command}"
        lines = str(self._low_level_execute_command(marked, sudoable=True).get("stdout", "")).splitlines()
        lines = [line.strip() for line in lines]
        return lines[lines.index(_MARK) + 1 :] if _MARK in lines else []

    def _built(self, task_vars: Optional[dict[str, Any]]) -> dict[str, Any]:
        """Build; where the connection was lost as the build began, that one may go on there, and is waited for."""
        variables = task_vars or {}
        patience = float(self._templar.template(variables.get("dnnready_reconnect_timeout", PATIENCE)))
        began, cut = time.monotonic(), False
        while True:
            try:
                job = self._launched(task_vars)
            except AnsibleConnectionFailure:
                if time.monotonic() - began > patience:
                    raise
                cut = True
                self._reset()
            else:
                result = self._watched(job, task_vars, patience) if job.get("ansible_job_id") else dict(job)
                if not (cut and AT_WORK in str(result.get("msg")) and time.monotonic() - began < self._limit()):
                    return result
            time.sleep(LOOKS[-1])

    def _limit(self) -> int:
        return self._task.timeout or LIMIT

    def _launched(self, task_vars: Optional[dict[str, Any]]) -> dict[str, Any]:
        """The job as it was started, or the result of a module that did not even start."""
        self._task.async_val = self._limit()
        try:
            job: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=True)
        finally:
            self._task.async_val = 0
        return job

    def _watched(self, job: dict[str, Any], task_vars: Optional[dict[str, Any]], patience: float) -> dict[str, Any]:
        """The result of a job."""
        limit = self._limit()
        # Where the machinery says it is: ~ is not $HOME for everyone who becomes somebody else.
        file = job["results_file"]
        self._wait((task_vars or {}).get("inventory_hostname", ""), file, limit, patience)
        ended = self._execute_module(
            module_name="ansible.legacy.async_status",
            module_args={"jid": job["ansible_job_id"], "mode": "status", "_async_dir": os.path.dirname(file)},
            task_vars=task_vars,
        )
        self._command(f"rm -f {shlex.quote(file)}")
        self._remove_tmp_path(self._connection._shell.tmpdir)
        result = {key: value for key, value in ended.items() if key not in _MACHINERY}
        for stream in ("stdout", "stderr"):
            if not result.get(stream):
                result.pop(stream, None)
                result.pop(f"{stream}_lines", None)
        return result

    def _wait(self, host: str, file: str, limit: int, patience: float) -> None:
        """Look at the job and its progress until it ends; raises AnsibleError where it cannot end any more."""
        started = seen = shown = time.monotonic()
        boot, gone = "", 0
        said: dict[str, Any] = {}
        for pause in itertools.chain(LOOKS, itertools.repeat(LOOKS[-1])):
            time.sleep(pause)
            now = time.monotonic()
            try:
                found_boot, alive, job, progress = self._look(file)
            except AnsibleConnectionFailure:
                if now - seen > patience:
                    raise
                self._reset()
                continue
            seen = time.monotonic()
            if job is not None and "started" not in job:
                return
            boot = boot or found_boot
            if found_boot != boot:
                raise AnsibleError("The host started anew during the build. Run again: it is built from the beginning.")
            gone = 0 if alive else gone + 1
            if gone >= _GONE:
                raise AnsibleError(
                    "The build was killed on the host, by somebody or for want of memory: `dmesg` tells. Run again."
                )
            if now - started > limit + PATIENCE:
                raise AnsibleError("The build did not end in time. Run again, with a longer dnnready_build_timeout.")
            news = {key: value for key, value in progress.items() if key != "seconds"}
            if news and news != said and now - shown >= LINES_EVERY and not self._task.no_log:
                said, shown = news, now
                display.display(f"dnnready: {host}: {self._task.args['release']['stack']}: {words(progress)}")

    def _look(self, file: str) -> tuple[str, bool, Optional[dict[str, Any]], dict[str, Any]]:
        """The host's boot, whether the job has a process, the job and its progress as far as they can be read."""
        number = os.path.basename(file).rpartition(".")[0]
        # The brackets keep the search from finding itself.
        alive = f"grep -qs {shlex.quote(f'[{number[0]}]{number[1:]}')} /proc/[0-9]*/cmdline && echo alive || echo gone"
        files = (file, f"{self._root()}/progress.json")
        reads = (f"printf '%s\\n' \"$(cat {shlex.quote(path)})\"" for path in files)
        answer = self._command("; ".join((_BOOT, alive, *reads)))
        boot, life, job, progress = (answer + [""] * 4)[:4]
        if life not in ("alive", "gone"):
            raise AnsibleConnectionFailure(f"What the host answers cannot be read: {str(answer)[:200]}")
        return boot, life == "alive", _document(job), _document(progress) or {}

    def _reset(self) -> None:
        """Drop a connection that does not answer; the next command makes a new one."""
        try:
            self._connection.reset()
        except (AttributeError, AnsibleError) as error:
            display.vvvv(f"reset: {error}")


def _document(text: str) -> Optional[dict[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
