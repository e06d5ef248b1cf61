"""Which locks and wheels a depot holds."""

import pytest

from dnnready.depot_builder.selection import choose, wheels
from dnnready.errors import DnnreadyError
from dnnready.release.lock import describe

A, B = "a" * 64, "b" * 64


def lock(directory, name, tag, architecture, *lines):
    path = directory / name / f"{tag}-{architecture}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"# dnnready: python={tag} architecture={architecture} glibc=2.28\n"
    path.write_text(
        head + "".join(f"# {file} {size}\n{pin} --hash=sha256:{digest}\n" for file, size, pin, digest in lines)
    )
    return path


@pytest.fixture
def locks(tmp_path):
    six = ("six-1.0-py3-none-any.whl", 5, "six==1.0", A)
    lock(tmp_path, "torch", "cp311", "x86_64", ("torch-2-cp311-cp311-linux.whl", 9, "torch==2", B), six)
    lock(tmp_path, "torch", "cp312", "aarch64", six)
    lock(tmp_path, "library", "any", "x86_64", six)
    for architecture in ("x86_64", "aarch64"):
        lock(tmp_path, "uv", "any", architecture, (f"uv-1-py3-none-{architecture}.whl", 7, "uv==1", A))
    return tmp_path


def named(chosen):
    return [f"{one.stack}/{one.tag}-{one.architecture}" for one in chosen]


@pytest.mark.parametrize(
    ("sets", "targets", "expected"),
    [
        ([], [], "library/any-x86_64 torch/cp311-x86_64 torch/cp312-aarch64 uv/any-aarch64 uv/any-x86_64"),
        (["library"], [], "library/any-x86_64 uv/any-x86_64"),
        (["torch"], [{"architecture": "aarch64"}], "torch/cp312-aarch64 uv/any-aarch64"),
        ([], [{"python": "cp311", "architecture": "x86_64"}], "library/any-x86_64 torch/cp311-x86_64 uv/any-x86_64"),
        ([], [{"python": "cp311"}], "library/any-x86_64 torch/cp311-x86_64 uv/any-x86_64"),
        (["uv"], [], "uv/any-aarch64 uv/any-x86_64"),
    ],
)
def test_sets_and_targets(locks, sets, targets, expected):
    assert named(choose([locks], {}, sets, targets)) == expected.split()


@pytest.mark.parametrize(
    ("sets", "targets", "says"),
    [
        (["nothing"], [], "There is no lock set nothing. There are: library, torch, uv."),
        (
            [],
            [{"python": "cp399", "architecture": "aarch64"}],
            "No lock serves the target architecture=aarch64 python=cp399.",
        ),
        (["library"], [{"architecture": "aarch64"}], "No lock serves the target architecture=aarch64."),
    ],
)
def test_what_nobody_can_serve_is_refused(locks, sets, targets, says):
    with pytest.raises(DnnreadyError) as refused:
        choose([locks], {}, sets, targets)
    assert says in str(refused.value)


def test_a_file_of_several_locks_is_there_once(locks):
    found = wheels(choose([locks], {}, [], []))
    assert [wheel.path for wheel in found] == sorted({wheel.path for wheel in found})
    six = next(wheel for wheel in found if "six" in wheel.path)
    assert (six.stacks, six.architecture, six.sha256) == (("library", "torch"), "any", A)
    torch = next(wheel for wheel in found if "torch" in wheel.path)
    assert (torch.architecture, torch.source.tag, torch.source.python) == ("x86_64", "cp311", "3.11")


def test_two_files_of_one_name_are_refused(locks):
    lock(locks, "other", "any", "x86_64", ("six-1.0-py3-none-any.whl", 5, "six==1.0", B))
    with pytest.raises(DnnreadyError, match="name different files"):
        wheels(choose([locks], {}, [], []))


@pytest.mark.parametrize(
    "text",
    [
        f"six==1.0 --hash=sha256:{A}",
        f"# six-1.0-py3-none-any.whl\nsix==1.0 --hash=sha256:{A}",
        f"# six-1.0-py3-none-any.whl 5\nsix==1.0 --hash=sha256:{A} --hash=sha256:{B}",
        f"# six-1.0-py3-none-any.whl 5\nsix==1.0 --hash=sha512:{A}{B}",
    ],
)
def test_a_lock_that_does_not_list_its_files_is_refused(tmp_path, text):
    path = tmp_path / "own.txt"
    path.write_text(f"# dnnready: python=any architecture=x86_64\n{text}\n")
    with pytest.raises(DnnreadyError, match="not tied to one wheel"):
        choose([], {"own": path}, [], [])


def test_the_index_is_what_the_in_file_names(locks):
    (locks / "torch" / "torch.in").write_text(
        "# dnnready: python=cp311 architecture=x86_64 index=https://index.example/cpu\n"
    )
    chosen = {one.stack: one for one in choose([locks], {}, [], [])}
    assert (chosen["torch"].index, chosen["library"].index) == ("https://index.example/cpu", "")


def test_the_digest_is_the_one_of_the_plan(locks):
    path = locks / "library" / "any-x86_64.txt"
    chosen = choose([locks], {}, ["library"], [])[0]
    assert chosen.sha256 == describe(path.read_text()).sha256
