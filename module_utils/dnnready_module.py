"""What every Ansible module of dnnready does the same way; the program on the device does without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.errors import DnnreadyError


def conclude(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> NoReturn:
    """Exit with what `work` returns, or fail with what is wrong, where, and what to do."""
    try:
        result = work()
    except DnnreadyError as error:
        module.fail_json(msg=str(error), problem=error.message, hint=error.hint, cpu_seconds=spent())
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        module.fail_json(msg=f"{error.strerror or error}{where}.", problem=str(error), hint="", cpu_seconds=spent())
    module.exit_json(**result, cpu_seconds=spent())


def spent() -> float:
    """CPU seconds of this process and of the children that it waited for."""
    times = os.times()
    return round(times.user + times.system + times.children_user + times.children_system, 3)
