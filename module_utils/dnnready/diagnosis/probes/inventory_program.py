"""What an interpreter and its folders hold, told by the interpreter itself, without importing any package.

Runs on the standard input of the target's Python (3.7 and newer), and in our own process where that one does not
start. Standard library only, and of that only what loads quickly: a diagnosis asks many interpreters.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from importlib import machinery
from typing import Any

#: The modules that conv2d goes through, each with a file that a whole copy has ("" where there is none to name).
MODULES = {
    "torch": "version.py",
    "torchvision": "version.py",
    "torchaudio": "version.py",
    "tensorflow": "python/__init__.py",
    "keras": "",
    "numpy": "version.py",
    "google.protobuf": "",
    "h5py": "",
    "ml_dtypes": "",
    "mkl": "",
    "typing_extensions": "",
}
_HEADERS = ("name", "version", "requires-dist", "requires-python")
_LONGEST = 1 << 20
#: Names of the standard library that people give to files of their own.
COMMON = (
    "abc ast asyncio calendar code collections copy csv dataclasses datetime email enum functools http importlib "
    "inspect io json logging math multiprocessing numbers operator platform profile queue random re secrets select "
    "signal socket statistics string struct subprocess tempfile test threading time token tokenize types typing uuid"
)


def text(path: str) -> str:
    """The beginning of a file, "" where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def headers(content: str, wanted: Sequence[str] = _HEADERS) -> dict[str, list[str]]:
    """The fields of an e-mail like text before its first empty line: {name: [values]}."""
    found: dict[str, list[str]] = {}
    for line in content.splitlines():
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon and name.lower() in wanted:
            found.setdefault(name.lower(), []).append(value.strip())
    return found


def distribution(folder: str, entry: str) -> dict[str, Any]:
    """What one dist-info or egg-info says."""
    path = os.path.join(folder, entry)
    if entry.endswith(".dist-info"):
        about = headers(text(os.path.join(path, "METADATA")))
    elif os.path.isdir(path):
        about = headers(text(os.path.join(path, "PKG-INFO")))
    else:
        about = headers(text(path))
    guessed, _, rest = entry.rpartition(".")[0].partition("-")
    wheel = headers(text(os.path.join(path, "WHEEL")), ("tag",))
    return {
        "name": about.get("name", [guessed])[0],
        "version": about.get("version", [rest.split("-")[0]])[0],
        "path": path,
        "location": folder,
        "installer": text(os.path.join(path, "INSTALLER")).strip(),
        "tags": wheel.get("tag", []),
        "requires": about.get("requires-dist", []),
        "requires_python": about.get("requires-python", [""])[0],
        "metadata": bool(about.get("name")),
        "record": os.path.isfile(os.path.join(path, "RECORD")),
        "editable": '"editable": true' in text(os.path.join(path, "direct_url.json")),
    }


def names(folder: str) -> list[str]:
    """What a folder holds, [] where it cannot be read."""
    try:
        return sorted(os.listdir(folder or "."))
    except OSError:
        return []


