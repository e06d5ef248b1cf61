"""The floors of docs/architecture.md: an import goes downwards only, and files stay livable."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "module_utils" / "dnnready"

#: Lower floors first. A package may import from its own floor's package and from lower floors.
FLOORS = [
    {"errors"},
    {"files", "process", "archive", "lockfile"},
    {"footprint"},
    {"host", "environment"},
    {"conv2d", "preflight", "depot"},
    {"release", "diagnosis", "packages"},
    {"plan", "report", "bundle", "healing", "depot_builder", "removal", "watch"},
    {"pull"},
    {"cli"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


def imported(path):
    """The parts of the package that a file imports."""
    place = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        base = place[: len(place) - (node.level - 1)]
        full = (*base, *(node.module or "").split("."))
        full = tuple(part for part in full if part)
        if full:
            yield full[0]
        else:
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_import_goes_downwards_only(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    upwards = {
        part
        for part in imported(path)
        if part in FLOOR and part != own and FLOOR[part] >= FLOOR[own] and not part.startswith("_")
    }
    assert upwards == set()


def test_every_part_has_a_floor():
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    assert parts <= set(FLOOR)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_logic_needs_the_standard_library_alone(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert not [name for name in names if name.split(".")[0] in ("ansible", "yaml", "jinja2", "jsonschema")]


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("library/*.py", 300),
        ("module_utils/**/*.py", 260),
        ("roles/*/tasks/*.yml", 80),
        ("playbooks/**/*.yml", 80),
        ("roles/*/defaults/*.yml", 60),
    ],
)
def test_files_stay_livable(pattern, most):
    long = {str(path): count for path in ROOT.glob(pattern) if (count := len(path.read_text().splitlines())) > most}
    assert long == {}
