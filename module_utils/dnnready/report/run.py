"""Gathers the results of a run into the run document (docs/schema/run-1.json). Knows nothing of Ansible."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any, Optional

from .rollout import Rollout
from .rows import read_row
from .words import reason

SCHEMA = "dnnready/run/1"


def timestamp(moment: Optional[datetime.datetime] = None) -> str:
    """A moment (default: now) in UTC, such as 2026-01-31T12:00:00Z."""
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


#: Facts with rows, of roles whose own variables carry their own prefix.
_FACTS = ("dnnready_rows", "stack_rows", "rollback_rows")


class _Host:
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.module_runs = 0
        self.cpu_seconds: Optional[float] = None
        self.message = ""


class RunRecord:
    """What is known of every host so far; the last row per host and stack counts."""

    def __init__(self) -> None:
        self.started = timestamp()
        self._hosts: dict[str, _Host] = {}
        self._rollout = Rollout()
        self._interrupted = False

    def begin_play(self) -> None:
        """A play begins, or a batch of its hosts."""
        self._rollout.begin_play()

    def begin(self, host: str) -> None:
        """A host begins a task."""
        self._rollout.begin(host)

    def add_result(self, host: str, result: Mapping[str, Any], *, on_host: bool) -> None:
        """Take the rows of a task result (or of its loop items); `on_host`: its module ran there."""
        entry = self._hosts.setdefault(host, _Host())
        for item in _items(result):
            if item.get("skipped") or "skip_reason" in item:
                continue
            if on_host:
                entry.module_runs += _attempts(item)
                seconds = item.get("cpu_seconds")
                if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and seconds >= 0:
                    entry.cpu_seconds = (entry.cpu_seconds or 0.0) + seconds
            self._rollout.add(host, item)
            facts = item.get("ansible_facts")
            own = facts if isinstance(facts, Mapping) else {}
            # The role `stack` may only set facts that carry its own prefix.
            for rows in (item.get("dnnready_rows"), *map(own.get, _FACTS)):
                for row in filter(None, map(read_row, rows if isinstance(rows, (list, tuple)) else ())):
                    entry.rows[row["stack"]] = row

    def add_failure(self, host: str, result: Mapping[str, Any]) -> None:
        """Keep the message of a task that failed or could not reach its host; it counts if the run ends so."""
        items = [item for item in _items(result) if any(map(item.get, ("failed", "exception", "unreachable")))]
        message = (items or [result])[0].get("msg") or result.get("msg")
        self._hosts.setdefault(host, _Host()).message = reason(message)

    def add_interruption(self, running: Collection[str]) -> set[str]:
        """Somebody ended the run: the hosts that it leaves unfinished; `running` are those in the middle of a task."""
        self._interrupted = True
        unfinished = {*running, *self._rollout.unjudged()}
        for host in unfinished:
            self._hosts.setdefault(host, _Host()).message = "The run was interrupted here."
        return unfinished

    def _rows(self, name: str, entry: _Host) -> list[dict[str, Any]]:
        """The rows of a host; of a machine that was left to another name of its, what became of it under that one."""
        first = self._hosts.get(self._rollout.duplicates.get(name, ""))
        return (
            list(entry.rows.values()) if first is None else [{**row, "changed": False} for row in first.rows.values()]
        )

    def _message(self, host: str) -> str:
        return self._hosts.get(host, _Host()).message or "no message"

    @property
    def has_hosts(self) -> bool:
        """Whether anything is known of any host."""
        return bool(self._hosts)

    @property
    def has_rows(self) -> bool:
        """Whether any host reached a row."""
        return any(host.rows for host in self._hosts.values())

    def document(
        self, *, hosts: Collection[str], failed: Collection[str], unreachable: Collection[str]
    ) -> dict[str, Any]:
        """The run document for all `hosts` of the run, of which some ended failed or unreachable."""
        names = sorted({*self._hosts, *hosts})
        away = {*unreachable, *self._rollout.off}
        rollout = self._rollout.document({name: self._message(name) for name in failed}, away)
        return {
            "schema": SCHEMA,
            "started": self.started,
            "finished": timestamp(),
            "ok": not failed and not unreachable and not self._interrupted,
            "hosts": {
                name: {
                    "rows": self._rows(name, entry),
                    "module_runs": entry.module_runs,
                    "cpu_seconds": None if entry.cpu_seconds is None else round(entry.cpu_seconds, 3),
                    "unreachable": name in away,
                    "failed": self._message(name) if name in failed or name in away else None,
                }
                for name, entry in ((name, self._hosts.get(name, _Host())) for name in names)
            },
            **({} if rollout is None else {"rollout": rollout}),
        }


def _items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of a loop's items, or the result itself.

    What ansible-core 2.21 shows of an item has neither `failed` nor `skipped`; `exception` and `skip_reason` tell.
    """
    items = result.get("results")
    if isinstance(items, (list, tuple)) and items and all(isinstance(item, Mapping) for item in items):
        looped = [item for item in items if "ansible_loop_var" in item]
        return looped or [result]
    return [result]


def _attempts(result: Mapping[str, Any]) -> int:
    attempts = result.get("attempts", 1)
    return attempts if isinstance(attempts, int) and attempts > 0 else 1
