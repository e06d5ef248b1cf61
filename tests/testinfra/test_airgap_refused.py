"""A depot that somebody tampered with: refused by the name of the file, `current` as it was; well again afterwards."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

STACK = "onednn"
#: Another environment is another release: it has to be built, and its wheel fetched.
WISH = {"dnnready_stacks": [STACK], "onednn_environment": {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "4096"}}


def replace(path: Path, content: bytes) -> None:
    """Another file under a name: others link to the old one."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    temporary.replace(path)


def wheel(depot: Path) -> Path:
    (found,) = (depot / "wheels").glob("onednn_cpu_gomp-*.whl")
    return found


def swapped(depot: Path) -> str:
    """One byte of a wheel is another one."""
    content = bytearray(wheel(depot).read_bytes())
    content[len(content) // 2] ^= 1
    replace(wheel(depot), bytes(content))
    return wheel(depot).name


def truncated(depot: Path) -> str:
    """The end of a wheel is missing."""
    replace(wheel(depot), wheel(depot).read_bytes()[:-4096])
    return wheel(depot).name


def unsigned(depot: Path) -> str:
    """There is no signature."""
    (depot / "manifest.json.sig").unlink()
    return "manifest.json.sig"


def foreign(depot: Path) -> str:
    """The signature is one of somebody else's key."""
    manifest, key = depot / "manifest.json", depot.with_name(f"{depot.name}-update") / "foreign"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (depot / "manifest.json.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "dnnready-depot", str(manifest)], check=True
    )
    return "manifest.json"


def replayed(depot: Path) -> str:
    """The manifest is an older one, rightly signed."""
    old = depot.with_name(f"{depot.name}-update") / "old"
    for name in ("manifest.json", "manifest.json.sig"):
        replace(depot / name, (old / name).read_bytes())
    return "manifest.json"


@pytest.fixture
def depot(expected: dict[str, Any], tmp_path: Path) -> Iterator[Path]:
    """The depot of this run, which is as before afterwards."""
    directory = Path(expected["depot"])
    kept = [wheel(directory), directory / "manifest.json", directory / "manifest.json.sig"]
    for path in kept:
        shutil.copy2(path, tmp_path / path.name)
    yield directory
    for path in kept:
        replace(path, (tmp_path / path.name).read_bytes())


@pytest.fixture
def bare_cache(host: Host, prefix: str) -> None:
    """The device has the wheel no more, so it must fetch it."""
    host.check_output("rm -f %s/depot/wheels/onednn_cpu_gomp-*.whl", prefix)


@pytest.mark.usefixtures("bare_cache")
@pytest.mark.parametrize(
    "tamper", [swapped, truncated, unsigned, foreign, replayed], ids=lambda tamper: tamper.__name__
)
def test_is_refused_by_name_and_current_stays(
    host: Host, prefix: str, provision: Any, depot: Path, tamper: Callable[[Path], str]
) -> None:
    link = f"{prefix}/stacks/{STACK}/current"
    before = host.check_output("readlink %s", link)
    name = tamper(depot)
    run = provision(WISH)
    assert run.status != 0
    assert name in run.words
    assert host.check_output("readlink %s", link) == before
    assert host.run("%s/bin/dnnready verify %s", prefix, STACK).rc == 0
    assert not host.check_output("find %s/depot/wheels -name 'onednn*'", prefix)


@pytest.mark.usefixtures("depot", "bare_cache")
def test_with_the_true_depot_the_same_wish_is_fulfilled(host: Host, prefix: str, provision: Any) -> None:
    link = f"{prefix}/stacks/{STACK}/current"
    before = host.check_output("readlink %s", link)
    run = provision(WISH)
    assert run.status == 0, run.words
    assert run.verdicts == {STACK: "accelerated"}
    assert host.check_output("readlink %s", link) != before