def scan(folders: Iterable[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The distributions of some folders, and what an interrupted pip left behind."""
    found, left = [], []
    for folder in folders:
        for entry in names(folder):
            if entry.startswith("~"):
                left.append(os.path.join(folder, entry))
            elif entry.endswith((".dist-info", ".egg-info")):
                found.append(distribution(folder, entry))
    return found, left


def places(module: str, whole: str, path: Sequence[str], suffixes: Sequence[str]) -> list[dict[str, Any]]:
    """Every copy of a module along the path, in the order of the import."""
    found = []
    for entry in path:
        base = os.path.join(entry or os.getcwd(), *module.split("."))
        if os.path.isdir(base):
            start = next((name for name in ("__init__" + end for end in suffixes) if _is_file(base, name)), "")
            found.append(
                {
                    "entry": entry,
                    "origin": os.path.join(base, start) if start else base,
                    "kind": "package" if start else "folder",
                    "whole": bool(start) and (not whole or _is_file(base, whole)),
                }
            )
            if start:
                continue
        for end in suffixes:
            if os.path.isfile(base + end):
                found.append({"entry": entry, "origin": base + end, "kind": "file", "whole": not whole})
                break
    # A folder without __init__ is only taken where nothing else is.
    return [each for each in found if each["kind"] != "folder"] + [each for each in found if each["kind"] == "folder"]


def _is_file(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def unreadable(path: Sequence[str]) -> list[str]:
    """Folders and framework libraries that exist, but not for this user."""
    found = []
    for entry in path:
        if os.path.isdir(entry) and not os.access(entry, os.R_OK | os.X_OK):
            found.append(entry)
            continue
        for part in ("torch", "torch/lib", "tensorflow", "tensorflow/python", "numpy"):
            folder = os.path.join(entry, part)
            if not os.path.isdir(folder):
                continue
            if not os.access(folder, os.R_OK | os.X_OK):
                found.append(folder)
                continue
            files = [os.path.join(folder, name) for name in names(folder) if ".so" in name or name == "__init__.py"]
            found.extend(name for name in files if os.path.isfile(name) and not os.access(name, os.R_OK))
    return found[:20]


def interpreter() -> dict[str, Any]:
    """About the Python that runs this."""
    stdlib = os.path.dirname(os.__file__)
    config = sysconfig.get_config_var
    return {
        "executable": sys.executable or "",
        "version": ".".join(str(part) for part in sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "tag": "cp{}{}".format(*sys.version_info[:2]),
        "bits": 64 if sys.maxsize > 1 << 32 else 32,
        "machine": os.uname().machine,
        "platform": sys.platform,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "stdlib": stdlib,
        "soabi": config("SOABI") or "",
        "shared": bool(config("Py_ENABLE_SHARED")),
        "free_threaded": bool(config("Py_GIL_DISABLED")),
        "venv": sys.prefix != sys.base_prefix,
        "conda": sys.base_prefix if os.path.isdir(os.path.join(sys.base_prefix, "conda-meta")) else "",
        # The mark does not count in a virtual environment (PEP 668).
        "externally_managed": os.path.join(stdlib, "EXTERNALLY-MANAGED")
        if sys.prefix == sys.base_prefix and _is_file(stdlib, "EXTERNALLY-MANAGED")
        else "",
        "user_id": os.geteuid(),
    }


def conda(prefix: str) -> dict[str, str]:
    """The packages of a conda environment: {name: version}."""
    found = {}
    for entry in names(os.path.join(prefix, "conda-meta")):
        if entry.endswith(".json") and entry.count("-") > 1:
            name, version, _ = entry.rsplit("-", 2)
            found[name] = version
    return found


def main(directory: str, searched: Sequence[str]) -> None:
    """Everything, as one line of JSON; `searched` is sys.path, whose "" is the directory of the program."""
    path = [entry or directory for entry in searched if entry or directory]
    stdlib = os.path.dirname(os.__file__)
    chosen = set(filter(None, [directory, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
    inside = [entry for entry in path if entry not in (stdlib, os.path.join(stdlib, "lib-dynload"))]
    suffixes = machinery.all_suffixes()
    found, left = scan([entry for entry in inside if os.path.isdir(entry)])
    about = interpreter()
    hidden = [
        os.path.join(entry, name)
        for entry in chosen - {stdlib}
        for name in names(entry)
        if name.endswith(".py") and name[:-3] in COMMON.split()
    ]
    answer = {
        "python": about,
        "path": path,
        "chosen": sorted(chosen),
        "site": [entry for entry in inside if os.path.basename(entry) in ("site-packages", "dist-packages")],
        "suffixes": suffixes,
        "distributions": found,
        "left": left,
        "places": {module: places(module, whole, inside, suffixes) for module, whole in MODULES.items()},
        "hidden": sorted(hidden),
        "unreadable": unreadable(inside) if about["user_id"] else [],
        "conda": conda(sys.prefix),
    }
    print("dnnready:inventory " + json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "", globals().get("SEARCHED", sys.path))
