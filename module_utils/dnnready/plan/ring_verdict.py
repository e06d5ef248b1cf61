"""Whether a ring is good enough for the next one to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def judge(
    hosts: Sequence[str], failed: Mapping[str, str], lost: Sequence[str], *, limit: float, check: str = ""
) -> dict[str, Any]:
    """{failed, lost, stop, why} of a ring.

    `failed`: why, by host. `lost`: hosts that answered at the start and no longer do; a release may have done that, so
    they count as failed. `limit`: how many per cent may fail. `check`: what the user's own check had to say against
    the ring, empty where nothing.
    """
    bad = [host for host in hosts if host in failed or host in lost]
    share = 100 * len(bad) / len(hosts) if hosts else 0.0
    why = ""
    if share > limit:
        why = f"{len(bad)} of {len(hosts)} hosts failed, more than {limit:g}%"
    elif check:
        why = f"dnnready_ring_check: {check}"
    return {
        "failed": {host: failed[host] for host in bad if host in failed},
        "lost": [host for host in bad if host not in failed],
        "stop": bool(why),
        "why": why,
    }


def switched(stacks: Mapping[str, Any], proven: Sequence[str]) -> dict[str, str]:
    """By stack the release that was current before this run made another one current: that is the way back.

    `stacks` is what was found before, `proven` are the stacks that this run proved and made current. What was
    installed for the first time has no way back.
    """
    return {
        name: stacks[name]["current"]
        for name in proven
        if name in stacks and stacks[name]["current"] not in ("", None, stacks[name]["id"])
    }
