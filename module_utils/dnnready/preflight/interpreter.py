"""Whether there is a Python that a release can be built on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .case import Blocker, Case

Python = Mapping[str, Any]


def matches(python: Python, wanted: str) -> bool:
    """Whether an interpreter is the wanted one: a path, a version such as 3.11, or a tag such as cp311."""
    if wanted.startswith("/"):
        return wanted in (python["path"], *python.get("aliases", ()))
    version = str(python["version"])
    return wanted == python["tag"] or version == wanted or version.startswith(wanted + ".")


def present(case: Case) -> Iterator[Blocker]:
    """There is a Python at all, and the wanted one."""
    pythons, wanted = case.host["python"], case.settings.get("python", "")
    found = _tags(pythons) or "none"
    if wanted and not any(matches(python, wanted) for python in pythons):
        doubts = (entry["why"] for entry in case.host["unknown"] if entry["what"] == "python")
        unknown = [why for why in doubts if wanted in why]
        yield case.blocker(
            "python_version_no_wheel",
            f"The interpreter of dnnready_python, {wanted}, is not on this host. Found: {found}.",
            "Install it, or set dnnready_python to one of those or to nothing.",
            evidence="; ".join(unknown) or ", ".join(str(python["path"]) for python in pythons),
        )
    elif case.python is None and not case.wheel:
        yield case.blocker(
            "python_version_no_wheel",
            f"The distribution's own Python (/usr/bin/python3) is not on this host. Found: {found}.",
            "sudo apt-get install python3",
            evidence=", ".join(str(python["path"]) for python in pythons),
        )


def locked(case: Case) -> Iterator[Blocker]:
    """A lock covers an interpreter that may be used."""
    wanted = case.settings.get("python", "")
    if not case.wheel or case.lock is not None or (wanted and not any(matches(p, wanted) for p in case.host["python"])):
        return
    here = case.host["cpu"]["architecture"]
    usable = [p for p in case.host["python"] if (matches(p, wanted) if wanted else p["shared"] or case.scope == "user")]
    private = [python for python in case.host["python"] if python not in usable] if not wanted else []
    covered = [f"{lock['tag']} ({lock['architecture']})" for lock in case.locks]
    found = _tags(usable) or "none"
    if private:
        found += f" for every user, {_tags(private)} below a home directory"
    yield case.blocker(
        "python_version_no_wheel",
        f"No lock of {case.title} covers a Python of this host. "
        f"Found: {found} ({here}). Locks: {', '.join(sorted(covered)) or 'none'}.",
        _private_way(case, private),
        _lock_way(case, [*usable, *private]),
        case.other_source,
        evidence=", ".join(str(python["path"]) for python in case.host["python"]),
    )


def _private_way(case: Case, private: Iterable[Python]) -> str:
    tags = {lock["tag"] for lock in case.locks if lock["architecture"] in (case.host["cpu"]["architecture"], "any")}
    path = next((str(python["path"]) for python in private if python["tag"] in tags), "")
    return f"For {case.host['user']['name']} alone: -e dnnready_scope=user takes {path}." if path else ""


def _lock_way(case: Case, pythons: Iterable[Python]) -> str:
    best = max(pythons, key=lambda python: [int(part) for part in str(python["version"]).split(".")], default=None)
    if best is None:
        return "Install Python 3 first (Debian: sudo apt-get install python3-venv)."
    version, here = ".".join(str(best["version"]).split(".")[:2]), case.host["cpu"]["architecture"]
    if case.definition.get("requirements_file"):
        return f"Lock {case.definition['requirements_file']} again for Python {version} on {here}."
    wanted = f"--set {case.definition.get('locks') or case.name} --python {version} --architecture {here}"
    return f"Where the package index can be reached: make lock ARGS='{wanted}'."


def venv(case: Case) -> Iterator[Blocker]:
    """The interpreter can make virtual environments; Debian splits that into python3-venv."""
    python = case.python
    if python is None or python["venv"] or not case.wheel:
        return
    path, version = str(python["path"]), ".".join(str(python["version"]).split(".")[:2])
    distribution = path.startswith("/usr/bin/")
    if distribution and case.can_install:
        return
    debian = distribution and case.host["packages"]["manager"] == "dpkg"
    yield case.blocker(
        "system_library_missing",
        f"{path} cannot make virtual environments: its modules venv and ensurepip are not installed.",
        f"sudo apt-get install python{version}-venv" if debian else f"Install ensurepip for {path}.",
        evidence=f"no ensurepip beside {path}",
    )


def _tags(pythons: Iterable[Python]) -> str:
    return ", ".join(dict.fromkeys(str(python["tag"]) for python in pythons))
