"""dnnready's own stacks as targets: the current release, in the environment that `dnnready run` gives it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ...conv2d import stored
from ...environment.catalogue import find
from ...errors import DnnreadyError
from ..target import Target
from . import login

#: Beside the catalogue: what changes which modules Python loads.
_PYTHON = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONSAFEPATH")


def target(prefix: str, stack: str) -> Target:
    """A stack below `prefix`. What is damaged in it is left empty: the probes say so."""
    directory = os.path.join(prefix, "stacks", stack)
    release = _linked(os.path.join(directory, "current"))
    path = os.path.join(directory, "releases", release) if release else ""
    shell = login.environment()
    return Target(
        kind="stack",
        name=stack,
        python=os.path.join(path, "venv", "bin", "python") if path else "",
        frameworks=tuple(spec(path).get("probes") or _guess(stack)),
        environment=_as_run(shell, variables(path), path, stack, release),
        environment_from=f"the release, started from a login shell of {login.name()}",
        stack=stack,
        release=release,
        release_path=path,
    )


def spec(path: str) -> Mapping[str, Any]:
    """What a release was built from; empty where its manifest cannot be read."""
    try:
        with open(os.path.join(path, "manifest.json"), encoding="utf-8") as stream:
            found = json.load(stream).get("spec")
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def variables(path: str) -> dict[str, str]:
    """The variables of a release; none where they cannot be read."""
    try:
        return stored.variables(path) if path else {}
    except DnnreadyError:
        return {}


def foreign(target: Target) -> dict[str, str]:
    """Variables that matter and that the release does not set itself: they come from the shell."""
    own = variables(target.release_path)
    return {
        name: value for name, value in target.environment.items() if name not in own and (find(name) or name in _PYTHON)
    }


def _as_run(shell: Mapping[str, str], own: Mapping[str, str], path: str, stack: str, release: str) -> dict[str, str]:
    """What `dnnready run` gives a program."""
    environment = {name: value for name, value in shell.items() if name != "PYTHONHOME"}
    environment.update(own)
    venv = os.path.join(path, "venv")
    return {
        **environment,
        "PATH": os.pathsep.join([os.path.join(venv, "bin"), environment.get("PATH") or os.defpath]),
        "VIRTUAL_ENV": venv,
        "DNNREADY_STACK": stack,
        "DNNREADY_RELEASE": release,
    }


def _linked(link: str) -> str:
    try:
        return os.path.basename(os.readlink(link))
    except OSError:
        return ""


def _guess(stack: str) -> tuple[str, ...]:
    return (stack,) if stack in ("onednn", "mkl", "pytorch", "tensorflow") else ()
