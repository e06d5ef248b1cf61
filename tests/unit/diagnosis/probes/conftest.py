"""A real virtual environment for each test."""

import shutil
import subprocess
import sys

import pytest

from .places import Place


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("venv") / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


@pytest.fixture
def place(empty, tmp_path):
    folder = tmp_path / "venv"
    shutil.copytree(empty, folder, symlinks=True)
    return Place(folder)
