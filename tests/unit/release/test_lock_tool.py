"""tools/lock.py: whom locks are for, where wheels are looked for, and the check that holds every lock to its rules."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lock import check, header, main, targets
from tools.lock_resolver import LockError, Target, glibc, pip_settings, supported_tags, uv_options

PROJECT = Path(__file__).resolve().parents[3]
LOCKS = PROJECT / "locks"


def test_all_locks_of_the_project_are_right() -> None:
    assert len(list(LOCKS.glob("*/*.txt"))) >= 4
    assert check(LOCKS, []) == 0


def test_the_check_runs_as_make_calls_it() -> None:
    done = subprocess.run(
        [sys.executable, "tools/lock.py", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("download_bytes=", "download_bytes=9", "first line should be"),
        ("glibc=2.27", "glibc=2.17", "first line should be"),
        ("python=cp311", "python=cp312", "first line should be"),
        ("manylinux_2_27_x86_64", "manylinux_2_27_aarch64", "does not install on cp311 x86_64"),
        ("tensorflow_cpu-2.21.0-cp311-cp311", "tensorflow_cpu-2.21.0-cp312-cp312", "does not install on cp311"),
        ("# six-", "# seven-", "is the wheel of something else"),
        ("# six-1.17.0-py2.py3-none-any.whl", "# nothing", "its wheel and size is missing"),
        ("    --hash=sha256:", "    --hash=sha1:", "not a SHA-256"),
        ("six==1.17.0 \\", "six \\", "not pinned"),
        ("six==1.17.0 \\", "six==1.17.0", "no hash"),
    ],
)
def test_the_check_finds_a_wrong_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    shutil.copytree(LOCKS / "tensorflow", tmp_path / "tensorflow")
    path = tmp_path / "tensorflow" / "cp311-x86_64.txt"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert main(["--check", "--directory", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert says in told.err
    assert "tensorflow/cp311-x86_64.txt" in told.err
    assert told.out.endswith(" locks, 1 wrong\n")


def test_the_first_line_says_for_whom() -> None:
    facts = header("# dnnready: python=cp310,cp311 architecture=x86_64,aarch64\ntorch\n")
    assert [(target.tag, target.architecture) for target in targets(facts, "", "")] == [
        ("cp310", "x86_64"),
        ("cp310", "aarch64"),
        ("cp311", "x86_64"),
        ("cp311", "aarch64"),
    ]
    assert list(targets(facts, "3.13", "x86_64")) == [Target("cp313", "x86_64")]
    assert list(targets({"python": "any", "architecture": "x86_64"}, "3.13", "")) == [Target("any", "x86_64")]
    with pytest.raises(LockError, match="first line"):
        header("torch\n")


def test_pips_settings_are_merged_as_pip_does() -> None:
    settings = pip_settings(
        "global.index-url='https://one/simple'\n"
        "global.find-links='/a /b'\n"
        "install.find-links='/c'\n"
        ":env:.index-url='https://two/simple'\n"
        "freeze.timeout='10'\n"
    )
    assert settings == {"index-url": ["https://two/simple"], "find-links": ["/c"]}


def test_pips_settings_become_options_of_uv() -> None:
    settings = {
        "index-url": ["https://one/simple"],
        "extra-index-url": ["https://two/simple", "file:///three"],
        "find-links": ["/wheels"],
        "no-index": ["true"],
        "timeout": ["60"],
    }
    assert " ".join(uv_options(settings)) == (
        "--find-links /wheels --default-index https://one/simple --index https://two/simple --index file:///three "
        "--no-index --index-strategy unsafe-best-match"
    )
    assert "--no-index" not in uv_options({"no-index": ["0"]})


@pytest.mark.parametrize(
    ("file", "floor"),
    [
        ("six-1.17.0-py2.py3-none-any.whl", (0, 0)),
        ("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", (2, 28)),
        ("numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", (2, 27)),
        ("h5py-3.14.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", (2, 17)),
        ("onednn_cpu_gomp-2023.2.0-py2.py3-none-manylinux1_x86_64.whl", (2, 5)),
    ],
)
def test_the_glibc_that_a_name_promises(file: str, floor: tuple[int, int]) -> None:
    assert glibc(file) == floor


def test_musl_and_other_systems_have_no_glibc() -> None:
    with pytest.raises(LockError, match="glibc"):
        glibc("numpy-2.4.6-cp311-cp311-musllinux_1_2_x86_64.whl")


def test_a_lock_for_every_python_takes_only_wheels_for_every_python() -> None:
    tags = {str(tag) for tag in supported_tags(Target("any", "x86_64"))}
    assert {"py3-none-any", "py3-none-manylinux_2_28_x86_64", "py3-none-manylinux1_x86_64"} <= tags
    assert not any(tag.startswith(("cp", "py39")) for tag in tags)


def test_wheels_newer_than_the_oldest_supported_glibc_are_not_taken() -> None:
    tags = {str(tag) for tag in supported_tags(Target("cp311", "x86_64"))}
    assert "cp311-cp311-manylinux_2_28_x86_64" in tags
    assert "cp311-cp311-manylinux_2_31_x86_64" not in tags


@pytest.mark.network
def test_a_lock_is_made_again_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(LOCKS / "onednn", tmp_path / "onednn")
    path = tmp_path / "onednn" / "any-x86_64.txt"
    path.unlink()
    assert main(["--set", "onednn", "--directory", str(tmp_path)]) == 0
    made = path.read_text(encoding="utf-8").splitlines()
    assert made[2:] == (LOCKS / "onednn" / "any-x86_64.txt").read_text(encoding="utf-8").splitlines()[2:]
    assert main(["--check", "--directory", str(tmp_path)]) == 0


@pytest.mark.network
def test_what_cannot_be_made_is_said_and_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "odd" / "odd.in"
    source.parent.mkdir()
    source.write_text("# dnnready: python=cp311 architecture=x86_64\nnumpy==0.0.1.dev99\n", encoding="utf-8")
    assert main(["--directory", str(tmp_path)]) == 1
    assert "odd/cp311-x86_64: cannot be made here" in capsys.readouterr().err
    assert list(source.parent.iterdir()) == [source]
