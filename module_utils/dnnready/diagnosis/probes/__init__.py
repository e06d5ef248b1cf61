"""The probes of a live diagnosis, in the order in which they look: what costs little first."""

from __future__ import annotations

from ..probe import Probe
from . import (
    convolution,
    elf,
    environment,
    experiments,
    hashes,
    inventory,
    loader,
    logs,
    processor,
    program,
    records,
    release,
    surroundings,
    symbols,
)

ALL: tuple[Probe, ...] = (
    release.PROBE,
    inventory.PROBE,
    surroundings.PROBE,
    processor.PROBE,
    elf.PROBE,
    loader.PROBE,
    environment.PROBE,
    program.PROBE,
    records.PROBE,
    logs.PROBE,
    convolution.PROBE,
    hashes.PROBE,
    symbols.PROBE,
    experiments.VARIABLES,
    experiments.OUTSIDE,
)
