"""Every signature, one file per idea."""

from __future__ import annotations

from . import (
    binary,
    gpu,
    harmless,
    install,
    loader,
    mapping,
    memory,
    modules,
    onednn,
    openmp,
    operation,
    packages,
    processor,
    symbols,
    threads,
    windows,
)

ALL = tuple(
    signature
    for family in (
        loader,
        windows,
        symbols,
        binary,
        mapping,
        threads,
        processor,
        openmp,
        onednn,
        operation,
        gpu,
        memory,
        install,
        modules,
        packages,
        harmless,
    )
    for signature in family.SIGNATURES
)
