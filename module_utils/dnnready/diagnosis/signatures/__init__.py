"""Every signature, one file per idea."""

from __future__ import annotations

from . import (
    binary,
    build,
    gpu,
    harmless,
    install,
    loader,
    mapping,
    memory,
    model,
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
        model,
        gpu,
        memory,
        install,
        build,
        modules,
        packages,
        harmless,
    )
    for signature in family.SIGNATURES
)
