"""Filters of the roles: thin, the logic is in module_utils/dnnready."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.plan.plan import plan
from dnnready.plan.row import failed_row
from dnnready.plan.sources import sources
from dnnready.preflight import render
from dnnready.report.words import screen


def _explained(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except DnnreadyError as error:
            raise AnsibleFilterError(str(error)) from error

    return wrapper


class FilterModule:
    """What `dnnready_…` filters there are."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "dnnready_plan": _explained(plan),
            "dnnready_blockers": _explained(render),
            "dnnready_failed_row": _explained(failed_row),
            "dnnready_screen": screen,
            "dnnready_sources": _explained(sources),
        }
