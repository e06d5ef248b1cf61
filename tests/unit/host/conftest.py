"""Machines from tests/fixtures/host, unpacked."""

import json
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "host"
MACHINES = sorted(path.stem for path in FIXTURES.glob("*.txt"))


def unpack(name, root):
    """Write the files of a machine below a directory."""
    for part in (FIXTURES / f"{name}.txt").read_text().split("### ")[1:]:
        path, _, text = part.partition("\n")
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


@pytest.fixture(params=MACHINES)
def any_machine(request, tmp_path):
    """The root of every machine, one after another."""
    return unpack(request.param, tmp_path)


@pytest.fixture
def machine(tmp_path):
    """Unpacks a machine by name; its root."""
    return lambda name: unpack(name, tmp_path)


@pytest.fixture(scope="session")
def validator():
    """The JSON Schema of the host document."""
    schema = json.loads((ROOT / "docs" / "schema" / "host-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
