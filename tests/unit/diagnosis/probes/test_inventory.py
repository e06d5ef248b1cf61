"""What the interpreter tells of itself and its packages, and what that means."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.probe import LIKELY
from dnnready.diagnosis.probes import inventory
from dnnready.diagnosis.target import plainly

from .places import ENDING, Place, causes, evidence, look, needs_glibc

pytestmark = needs_glibc
NO_OPENMP = "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"
PUBLIC = "/usr/bin/python3"
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"


def seen(case):
    return look(case, inventory.PROBE)


def test_a_healthy_environment_is_described_and_nothing_imported(place):
    place.torch(
        requires=["typing-extensions>=4", "numpy; extra == 'x'"], tags=[f"{TAG}-{TAG}-linux_{os.uname().machine}"]
    )
    place.install("typing_extensions", "4.12.0", {"typing_extensions.py": "raise ImportError\n"})
    found = seen(place.case("pytorch"))
    assert found.suspicions == ()
    assert found.facts["packages"] == {"torch": "2.3.0+cpu", "typing-extensions": "4.12.0"}
    assert found.facts["origins"]["torch"] == str(place.site / "torch" / "__init__.py")
    assert found.facts["python"]["prefix"] == str(place.prefix)
    assert found.facts["site"] == [str(place.site)]
    assert "torch 2.3.0+cpu" in found.said
    assert not list(place.site.rglob("__pycache__"))


def test_no_framework_at_all(place):
    found = seen(place.case("tensorflow"))
    assert causes(found) == {"framework_not_installed": 0.97}
    assert found.suspicions[0].details["module"] == "tensorflow-cpu"


def test_registered_and_gone(place):
    place.torch()
    (place.site / "torch").rename(place.site / "torchx")
    found = seen(place.case("pytorch"))
    assert causes(found, LIKELY) == {"corrupt_install": 0.96}
    assert found.suspicions[0].certain


def test_half_a_package(place):
    place.torch()
    (place.site / "torch" / "__init__.py").unlink()
    assert max(causes(seen(place.case("pytorch"))).items(), key=lambda each: each[1])[0] == "corrupt_install"
    (place.site / "torch-2.3.0+cpu.dist-info" / "METADATA").unlink()
    (place.site / "torch-2.3.0+cpu.dist-info").rename(place.site / "other-2.3.0.dist-info")
    assert "shadowed_or_partial_module" in causes(seen(place.case("pytorch")), LIKELY)


@pytest.mark.parametrize("by", ["directory", "PYTHONPATH", "program"])
def test_a_file_of_the_user_hides_the_framework(place, tmp_path, by):
    place.torch()
    work = tmp_path / "work"
    work.mkdir()
    (work / "torch.py").write_text("raise SystemExit('imported')\n")
    (work / "json.py").write_text("raise SystemExit('imported')\n")
    more = {
        "directory": {"directory": str(work)},
        "PYTHONPATH": {"environment": {"PYTHONPATH": str(work)}},
        "program": {"program": str(work / "serve.py"), "directory": "/"},
    }[by]
    found = seen(place.case("pytorch", **more))
    assert causes(found) == {"shadowed_or_partial_module": 0.95}
    assert f"import torch takes {work}/torch.py" in evidence(found)
    assert "json.py hides the module json" in evidence(found)


def test_the_callers_directory_hides_nothing(place, tmp_path, monkeypatch):
    place.torch()
    (tmp_path / "torch.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert seen(place.case("pytorch")).suspicions == ()


def test_a_framework_that_comes_by_pythonpath_alone_is_no_shadow(place, tmp_path):
    other = tmp_path / "modules"
    (other / "torch").mkdir(parents=True)
    (other / "torch" / "__init__.py").write_text("")
    (other / "torch" / "version.py").write_text("")
    assert causes(seen(place.case("pytorch", environment={"PYTHONPATH": str(other)})), LIKELY) == {}


@pytest.mark.parametrize(
    ("packages", "cause"),
    [
        ([("tensorflow-cpu", "2.15.0", ["numpy<2.0.0,>=1.23.5"]), ("numpy", "2.0.1", [])], "numpy_abi"),
        ([("tensorflow-cpu", "2.21.0", ["protobuf<8.0.0,>=6.31.1"]), ("protobuf", "5.29.5", [])], "protobuf_conflict"),
        ([("tensorflow-cpu", "2.21.0", ["keras>=3.12.0"]), ("keras", "2.15.0", [])], "extension_abi_mismatch"),
        ([("torchvision", "0.18.0", ["torch==2.3.0"]), ("torch", "2.4.0", [])], "extension_abi_mismatch"),
        ([("torch", "2.1.0", []), ("numpy", "2.0.0", [])], "numpy_abi"),
        ([("tensorflow-cpu", "2.21.0", ["wrapt>=1.11.0"])], "framework_not_installed"),
    ],
)
def test_packages_that_do_not_fit(place, packages, cause):
    for name, version, requires in packages:
        module = name.replace("-cpu", "")
        place.install(
            name,
            version,
            {f"{module}/{file}": "" for file in ("__init__.py", "version.py", "python/__init__.py")},
            requires=requires,
        )
    assert set(causes(seen(place.case()), LIKELY)) == {cause}


def test_packages_that_fit(place):
    place.torch("2.4.0", requires=["nvidia-cublas; platform_machine == 'none'", "triton==3; sys_platform == 'linux'"])
    place.install("torchvision", "0.19.0", {"torchvision/__init__.py": ""}, requires=["torch==2.4.0", "numpy"])
    place.install("numpy", "2.0.0", {"numpy/__init__.py": "", "numpy/version.py": ""})
    assert seen(place.case("pytorch")).suspicions == ()


def test_one_distribution_registered_twice(place):
    place.torch()
    place.install("torch", "2.2.0")
    found = seen(place.case("pytorch"))
    assert causes(found, LIKELY) == {"corrupt_install": 0.8}
    assert "registered 2 times" in evidence(found)


def test_two_builds_of_tensorflow_share_a_folder(place):
    for name in ("tensorflow", "tensorflow-cpu"):
        place.install(name, "2.15.0", {"tensorflow/__init__.py": "", "tensorflow/python/__init__.py": ""})
    assert causes(seen(place.case("tensorflow"))) == {"corrupt_install": 0.6}


def test_a_cuda_build_is_mentioned_where_no_gpu_is(place):
    place.torch("2.3.0+cu121")
    assert causes(seen(place.case("pytorch"))) == {"cuda_build_on_cpu_host": 0.6}
    assert seen(place.case("pytorch", host={"gpu": {"devices": ["x"]}})).suspicions == ()
    assert seen(place.case("pytorch", host={"gpu": None})).suspicions == ()


def test_conda_and_pip_over_each_other(place):
    place.install("numpy", "2.0.0", {"numpy/__init__.py": "", "numpy/version.py": ""})
    (place.prefix / "conda-meta").mkdir()
    (place.prefix / "conda-meta" / "numpy-1.26.4-py311h1234_0.json").write_text("{}")
    found = seen(place.case())
    assert causes(found)["numpy_abi"] == 0.5
    assert "conda brought numpy 1.26.4" in evidence(found)


@pytest.mark.parametrize(
    ("tag", "cause"),
    [
        (f"{TAG}-{TAG}-manylinux_2_17_x86_64.manylinux2014_x86_64", None),
        ("cp39-abi3-manylinux_2_28_x86_64", None),
        ("py3-none-any", None),
        ("cp38-cp38-manylinux2014_x86_64", "extension_abi_mismatch"),
        (f"{TAG}-{TAG}t-manylinux2014_x86_64", "extension_abi_mismatch"),
        ("cp399-abi3-linux_x86_64", "extension_abi_mismatch"),
        (f"{TAG}-{TAG}-manylinux_2_99_x86_64", "glibc_too_old"),
        (f"{TAG}-{TAG}-musllinux_1_2_x86_64", "musl_libc"),
        (f"{TAG}-{TAG}-manylinux2014_riscv64", "wrong_architecture"),
        (f"{TAG}-{TAG}-macosx_11_0_arm64", "wrong_architecture"),
        (f"{TAG}-{TAG}-win_amd64", "wrong_architecture"),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the tags are for x86_64")
def test_the_tags_of_a_wheel(place, tag, cause):
    place.torch(tags=[tag])
    assert set(causes(seen(place.case("pytorch")))) == ({cause} if cause else set())


def test_extensions_for_another_python(place):
    place.torch()
    start = place.site / "torch" / f"_C{ENDING}"
    start.rename(start.with_name("_C.cpython-38-x86_64-linux-gnu.so"))
    found = seen(place.case("pytorch"))
    assert causes(found) == {"extension_abi_mismatch": 0.93}
    assert ENDING in evidence(found)


def test_the_interpreter_of_the_environment_is_gone(place):
    place.torch()
    python = Path(place.python)
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    found = seen(place.case("pytorch"))
    assert causes(found) == {"interpreter_missing": 0.97}
    assert "leads to /nonexistent/python3.11" in evidence(found)
    assert found.facts["packages"] == {"torch": "2.3.0+cpu"}
    assert found.unknown


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (
            "#!/bin/sh\necho 'ImportError: libgomp.so.1: cannot open shared object file' >&2; exit 1\n",
            "openmp_runtime_missing",
        ),
        ("#!/bin/sh\nkill -ILL $$\n", "interpreter_missing"),
        ("#!/bin/sh\nexit 0\n", "interpreter_missing"),
        ("#!/nonexistent/interpreter\n", "interpreter_missing"),
    ],
)
def test_an_interpreter_that_does_not_answer(place, content, cause):
    python = Path(place.python)
    python.unlink()
    python.write_text(content)
    python.chmod(0o755)
    assert cause in causes(seen(place.case("pytorch")), LIKELY)


def test_an_interpreter_for_another_processor(place):
    data = bytearray(Path(sys.executable).resolve().read_bytes())
    data[18:20] = (243).to_bytes(2, "little")
    python = Path(place.python)
    python.unlink()
    python.write_bytes(data)
    python.chmod(0o755)
    found = seen(place.case("pytorch"))
    if "interpreter_missing" not in causes(found):  # where the kernel knows an emulator for it, that one fails
        assert causes(found) == {"wrong_architecture": 0.97}


def test_an_interpreter_that_may_not_be_started(place):
    python = Path(place.python)
    python.unlink()
    python.write_bytes(b"\x7fELF")
    assert causes(seen(place.case("pytorch"))) == {"files_not_readable": 0.97}


def test_a_wrong_pythonhome(place):
    found = seen(place.case("pytorch", environment={"PYTHONHOME": "/nonexistent"}))
    assert max(found.suspicions, key=lambda each: each.weight).cause == "invalid_env_value"


def test_without_an_interpreter_there_is_nothing_to_say(place):
    found = seen(place.case("pytorch", python=""))
    assert found.suspicions == ()
    assert found.unknown


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
@pytest.mark.skipif(not Path(PUBLIC).exists(), reason="needs a Python that other users may start")
def test_files_that_another_user_may_not_read(tmp_path):
    def nobody(argv, **more):
        return plainly(["setpriv", "--reuid=65534", "--clear-groups", *argv], **more)

    subprocess.run([PUBLIC, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    place = Place(tmp_path / "venv")
    place.torch()
    for folder in [tmp_path, *tmp_path.parents][:-2]:
        folder.chmod(0o755)
    (place.site / "torch" / "lib").chmod(0o700)
    found = seen(place.case("pytorch", launch=nobody))
    assert causes(found)["files_not_readable"] == 0.95
    assert f"{place.site}/torch/lib cannot be read by user 65534" in evidence(found)


def test_every_cause_of_the_probes_is_known():
    for path in Path(inventory.__file__).parent.glob("*.py"):
        for code in re.findall(r'Suspicion\(\s*"(\w+)"', path.read_text()):
            assert code in CAUSES, (path.name, code)
