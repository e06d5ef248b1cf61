"""Which packages apt would take from the depot: the real apt, with one repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnready.depot import apt
from dnnready.depot.manifest import Repository
from dnnready.depot.sync import Wish, sync
from dnnready.errors import DnnreadyError
from tests.unit.depot import server
from tests.unit.depot.depots import Made

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None, reason="not a Debian"
)
PLACE = "apt/bookworm-amd64"
INDEX = f"{PLACE}/Packages"


def deb(directory: Path, name: str, depends: str = "", version: str = "1.0") -> tuple[str, bytes, str]:
    """A package: its file name, content, and its stanza in Packages."""
    build = directory / f"build-{name}"
    (build / "DEBIAN").mkdir(parents=True)
    (build / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Test <test@example.net>\n"
        + (f"Depends: {depends}\n" if depends else "")
        + "Description: a package of a test\n"
    )
    file = f"{name}_{version.replace(':', '%3a')}_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", build, directory / file], check=True)
    content = (directory / file).read_bytes()
    (directory / file).unlink()
    shutil.rmtree(build)
    stanza = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Test <test@example.net>\n"
        + (f"Depends: {depends}\n" if depends else "")
        + f"Filename: ./{file}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
        + "Description: a package of a test\n\n"
    )
    return file, content, stanza


@pytest.fixture
def repository(made: Made, tmp_path: Path) -> Made:
    index = ""
    for name, depends, version in (
        ("dnnready-test-one", "dnnready-test-two, libc6", "1:1.0+b~2"),
        ("dnnready-test-two", "", "2.0"),
        ("dnnready-test-other", "", "3.0"),
        ("dnnready-test-lonely", "dnnready-test-nowhere", "4.0"),
    ):
        file, content, stanza = deb(tmp_path, name, depends, version)
        made.add(f"{PLACE}/{file}", content, "package", name, version)
        index += stanza
    made.add(INDEX, index.encode(), "index", "", "")
    made.repositories = [Repository("bookworm", "amd64", PLACE, INDEX, ("dnnready-test-one",))]
    made.write()
    return made


@pytest.fixture
def wanting(wish: Callable[..., Wish]) -> Callable[..., Wish]:
    def wanted(*names: str, **changes: object) -> Wish:
        return wish(locks=[], packages=list(names), **{"codename": "bookworm", "architecture": "amd64", **changes})

    return wanted


ONE, TWO = f"{PLACE}/dnnready-test-one_1%3a1.0+b~2_all.deb", f"{PLACE}/dnnready-test-two_2.0_all.deb"


@pytest.mark.usefixtures("repository")
def test_a_package_comes_with_what_it_needs_and_the_host_lacks(wanting: Callable[..., Wish], tmp_path: Path) -> None:
    it = wanting("dnnready-test-one")
    said = sync(it, check=True)
    assert not it.prefix.exists()
    result = sync(it)
    assert [item["path"] for item in result["fetched"]] == [INDEX, ONE, TWO]
    for key in ("changed", "fetched", "repository", "diff"):
        assert said[key] == result[key], key
    assert result["repository"] == str(tmp_path / "prefix" / "depot" / PLACE)
    assert sorted(path.name for path in Path(result["repository"]).iterdir()) == [
        "Packages",
        Path(ONE).name,
        Path(TWO).name,
    ]
    assert sorted(path.name for path in it.root.iterdir() if path.is_dir()) == ["apt"]
    assert sync(it)["changed"] is False


@pytest.mark.usefixtures("repository")
def test_an_installed_package_needs_no_file_and_no_apt(
    wanting: Callable[..., Wish], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "needed", None)
    assert [item["path"] for item in sync(wanting("libc6", "dpkg"))["fetched"]] == [INDEX]


def test_what_the_depot_dropped_goes(repository: Made, wanting: Callable[..., Wish]) -> None:
    it = wanting("dnnready-test-one", "dnnready-test-other")
    sync(it)
    other = f"{PLACE}/dnnready-test-other_3.0_all.deb"
    content, *rest = repository.files[INDEX]
    stanzas = [stanza for stanza in content.split(b"\n\n") if b"test-other" not in stanza]
    repository.files[INDEX] = (b"\n\n".join(stanzas), *rest)
    del repository.files[other]
    repository.serial += 1
    repository.write()
    result = sync(wanting("dnnready-test-one"))
    assert result["removed"] == [f"depot/{other}"]
    assert [item["path"] for item in result["fetched"]] == [INDEX]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["dnnready-test-none"], "dnnready-test-none"),
        (["dnnready-test-lonely"], "dnnready-test-nowhere"),
        (["-o=Dir=/"], "no name of a Debian package"),
    ],
)
def test_what_apt_cannot_do_is_said(names: list[str], said: str, wanting: Callable[..., Wish]) -> None:
    with pytest.raises(DnnreadyError, match=said):
        sync(wanting(*names))


@pytest.mark.usefixtures("repository")
def test_another_distribution_is_told_what_there_is(wanting: Callable[..., Wish]) -> None:
    with pytest.raises(DnnreadyError, match="no packages for trixie arm64; it has bookworm amd64"):
        sync(wanting("dnnready-test-one", codename="trixie", architecture="arm64"))


def test_an_index_that_names_more_than_the_manifest_is_refused(repository: Made, wanting: Callable[..., Wish]) -> None:
    del repository.files[TWO]
    repository.write()
    with pytest.raises(DnnreadyError, match="which the manifest does not"):
        sync(wanting("dnnready-test-one"))


def test_a_swapped_package_is_refused(repository: Made, wanting: Callable[..., Wish], served: server.Depot) -> None:
    (repository.directory / TWO).write_bytes(b"!<arch>\n" * 100)
    with pytest.raises(DnnreadyError, match="dnnready-test-two"):
        sync(wanting("dnnready-test-one"))
    assert served.asked


def test_apt_sees_this_repository_alone(repository: Made, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    place = repository.directory / PLACE
    assert apt.needed(place, scratch, ["dnnready-test-one"]) == sorted([Path(ONE).name, Path(TWO).name])
    given = apt.options(place, scratch)
    # apt finds the files under the names that we gave them: a version with an epoch is written %3a.
    fetch = ["install", "--yes", "--no-install-recommends", "--download-only", "--reinstall", "dnnready-test-one"]
    if not os.geteuid():
        subprocess.run(["apt-get", *given, *fetch], capture_output=True, check=True)
    shown = subprocess.run(["apt-cache", *given, "policy"], capture_output=True, text=True, check=True).stdout
    assert str(place) in shown
    assert "http" not in shown


def test_a_prefix_that_apt_cannot_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(DnnreadyError, match="apt cannot read a repository"):
        apt.options(tmp_path / "with space", tmp_path)


def test_without_apt_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise DnnreadyError("Cannot start apt-get: No such file or directory.")

    monkeypatch.setattr(apt, "run", missing)
    with pytest.raises(DnnreadyError, match="There is no apt-get"):
        apt.needed(tmp_path, tmp_path, ["x1"])
