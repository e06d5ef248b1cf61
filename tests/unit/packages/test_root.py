"""Who may install packages: root alone, and anyone else is told what root shall run."""

from __future__ import annotations

import os

import pytest

from dnnready.errors import DnnreadyError
from dnnready.packages import dpkg, install


def test_without_root_it_says_what_root_shall_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install, "missing", lambda request: list(request.packages))
    with pytest.raises(DnnreadyError) as told:
        install.install(install.Request((dpkg.Wanted("dnnready-nonesuch"),)))
    assert "apt-get install --no-install-recommends dnnready-nonesuch" in str(told.value)
