"""Checks of variables against each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .catalogue import CATALOGUE
from .finding import Finding
from .grammar import folded

if TYPE_CHECKING:
    from .evaluate import Context


def _names_disagree(context: Context) -> Iterator[Finding]:
    """The strongest name counts, and who looks at the other one is misled."""
    for variable in CATALOGUE.values():
        given = [name for name in variable.names if name in context.variables]
        values = {folded(context.variables[name]) for name in given}
        if len(values) > 1:
            winner, *others = given
            text = f"{winner}={context.variables[winner]} and " + " and ".join(
                f"{name}={context.variables[name]}" for name in others
            )
            text += f" name the same setting; {winner} wins."
            yield Finding(
                "warning", "names_disagree", winner, context.variables[winner], text, f"Keep {variable.name} alone."
            )


def _mkl_beats_openmp(context: Context) -> Iterator[Finding]:
    """In torch's wheel MKL is built in, and its number of threads is torch's."""
    mkl, openmp = (context.variables.get(f"{which}_NUM_THREADS") for which in ("MKL", "OMP"))
    if "mkl" in context.readers and mkl and openmp and mkl != openmp.split(",")[0]:
        text = f"MKL_NUM_THREADS={mkl} beats OMP_NUM_THREADS={openmp}, for convolutions of torch's wheel too."
        yield Finding("warning", "mkl_beats_omp", "MKL_NUM_THREADS", mkl, text, "Give both the same number, or one.")


def _oversubscription(context: Context) -> Iterator[Finding]:
    """MKL_DYNAMIC=TRUE is what cuts torch's threads to the cores."""
    value = context.variables.get("MKL_DYNAMIC", "")
    if "mkl" in context.readers and folded(value) == "false":
        text = "MKL_DYNAMIC=FALSE lets torch and MKL start more threads than there are cores."
        yield Finding("note", "mkl_not_dynamic", "MKL_DYNAMIC", value, text, "Mind that the thread numbers fit.")


def _threading_layer(context: Context) -> Iterator[Finding]:
    """Two OpenMP runtimes in one process each start their own threads."""
    value = context.variables.get("MKL_THREADING_LAYER", "")
    wanted = {"intel": "libiomp5", "gnu": "libgomp"}.get(folded(value))
    present = context.readers & {"libgomp", "libiomp5"}
    if "mkl" in context.readers and wanted and present and wanted not in present:
        text = f"MKL_THREADING_LAYER={value} wants {wanted}, while this stack has {', '.join(sorted(present))}."
        remedy = f"Use {'GNU' if wanted == 'libiomp5' else 'INTEL'}."
        yield Finding("warning", "mkl_threading_layer_conflict", "MKL_THREADING_LAYER", value, text, remedy)


CHECKS = (_names_disagree, _mkl_beats_openmp, _oversubscription, _threading_layer)
