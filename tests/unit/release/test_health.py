"""The user's own check: what is asked of systemd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dnnready.process import Completed
from dnnready.release import health


@pytest.mark.parametrize("moment", [1700000000.0, 1700000000.4, 1700000000.9])
def test_the_journal_is_read_from_before_the_start(moment: float, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str], **_more: Any) -> Completed:
        asked.append(argv)
        raise health.DnnreadyError("no systemd here")

    monkeypatch.setattr(health, "run", run)
    assert health._journal("app.service", moment) == ""
    assert "--since=@1700000000" in asked[0]
