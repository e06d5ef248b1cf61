"""A release over the distribution's packages: they carry the frameworks, the venv only gives them one interpreter."""

from __future__ import annotations

from typing import Any

from ..errors import DnnreadyError
from ..process import run
from .build import Build


def install(build: Build) -> dict[str, Any]:
    """Check that the packages are there and make a venv that sees them; returns what the manifest says of it."""
    found = _packages(build)
    base = build.make_venv("--system-site-packages", "--without-pip")
    return {
        "distributions": found,
        "interpreter": {"path": base["path"], "version": base["version"]},
        "installer": {"name": "dpkg", "version": ""},
    }


def _packages(build: Build) -> list[dict[str, str]]:
    """Name and version of the spec's packages; DnnreadyError names those that are not installed."""
    names = sorted(build.spec["packages"])
    if not names:
        return []
    argv = ["dpkg-query", "--show", "--showformat", r"${db:Status-Abbrev}\t${Package}\t${Version}\n", *names]
    lines = run(argv, env=build.environment, timeout=60).stdout.splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("ii")]
    versions = {name: version for _, name, version in rows}
    missing = [name for name in names if name not in versions]
    if missing:
        raise DnnreadyError(
            f"Distribution packages are missing: {', '.join(missing)}.",
            f"Install them: apt-get install {' '.join(missing)}",
        )
    return [{"name": name, "version": versions[name]} for name in names]
