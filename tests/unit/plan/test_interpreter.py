"""Which Python carries a release."""

import pytest

from dnnready.plan.interpreter import choose, distribution_python, usable


def python(path, version, *, shared=True, implementation="CPython", bits=64):
    tag = "cp" + "".join(version.split(".")[:2])
    return {
        "path": path,
        "version": version,
        "tag": tag,
        "implementation": implementation,
        "bits": bits,
        "venv": True,
        "externally_managed": False,
        "shared": shared,
    }


SYSTEM = python("/usr/bin/python3.11", "3.11.2")
LOCAL = python("/usr/local/bin/python3.13", "3.13.0")
PRIVATE = python("/home/ada/.pyenv/versions/3.12.1/bin/python3.12", "3.12.1", shared=False)
OTHERS = [python("/usr/bin/pypy3", "3.11.9", implementation="PyPy"), python("/opt/p/bin/python3", "3.11.1", bits=32)]
HOST = {"python": [LOCAL, PRIVATE, SYSTEM, *OTHERS]}


@pytest.mark.parametrize(
    ("scope", "wanted", "expected"),
    [
        ("host", "", [SYSTEM, LOCAL]),
        ("user", "", [SYSTEM, LOCAL, PRIVATE]),
        ("host", "3.12", [PRIVATE]),
        ("host", "3.12.1", [PRIVATE]),
        ("host", "3.1", []),
        ("host", "cp313", [LOCAL]),
        ("host", "/usr/bin/python3.11", [SYSTEM]),
        ("host", "/usr/bin/python3.9", []),
    ],
)
def test_the_distribution_first_then_the_newest_and_the_user_wins(scope, wanted, expected):
    assert usable(HOST, scope, wanted) == expected


def lock(tag, architecture="x86_64"):
    return {"tag": tag, "architecture": architecture}


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        ([lock("cp311"), lock("cp313")], (SYSTEM, "cp311")),
        ([lock("cp313")], (LOCAL, "cp313")),
        ([lock("any")], (SYSTEM, "any")),
        ([lock("cp311", "aarch64")], (None, None)),
        ([lock("cp39")], (None, None)),
        ([], (None, None)),
    ],
)
def test_the_first_interpreter_that_a_lock_covers(locks, expected):
    chosen, found = choose([SYSTEM, LOCAL], locks, "x86_64")
    assert (chosen, found and found["tag"]) == expected


def test_distribution_packages_belong_to_the_distribution_s_python():
    assert distribution_python([LOCAL, SYSTEM]) == SYSTEM
    assert distribution_python([LOCAL]) is None
