"""Looks at a host in one module run: what it is, what is current there, and what a run of site.yml has to do.

Reading the host, planning and looking at its releases as separate tasks cost the controller more than the host. So
`dnn_host_info` answers all at once, the plan is made here, and `dnn_release` is asked only where something is to do.

Arguments: those of `dnn_host_info` (`target`, `scope`, `interpreters`, `facts_directory`, `vouching`); those of a plan
(`definitions`, `locks`, `settings`); `become`, for the message where the host cannot be read. Returns `off` (nobody
answered), `todo`, `outdated_program`, `stacks`, `hardware_class`, `machine`, `dnnready_rows`; `host` and `plan` only
where something is to do, because a fleet's worth of them fills the controller. Never changed.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.plan import needs, program
from dnnready.plan.packages import packages
from dnnready.plan.plan import plan
from dnnready.plan.unreadable import refused, unreadable
from dnnready.preflight import render
from dnnready.release import locks

display = Display()

_READ = ("target", "scope", "interpreters", "facts_directory", "vouching")
_ROOT = Path(__file__).resolve().parents[1]
_SPECIFICATION = _ROOT / "roles" / "dnnready" / "meta" / "argument_specs.yml"


def _prepare() -> dict[str, Any]:
    """What is the same for all hosts, and kept: the program and the locks; returns the options of the role.

    Ansible loads this file before it forks a worker for each host, so the workers find all that done.
    """
    for name in ("dnnready_definitions", "dnnready_locks"):
        lookup_loader.get(name, class_only=True)
    with contextlib.suppress(DnnreadyError, OSError):  # said to whom it concerns, in a task
        program.digest()
        locks.find([_ROOT / "locks"], {})
    specifications = yaml_load(_SPECIFICATION.read_text(encoding="utf-8"))
    return dict(specifications["argument_specs"]["main"]["options"])


_OPTIONS = _prepare()


class ActionModule(ActionBase):
    """One look."""

    _supports_check_mode = True
    _VALID_ARGS = frozenset((*_READ, "definitions", "locks", "settings", "become"))

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Ask, plan, and ask again where the plan wants something else."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        asked = self._task.args
        self._validate(task_vars or {})
        answer = self._ask(task_vars)
        host, force = answer["host"], bool(asked["settings"]["force"])
        settings = {**asked["settings"], "prefix": host["target"]}
        try:
            made = plan(host, asked["definitions"], asked["locks"], settings)
        except DnnreadyError as error:
            raise AnsibleError(str(error)) from error
        blocked = [entry["row"] for entry in made["stacks"].values() if entry["row"]]
        result |= {"changed": False, "off": False, "todo": [], "dnnready_rows": blocked}
        if made["blockers"]:
            if not settings["partial"]:
                return {**result, "failed": True, "msg": render(made["blockers"])}
            display.display(f"{self._name(task_vars)}:\n{render(made['blockers'])}")
        stacks = {name: answer["stacks"].get(name) for name in needs.planned(made)}
        if not needs.settled(made, stacks, force=force):
            stacks = self._module("dnn_release", self._request(made, settings), task_vars)["stacks"]
        todo = [name for name, found in stacks.items() if found["needs"]]
        outdated = host["program"]["sha256"] != program.digest(program.interpreter(host))
        result |= {
            "todo": todo,
            "outdated_program": outdated,
            "stacks": stacks,
            "machine": answer["machine"],
            "hardware_class": answer["hardware_class"],
            "dnnready_rows": blocked + [found["row"] for found in stacks.values()],
        }
        if todo or outdated:
            return {**result, "host": host, "plan": made}
        missing = needs.unproven(made, stacks, [])
        if missing and not self._task.check_mode:
            names = ", ".join(missing)
            return {**result, "failed": True, "msg": f"Required, but this host cannot run it: {names}. See the table."}
        return result

    def _validate(self, task_vars: dict[str, Any]) -> None:
        """Hold what the user set against the role's specification; Ansible's own task for that costs like a ping."""
        role = self._task._role
        if role is None:
            return
        defaults = role.get_default_vars()
        given = {name: task_vars[name] for name, value in defaults.items() if task_vars.get(name, value) != value}
        if not given:
            return
        known = {name: self._templar.template(value) for name, value in given.items() if name in _OPTIONS}
        found = ArgumentSpecValidator({name: _OPTIONS[name] for name in known}).validate(known)
        if found.error_messages:
            raise AnsibleError(f"{self._name(task_vars)}: wrong variables: {' '.join(found.error_messages)}")

    def _ask(self, task_vars: Optional[dict[str, Any]]) -> dict[str, Any]:
        """What the host says; raises AnsibleError with a way out where it says nothing."""
        asked = self._task.args
        arguments = {name: asked[name] for name in _READ}
        arguments |= {"packages": packages(asked["definitions"]), "look": True}
        return self._module("dnn_host_info", arguments, task_vars)

    def _request(self, made: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
        entries = needs.planned(made)
        return {
            "state": "looked",
            "prefix": settings["prefix"],
            "releases": [entry["spec"] for entry in entries.values()],
            "accept_by_stack": {name: entry["definition"]["accept"] for name, entry in entries.items()},
            "facts_directory": self._task.args["facts_directory"],
            "force": settings["force"],
        }

    def _module(self, name: str, arguments: dict[str, Any], task_vars: Optional[dict[str, Any]]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._execute_module(name, module_args=arguments, task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            if not refused(str(error)):
                raise  # it is off
            raise AnsibleError(self._unreadable(str(error), task_vars)) from None
        except AnsibleError as error:
            raise AnsibleError(self._unreadable(str(error), task_vars)) from None
        if answer.get("failed"):
            if "problem" in answer:  # the module itself knows what is wrong
                raise AnsibleError(answer["msg"])
            words = " ".join(str(answer.get(key) or "") for key in ("msg", "module_stderr", "module_stdout"))
            raise AnsibleError(self._unreadable(words, task_vars))
        return answer

    def _unreadable(self, reason: str, task_vars: Optional[dict[str, Any]]) -> str:
        return unreadable(self._name(task_vars), reason, become=bool(self._task.args["become"]))

    def _name(self, task_vars: Optional[dict[str, Any]]) -> str:
        return str((task_vars or {}).get("inventory_hostname", ""))
