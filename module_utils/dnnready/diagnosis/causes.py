"""Every cause by its stable code: what it is, what cures it on which host, how to confirm it, and who may mend it."""

from __future__ import annotations

from collections.abc import Mapping

from . import causes_framework, causes_host, causes_library, causes_live, causes_model, causes_processor
from .cause import Cause

CAUSES: Mapping[str, Cause] = {
    item.code: item
    for item in sorted(
        (
            *causes_processor.CAUSES,
            *causes_library.CAUSES,
            *causes_host.CAUSES,
            *causes_framework.CAUSES,
            *causes_model.CAUSES,
            *causes_live.CAUSES,
        ),
        key=lambda item: (item.step, item.code),
    )
}
