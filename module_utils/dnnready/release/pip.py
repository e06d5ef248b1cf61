"""pip as the installer of a release."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .build import PIP_VARIABLES, Build
from .distributions import installed
from .installer import COMMON, Installer, only_from
from .means import Means


def prepare(build: Build, python: str, answer: Mapping[str, Any], means: Means) -> Installer:
    """A pip for the venv; `answer` is what its interpreter says of itself (see `Build.ask`).

    ensurepip brings pip as a wheel, and pip runs from its wheel: half the CPU time of a small stack is saved by not
    installing it. Where there is no such wheel, ensurepip does what it always does.
    """
    environment = build.environment
    sources: list[str] = []
    if means.wheels:
        # Options only add to what pip is configured with, so its whole configuration has to go.
        environment = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
        environment.update(PIP_VARIABLES, PIP_CONFIG_FILE=os.devnull)
        sources = only_from(means.wheels)
    if answer["pip"]:
        wheel = answer["pip"][0]
        program, version = [python, os.path.join(wheel, "pip")], os.path.basename(wheel).split("-")[1]
    else:
        build.require(build.attempt([python, "-m", "ensurepip"]), f"Giving the venv of {build.spec['python']} a pip")
        found = {item["name"]: item["version"] for item in installed(Path(answer["packages"]))}
        program, version = [python, "-m", "pip"], found.get("pip", "")
    return Installer(
        name="pip",
        version=version,
        program=tuple(program),
        # Bytecode: see wheels.warm.
        install=("install", *COMMON, "--no-compile", "--progress-bar", "off", *sources),
        extra_index="--extra-index-url",
        environment=environment,
    )
