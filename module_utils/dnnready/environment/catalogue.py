"""Every variable that dnnready knows, by each of its names."""

from __future__ import annotations

from typing import Optional

from . import catalogue_frameworks, catalogue_libraries, catalogue_openmp, catalogue_process
from .variable import Variable

#: The groups, in the order of the page docs/environment-variables.md.
GROUPS: dict[str, tuple[Variable, ...]] = {
    "TensorFlow and PyTorch": catalogue_frameworks.VARIABLES,
    "oneDNN": catalogue_libraries.ONEDNN,
    "OpenMP": catalogue_openmp.VARIABLES,
    "MKL": catalogue_libraries.MKL,
    "OpenBLAS": catalogue_libraries.OPENBLAS,
    "The dynamic loader and malloc": catalogue_process.VARIABLES,
}

CATALOGUE: dict[str, Variable] = {variable.name: variable for group in GROUPS.values() for variable in group}

_BY_ANY_NAME = {name: variable for variable in CATALOGUE.values() for name in variable.names}


def find(name: str) -> Optional[Variable]:
    """The entry of a variable, by its name or an older one; None for a variable of an application."""
    return _BY_ANY_NAME.get(name)
