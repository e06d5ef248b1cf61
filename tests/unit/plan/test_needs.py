import pytest

from dnnready.plan import needs, program


def planned(*, blocked=False, required=True, accept=("accelerated",)):
    spec = None if blocked else {"id": "new"}
    return {"blocked": blocked, "spec": spec, "definition": {"required": required, "accept": list(accept)}}


def found(identifier="new", current="new", missing=(), verdict="accelerated"):
    return {"id": identifier, "current": current, "needs": list(missing), "row": {"verdict": verdict}}


@pytest.mark.parametrize(
    ("stacks", "current", "force", "good"),
    [
        ({"a": planned()}, {"a": found()}, False, True),
        ({"a": planned()}, {"a": found()}, True, False),
        ({"a": planned()}, {}, False, False),
        ({"a": planned()}, {"a": None}, False, False),
        ({"a": planned()}, {"a": found("old", "old")}, False, False),
        ({"a": planned()}, {"a": found(current="old")}, False, False),
        ({"a": planned()}, {"a": found(missing=["proof", "active"])}, False, False),
        ({"a": planned()}, {"a": found(verdict="fallback")}, False, False),
        ({"a": planned(accept=["accelerated", "fallback"])}, {"a": found(verdict="fallback")}, False, True),
        ({"a": planned(), "b": planned()}, {"a": found()}, False, False),
        ({"a": planned(), "b": planned(blocked=True)}, {"a": found()}, False, True),
        ({}, {}, False, True),
    ],
)
def test_whether_a_host_needs_nothing(stacks, current, force, good):
    assert needs.settled({"stacks": stacks}, current, force=force) is good


@pytest.mark.parametrize(
    ("entry", "seen", "proven", "missing"),
    [
        (planned(), found(), [], []),
        (planned(), found(missing=["installed"]), [], ["a"]),
        (planned(), found(missing=["installed"]), ["a"], []),
        (planned(required=False), found(missing=["installed"]), [], []),
        (planned(blocked=True), None, [], ["a"]),
        (planned(blocked=True, required=False), None, [], []),
    ],
)
def test_what_is_required_and_unproven(entry, seen, proven, missing):
    assert needs.unproven({"stacks": {"a": entry}}, {"a": seen} if seen else {}, proven) == missing


def python(path, *aliases):
    return {"path": path, "aliases": list(aliases)}


@pytest.mark.parametrize(
    ("pythons", "path"),
    [
        ([python("/usr/bin/python3.11", "/usr/bin/python3")], "/usr/bin/python3"),
        ([python("/opt/python3.12"), python("/usr/bin/python3.9", "/usr/bin/python3")], "/usr/bin/python3"),
        ([python("/opt/python3.12"), python("/opt/python3.11")], "/opt/python3.12"),
        ([], "python3"),
    ],
)
def test_the_interpreter_of_the_program(pythons, path):
    assert program.interpreter({"python": pythons}) == path


def test_the_digest_tells_interpreters_apart():
    assert program.digest("/usr/bin/python3") == program.digest() != program.digest("/opt/python3.12")
