"""Filters of the roles: thin, the logic is in module_utils/dnnready."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union

from ansible.errors import AnsibleFilterError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.conv2d.voucher import of_hosts
from dnnready.errors import DnnreadyError
from dnnready.plan.packages import packages
from dnnready.plan.plan import plan
from dnnready.plan.program import interpreter
from dnnready.plan.row import failed_row
from dnnready.plan.sources import sources
from dnnready.plan.tool import tool
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


def words(command: Union[str, list[str]]) -> list[str]:
    """The words of a command that may be one string, split as a shell splits it."""
    try:
        return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError as error:
        raise DnnreadyError(f"The command {command!r} has an open quote: {error}.") from None


class FilterModule:
    """What `dnnready_…` filters there are."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "dnnready_plan": _explained(plan),
            "dnnready_blockers": _explained(render),
            "dnnready_failed_row": _explained(failed_row),
            "dnnready_screen": screen,
            "dnnready_interpreter": interpreter,
            "dnnready_packages": packages,
            "dnnready_words": _explained(words),
            "dnnready_sources": _explained(sources),
            "dnnready_tool": _explained(tool),
            "dnnready_vouchers": of_hosts,
        }
