"""A signed depot, a server for it, and the wish for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dnnready.depot import fetch
from dnnready.depot.sync import Wish
from tests.unit.depot import depots, server


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("keys")
    return {name: depots.key(directory, name) for name in ("old", "new", "foreign")}


@pytest.fixture
def made(tmp_path: Path, keys: dict[str, Path]) -> depots.Made:
    return depots.small(tmp_path / "depot", keys["old"])


@pytest.fixture
def served(made: depots.Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[server.Depot]:
    monkeypatch.setattr(fetch, "PAUSE", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with server.serve(made.directory) as depot:
        yield depot


@pytest.fixture
def wish(tmp_path: Path, served: server.Depot, keys: dict[str, Path]) -> Callable[..., Wish]:
    """A wish for the lock of pytorch; anything may be said otherwise."""

    def wanted(**changes: Any) -> Wish:
        values: dict[str, Any] = {
            "source": served.url,
            "prefix": tmp_path / "prefix",
            "locks": [depots.PYTORCH],
            "signers": [depots.public(keys["old"])],
            "silence": 5.0,
            **changes,
        }
        return Wish(**values)

    return wanted
