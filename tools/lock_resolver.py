"""Ask uv which wheels a set needs on one Python and architecture, where this machine's pip would look for them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename
from uv import find_uv_bin

from dnnready.depot_builder.wheels import GLIBC_MINOR, LEGACY, platforms

#: The oldest Python that dnnready supports: what a lock for every Python is resolved for.
OLDEST = (3, 9)


class LockError(Exception):
    """Why a lock cannot be made here."""


@dataclass(frozen=True)
class Target:
    """Whom a lock is for."""

    tag: str  #: cp311, or any
    architecture: str

    @property
    def version(self) -> tuple[int, int]:
        """The Python to resolve for."""
        return OLDEST if self.tag == "any" else (int(self.tag[2]), int(self.tag[3:]))


@dataclass(frozen=True)
class Wheel:
    """One file of a lock."""

    name: str
    version: str
    file: str
    sha256: str
    size: int

    @property
    def tags(self) -> frozenset[Tag]:
        """Where it installs."""
        return parse_wheel_filename(self.file)[3]


def pip_settings(listing: str) -> dict[str, list[str]]:
    """What `pip config list` says, merged as pip does: the environment over [install] over [global]."""
    merged: dict[str, list[str]] = {}
    lines = [line.partition("=") for line in listing.splitlines() if "=" in line]
    for section in ("global.", "install.", ":env:."):
        for key, _, value in lines:
            if key.startswith(section):
                merged[key.removeprefix(section)] = str(ast.literal_eval(value)).split()
    return merged


def uv_options(settings: Mapping[str, Sequence[str]]) -> list[str]:
    """pip's sources as options of uv, which reads none of pip's configuration."""
    names = {
        "find-links": "--find-links",
        "index-url": "--default-index",
        "extra-index-url": "--index",
        "constraint": "--constraints",
        "trusted-host": "--allow-insecure-host",
    }
    options = [word for key, option in names.items() for value in settings.get(key, ()) for word in (option, value)]
    if settings.get("no-index", ["false"])[0].lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    # uv stops at the first index that has a name; pip looks at all of them.
    return [*options, "--index-strategy", "unsafe-best-match"]


def resolve(requirements: str, target: Target, pins: Mapping[str, str], index: str, listed: bool) -> list[Wheel]:
    """The wheels that fulfil `requirements` (text of an .in file) for a target, sorted by name.

    `pins` are versions to keep; where they do not fit together any more, all are taken anew. `index` is asked only
    when the sources that pip is configured with do not have everything: where they do, it need not be reachable.
    """
    pip = [sys.executable, "-m", "pip", "config", "list"]
    settings = pip_settings(subprocess.run(pip, capture_output=True, text=True, check=True).stdout)
    options = uv_options(settings) + (["--no-deps"] if listed else [])
    environment = dict(os.environ)
    if "cert" in settings:
        environment.setdefault("SSL_CERT_FILE", settings["cert"][0])
    tries = [(pins, options)] if pins else []
    tries += [({}, options), ({}, ["--index", index, *options])] if index else [({}, options)]
    reasons = []
    for kept, arguments in tries:
        try:
            packages = _compile(requirements, target, kept, arguments, environment)
        except LockError as error:
            reasons.append(str(error))
        else:
            return sorted((_choose(package, target) for package in packages), key=lambda wheel: wheel.name)
    raise LockError("\n".join(reasons[-2:] if index else reasons[-1:]))


def _compile(
    requirements: str, target: Target, pins: Mapping[str, str], options: Sequence[str], environment: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The packages that uv resolves, as it writes them (PEP 751). LockError is uv's own explanation."""
    with tempfile.TemporaryDirectory() as directory:
        source, pinned, output = (Path(directory, name) for name in ("set.in", "pins.txt", "pylock.toml"))
        source.write_text(requirements, encoding="utf-8")
        pinned.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()), encoding="utf-8")
        done = subprocess.run(
            [
                *(find_uv_bin(), "pip", "compile", "--quiet", "--no-config", "--only-binary", ":all:"),
                *("--python-version", ".".join(map(str, target.version))),
                *("--python-platform", f"{target.architecture}-manylinux_2_{GLIBC_MINOR}"),
                *("--format", "pylock.toml", "--output-file", str(output), "--constraints", str(pinned)),
                *(*options, str(source)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=dict(environment),
        )
        if done.returncode:
            raise LockError(done.stderr.strip() or f"uv ended with {done.returncode}")
        packages: list[dict[str, Any]] = tomllib.loads(output.read_text(encoding="utf-8"))["packages"]
        return packages


def supported_tags(target: Target) -> list[Tag]:
    """The wheel tags that pip accepts for a target on the oldest supported glibc, best first."""
    accepted = platforms(target.architecture)
    if target.tag == "any":
        return [Tag("py3", "none", platform) for platform in (*accepted, "any")]
    return [
        *cpython_tags(target.version, [target.tag], accepted),
        *compatible_tags(target.version, target.tag, accepted),
    ]


def glibc(file: str) -> tuple[int, int]:
    """The oldest glibc that a wheel's name promises to run on; (0, 0) where it needs none."""
    policies = {f"{policy}_": (2, minor) for minor, policy in LEGACY.items()}
    found = []
    for tag in parse_wheel_filename(file)[3]:
        if tag.platform == "any":
            return 0, 0
        if tag.platform.startswith("manylinux_"):
            major, minor = tag.platform.split("_")[1:3]
            found.append((int(major), int(minor)))
        found += [floor for policy, floor in policies.items() if tag.platform.startswith(policy)]
    if not found:
        raise LockError(f"{file} is not built for Linux with glibc.")
    return min(found)


def _choose(package: Mapping[str, Any], target: Target) -> Wheel:
    """The wheel that pip would take on the oldest supported glibc: one file per package, the same on every host."""
    ranks = {tag: rank for rank, tag in enumerate(supported_tags(target))}
    candidates = []
    for wheel in package.get("wheels", ()):
        url = wheel.get("url") or Path(wheel["path"]).resolve().as_uri()
        file = urllib.parse.unquote(url.rsplit("/", 1)[1])
        usable = [ranks[tag] for tag in parse_wheel_filename(file)[3] if tag in ranks]
        if usable:
            candidates.append((min(usable), file, url, wheel))
    if not candidates:
        raise LockError(f"{package['name']} {package['version']} has no wheel for {target.tag} {target.architecture}.")
    _, file, url, wheel = min(candidates, key=lambda candidate: candidate[:2])
    size = int(wheel["size"]) if "size" in wheel else size_of(url)
    return Wheel(package["name"], package["version"], file, wheel["hashes"]["sha256"], size)


def size_of(url: str) -> int:
    """The size of a file that its index does not tell, without fetching it."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        return Path(urllib.parse.unquote(parts.path)).stat().st_size
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=60) as answer:  # noqa: S310 - where uv found it
        return int(answer.headers["Content-Length"])
