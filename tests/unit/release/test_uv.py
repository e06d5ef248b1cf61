"""Which installer is taken, and that no variable sends uv elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dnnready.errors import DnnreadyError
from dnnready.release import pip, uv
from dnnready.release.build import Build
from dnnready.release.means import Means
from dnnready.release.progress import Progress

UV = str(Path(sys.executable).with_name("uv"))


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PATH", "/nowhere")
    release = tmp_path / "prefix/stacks/app/releases/0123456789abcdef"
    release.mkdir(parents=True)
    return Build({"stack": "app"}, tmp_path / "prefix", release, tmp_path / "log", Progress(tmp_path / "p", None))


def program(path: Path, said: str = "uv 9.9.9 (x)", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "case",  # installer, whether a directory of wheels is given, whether pip is configured, who installs
    [
        ("auto", False, False, "uv"),
        ("auto", False, True, "pip"),
        ("auto", True, True, "uv"),
        ("uv", False, True, "uv"),
        ("pip", True, False, "pip"),
    ],
)
def test_who_installs(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: tuple[str, bool, bool, str]
) -> None:
    installer, wheels, configured, expected = case
    if configured:
        monkeypatch.setenv("PIP_FIND_LINKS", "/own/wheels")
    means = Means(installer=installer, uv=UV, wheels=str(tmp_path) if wheels else "")
    found = uv.prepare(build, "/venv/bin/python", means)
    assert ("uv" if found else "pip") == expected
    if found:
        only = ["--no-index", "--find-links", str(tmp_path)]
        assert list(found.install[-len(only) :]) == only if wheels else "--no-index" not in found.install
        assert ("/own/wheels" in found.install) == (configured and not wheels)
        assert "--require-hashes" in found.install


def test_the_newest_below_the_prefix_then_path_and_what_does_not_run_is_passed_over(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def version() -> str:
        found = uv.prepare(build, "python", Means())
        return found.version if found else "pip"

    assert version() == "pip"
    program(tmp_path / "bin/uv", "uv 1.1.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert version() == "1.1.1"
    tools = build.prefix / "tools/uv"
    program(tools / "0.9.0/uv", "uv 0.9.0")
    program(tools / "0.13.9/uv", "uv 0.13.9 (musl)")
    assert version() == "0.13.9"
    program(tools / "0.14.0/uv", "Exec format error", 1)
    assert version() == "0.13.9"
    program(tools / "0.15.0/uv", "uv 0.4.22")
    assert version() == "0.13.9"


@pytest.mark.parametrize(
    ("said", "code", "why"),
    [
        ("uv 0.4.22", 0, "is uv 0.4.22, needed is 0.4.23"),
        ("GLIBC_2.99 not found", 1, "does not run: GLIBC_2.99"),
        ("", 3, "does not run: 3"),
    ],
)
def test_a_uv_that_is_asked_for_and_cannot_run_is_said(
    build: Build, tmp_path: Path, said: str, code: int, why: str
) -> None:
    path = str(program(tmp_path / "uv", said, code))
    assert uv.prepare(build, "python", Means(uv=path)) is None
    with pytest.raises(DnnreadyError, match=why):
        uv.prepare(build, "python", Means(installer="uv", uv=path))
    with pytest.raises(DnnreadyError, match="Cannot start"):
        uv.prepare(build, "python", Means(installer="uv", uv=str(tmp_path / "none")))
    with pytest.raises(DnnreadyError, match="There is no uv"):
        uv.prepare(build, "python", Means(installer="uv"))


def test_no_variable_sends_uv_elsewhere(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_CACHE_DIR", "UV_TARGET", "UV_NO_VERIFY_HASHES", "VIRTUAL_ENV", "PYTHONPATH"):
        monkeypatch.setenv(name, "/elsewhere")
    found = uv.prepare(build, "python", Means(uv=UV))
    assert found is not None
    assert "/elsewhere" not in found.environment.values()
    assert found.environment["UV_CACHE_DIR"].startswith(f"{build.temporary}/")


def test_a_directory_of_wheels_is_the_only_source_of_pip_too(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/elsewhere")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "/elsewhere")
    answer = {"pip": ["/x/pip-25.0-py3-none-any.whl"]}
    found = pip.prepare(build, "python", answer, Means(wheels=str(tmp_path)))
    assert (found.name, found.version) == ("pip", "25.0")
    assert "/elsewhere" not in found.environment.values()
    assert found.environment["PIP_CONFIG_FILE"] == os.devnull
    assert "/elsewhere" in pip.prepare(build, "python", answer, Means()).environment.values()
    for prepare in (
        lambda means: pip.prepare(build, "python", answer, means),
        lambda means: uv.prepare(build, "p", means),
    ):
        with pytest.raises(DnnreadyError, match="/none does not exist"):
            prepare(Means(uv=UV, wheels="/none"))
