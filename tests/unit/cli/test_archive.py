"""The program file: the same bytes everywhere, and it runs under every Python there is here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import dnnready
from dnnready.archive import build, launcher
from tools.find_python import candidates, suitable

PACKAGE = Path(dnnready.__file__).parent


def pythons() -> list[str]:
    """One interpreter per version that dnnready supports."""
    found: dict[str, str] = {}
    for path in filter(None, (suitable(candidate, 9) for candidate in candidates(9))):
        version = subprocess.run([path, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        found.setdefault(version.rpartition(".")[0], path)
    return [found[version] for version in sorted(found)]


@pytest.mark.parametrize("python", pythons())
def test_same_bytes_and_runs(python: str, tmp_path: Path) -> None:
    script = "import hashlib, pathlib, sys; from dnnready.archive import build; "
    script += "print(hashlib.sha256(build(pathlib.Path(sys.argv[1]), '/x/python3')).hexdigest())"
    done = subprocess.run(
        [python, "-B", "-c", script, PACKAGE],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(build(PACKAGE, "/x/python3")).hexdigest()

    program = tmp_path / "dnnready"
    program.write_bytes(build(PACKAGE, python))
    program.chmod(0o755)
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"dnnready {dnnready.__version__}\n", "")


def test_time_owner_order_and_caches_do_not_matter(tmp_path: Path) -> None:
    copy = tmp_path / "dnnready"
    shutil.copytree(PACKAGE, copy, copy_function=shutil.copyfile)
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert build(copy) == build(PACKAGE)
    (copy / "errors.py").write_bytes((copy / "errors.py").read_bytes() + b"#")
    assert build(copy) != build(PACKAGE)


def test_contents(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(build(PACKAGE))
    with zipfile.ZipFile(tmp_path / "program") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    expected = {f"dnnready/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*.py")} | {"__main__.py"}
    assert set(names) == expected
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("interpreter", "expected"),
    [
        ("/usr/bin/python3.11", "#!/usr/bin/python3.11 -IS\n"),
        ("/opt/py+x/3.9_1/bin/python", "#!/opt/py+x/3.9_1/bin/python -IS\n"),
        ("", '#!/bin/sh\nexec python3 -IS "$0" "$@"\n'),
        ("python3.12", '#!/bin/sh\nexec python3.12 -IS "$0" "$@"\n'),
        ("/home/a b/python", '#!/bin/sh\nexec \'/home/a b/python\' -IS "$0" "$@"\n'),
        ("/" + "d" * 120, f'#!/bin/sh\nexec /{"d" * 120} -IS "$0" "$@"\n'),
        ("/tmp/$(x)\n", '#!/bin/sh\nexec \'/tmp/$(x)\n\' -IS "$0" "$@"\n'),
    ],
)
def test_launcher(interpreter: str, expected: str) -> None:
    assert launcher(interpreter) == expected


@pytest.mark.parametrize("directory", ["plain", "with space and 'quote'", "d" * 200])
def test_starts_through_any_path_of_an_interpreter(directory: str, tmp_path: Path) -> None:
    (tmp_path / directory).mkdir()
    python = tmp_path / directory / "python3"
    python.symlink_to(Path(sys.executable).resolve())
    program = tmp_path / "dnnready"
    program.write_bytes(build(PACKAGE, str(python)))
    program.chmod(0o755)
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"dnnready {dnnready.__version__}\n"), done.stderr


def test_the_users_python_variables_do_not_reach_it(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('the wrong argparse')", encoding="utf-8")
    program = tmp_path / "dnnready"
    program.write_bytes(build(PACKAGE, sys.executable))
    program.chmod(0o755)
    environment = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONHOME": "/nowhere",
        "PYTHONSTARTUP": "x",
        "PYTHONWARNINGS": "error",
    }
    done = subprocess.run(
        [program, "--version"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
