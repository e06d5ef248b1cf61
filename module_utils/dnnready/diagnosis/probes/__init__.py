"""The probes of a live diagnosis, in the order in which they look: what costs little first."""

from __future__ import annotations

from ..probe import Probe
from . import (
    convolution,
    environment,
    experiments,
    hashes,
    inventory,
    logs,
    processor,
    program,
    records,
    release,
    surroundings,
)

ALL: tuple[Probe, ...] = (
    release.PROBE,
    inventory.PROBE,
    surroundings.PROBE,
    processor.PROBE,
    environment.PROBE,
    program.PROBE,
    records.PROBE,
    logs.PROBE,
    convolution.PROBE,
    hashes.PROBE,
    experiments.VARIABLES,
    experiments.OUTSIDE,
)
