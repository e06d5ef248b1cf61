"""Where pip is configured to look: read as pip reads it, and said to uv."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnnready.release.sources import configured, for_uv


@pytest.mark.parametrize(
    ("variables", "files", "expected"),
    [
        ({}, {}, {}),
        ({"PIP_INDEX_URL": "https://a/simple", "PIP_TIMEOUT": "9"}, {}, {"index-url": "https://a/simple"}),
        ({"PIP_INDEX_URL": ""}, {"user": "[global]\nindex_url = https://b\n"}, {"index-url": "https://b"}),
        ({}, {"user": "[global]\nfind-links = /a\n[install]\nfind-links = /b\n"}, {"find-links": "/b"}),
        ({"PIP_FIND_LINKS": "/c"}, {"user": "[install]\nfind-links = /b\n"}, {"find-links": "/c"}),
        ({}, {"system": "[install]\ncert = /a\n", "user": "[global]\ncert = /b\n"}, {"cert": "/a"}),
        ({}, {"system": "[global]\nno-index = yes\n", "user": "[global]\nno-index = off\n"}, {}),
        ({"PIP_NO_INDEX": "1"}, {}, {"no-index": "1"}),
        ({}, {"own": "[global]\nfind-links =\n  /a\n  /b\n"}, {"find-links": "/a\n/b"}),
        ({}, {"legacy": "[global]\nproxy = p\n", "user": "[wheel]\nindex-url = https://w\n"}, {"proxy": "p"}),
        ({"PIP_CONFIG_FILE": os.devnull}, {"user": "[global]\nproxy = p\n"}, {}),
        ({}, {"user": "no ini file"}, {}),
    ],
)
def test_what_pip_says_of_itself_too(
    tmp_path: Path, variables: dict[str, str], files: dict[str, str], expected: dict[str, str]
) -> None:
    places = {
        "system": "xdg/pip/pip.conf",
        "legacy": "home/.pip/pip.conf",
        "user": "home/.config/pip/pip.conf",
        "own": "own.conf",
    }
    for name, text in files.items():
        path = tmp_path / places[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "PATH": os.defpath}
    environment |= {"PIP_CONFIG_FILE": str(tmp_path / "own.conf")} if "own" in files else {}
    environment |= variables
    # /etc/pip.conf of the machine that tests run on counts too.
    nothing = {"HOME": str(tmp_path / "none"), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    machine = {} if os.devnull in variables.values() else configured(nothing)
    assert configured(environment) == {**machine, **expected}
    pip = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], env=environment, capture_output=True, text=True, check=False
    )
    if pip.returncode:  # it says what is wrong with a file
        assert "no ini file" in files.values()
        return
    told = {}
    for line in pip.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        told[section, name] = ast.literal_eval(value)
    for name, value in expected.items():
        found = [told[section, name] for section in (":env:", "install", "global") if (section, name) in told]
        assert next(one.strip() for one in found if one) == value


@pytest.mark.parametrize(
    ("settings", "options", "variables"),
    [
        ({}, [], {}),
        (
            {"index-url": "https://a", "extra-index-url": "https://b\nhttps://c", "find-links": "/w /x"},
            [
                *("--default-index", "https://a", "--index", "https://b", "--index", "https://c"),
                *("--find-links", "/w", "--find-links", "/x"),
            ],
            {},
        ),
        ({"no-index": "1", "index-url": "https://a", "find-links": "/w"}, ["--no-index", "--find-links", "/w"], {}),
        ({"cert": "/ca.pem", "proxy": "http://p:1"}, [], {"SSL_CERT_FILE": "/ca.pem", "ALL_PROXY": "http://p:1"}),
        ({"trusted-host": "a b"}, ["--allow-insecure-host", "a", "--allow-insecure-host", "b"], {}),
    ],
)
def test_the_same_for_uv(settings: dict[str, str], options: list[str], variables: dict[str, str]) -> None:
    assert for_uv(settings) == (options, variables)
