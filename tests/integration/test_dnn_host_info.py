"""The module dnn_host_info through AnsiballZ on this machine."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "host-1.json"
#: What moves between two looks at a machine that others use too.
MOVING = {"available_bytes", "free_bytes", "free_inodes"}


def still(document):
    """A document without the facts that change by themselves."""
    if isinstance(document, dict):
        return {key: still(value) for key, value in document.items() if key not in MOVING}
    return document


@pytest.mark.every_core
def test_the_document_keeps_to_the_schema(run_module):
    result = run_module("dnn_host_info", {"packages": ["libc6", "no-such-package"]})
    assert not result["failed"]
    assert result["changed"] is False
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(result["host"])
    assert result["host"]["target"] == "/opt/dnnready"
    assert "no-such-package" in result["host"]["packages"]["missing"]


def test_check_mode_reads_the_same(run_module):
    arguments = {"target": "/srv/dnnready", "packages": ["libc6"]}
    normal, check = (
        run_module("dnn_host_info", arguments),
        run_module("dnn_host_info", arguments, check=True, diff=True),
    )
    assert still(check["host"]) == still(normal["host"])
    assert check["changed"] is False
    assert check["host"]["disk"]["target"]["path"] == "/srv/dnnready"


def test_user_scope_and_a_named_interpreter(run_module, tmp_path):
    python = tmp_path / "my-python"
    python.symlink_to(os.path.realpath("/usr/bin/python3"))
    result = run_module(
        "dnn_host_info",
        {"target": "", "scope": "user", "interpreters": [str(python), "/nonexistent/python3"]},
        env={"XDG_DATA_HOME": "/srv/data"},
    )
    host = result["host"]
    assert host["target"] == "/srv/data/dnnready"
    assert any(str(python) in entry["aliases"] for entry in host["python"])
    assert {"what": "python", "why": "/nonexistent/python3 is not an executable file"} in host["unknown"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"packages": ["lib*"]}, "'lib*' is no name of a Debian package."),
        ({"scope": "everybody"}, "value of scope must be one of: host, user"),
    ],
)
def test_a_wrong_parameter_is_explained(run_module, arguments, words):
    result = run_module("dnn_host_info", arguments)
    assert result["failed"]
    assert words in result["msg"]
