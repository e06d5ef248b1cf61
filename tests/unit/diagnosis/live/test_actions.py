"""What to do about a cause on which target, and what healing may do by itself."""

import json

import pytest

from dnnready.diagnosis import actions, pip_commands
from dnnready.diagnosis.probe import Case, Observation
from dnnready.diagnosis.target import Target

DEBIAN = {"os": {"id": "debian"}, "libc": {"name": "glibc", "version": "2.36"}, "packages": {"manager": "dpkg"}}


@pytest.fixture
def release(tmp_path):
    path = tmp_path / "stacks" / "onednn" / "releases" / "0123456789abcdef"
    path.mkdir(parents=True)
    spec = {"source": "wheel", "environment": {"OMP_NUM_THREADS": "2"}, "probes": ["onednn"]}
    (path / "manifest.json").write_text(json.dumps({"spec": spec}))
    (path / "environment").write_text("OMP_NUM_THREADS=abc\n")
    return path


def own(release, **variables):
    target = Target(
        "stack",
        "onednn",
        python=str(release / "venv/bin/python"),
        environment={"OMP_NUM_THREADS": "abc", **variables},
        stack="onednn",
        release=release.name,
        release_path=str(release),
    )
    return Case(target, DEBIAN, stack_directory=str(release.parents[1]))


def foreign(unit="", properties=None, packages=None, **variables):
    target = Target(
        "unit" if unit else "python",
        unit or "/srv/venv/bin/python",
        python="/srv/venv/bin/python",
        frameworks=("pytorch",),
        environment=variables,
        unit=unit,
        properties=properties or {},
    )
    return Case(target, DEBIAN, {"inventory": Observation(facts={"packages": packages or {}})})


def test_a_changed_variable_of_a_release_is_written_as_proven(release):
    way = actions.choose("invalid_env_value", {"variable": "OMP_NUM_THREADS"}, own(release))
    assert way.action == {"kind": "environment", "foreign": False}
    assert way.text.endswith("dnnready heal onednn")


def test_a_variable_that_the_inventory_wants_is_the_users_to_change(release):
    (release / "environment").write_text("OMP_NUM_THREADS=2\n")
    way = actions.choose("isa_below_cpu", {"variable": "OMP_NUM_THREADS"}, own(release))
    assert way.action is None and "onednn_environment" in way.text


def test_a_variable_of_a_shell_file_is_foreign(release, monkeypatch):
    monkeypatch.setattr(actions.login, "origin", lambda _name: "/etc/profile.d/dnn.sh:3")
    way = actions.choose("isa_below_cpu", {"variable": "ONEDNN_MAX_CPU_ISA"}, own(release, ONEDNN_MAX_CPU_ISA="SSE41"))
    assert way.action["kind"] == "line" and way.action["foreign"] is True
    assert "sed -i '3d' /etc/profile.d/dnn.sh" in way.text


@pytest.mark.parametrize(
    ("code", "properties", "said"),
    [
        ("selinux_or_noexec", {"MemoryDenyWriteExecute": "yes"}, "MemoryDenyWriteExecute=no"),
        ("thread_limit", {"TasksMax": "2"}, "TasksMax=4096"),
        ("out_of_memory", {"MemoryMax": "infinity", "LimitAS": "1000000"}, "LimitAS=infinity"),
        ("proc_sys_unavailable", {"ProcSubset": "pid"}, "ProcSubset=all"),
    ],
)
def test_a_sandbox_is_only_advised_about(code, properties, said):
    way = actions.choose(code, {}, foreign("camera.service", properties))
    assert way.action is None and said in way.text and "systemctl edit camera.service" in way.text


def test_a_variable_of_a_service_is_taken_away_by_a_drop_in():
    case = foreign("camera.service", OMP_NUM_THREADS="abc")
    way = actions.choose("invalid_env_value", {"variable": "OMP_NUM_THREADS"}, case)
    assert way.action["content"] == "[Service]\nUnsetEnvironment=OMP_NUM_THREADS\n" and way.action["foreign"]


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        ("corrupt_install", {}, "release"),
        ("dnn_library_missing", {"library": "libdnnl.so.3"}, "release"),
        ("openmp_runtime_missing", {"library": "libgomp.so.1"}, "packages"),
        ("system_library_missing", {"library": "libstdc++.so.6"}, "packages"),
        ("interpreter_missing", {}, "release"),
        ("files_not_readable", {"path": "/x"}, "readable"),
        ("model_or_input_error", {}, None),
        ("emulation_limits", {}, None),
    ],
)
def test_what_mends_a_stack(release, code, details, kind):
    way = actions.choose(code, details, own(release))
    assert (way.action or {}).get("kind") == kind
    assert way.action is None or way.action["foreign"] is False


def test_a_program_that_may_not_be_run(release):
    path = f"{release}/venv/bin/python"
    way = actions.choose("files_not_readable", {"path": path}, own(release))
    assert way.action == {"kind": "readable", "foreign": False, "path": path}
    assert way.text == f"chmod a+rx {path}"


def test_a_missing_link_is_pointed_at_a_release_that_was_proven(release):
    (release / "proof.json").write_text("{}")
    case = own(release)
    gone = Case(Target("stack", "onednn", stack="onednn"), DEBIAN, stack_directory=case.stack_directory)
    assert actions.choose("release_not_current", {}, gone).action == {"kind": "current", "foreign": False}


def test_a_stack_that_never_was_there_is_provisioned(tmp_path):
    gone = Case(Target("stack", "onednn", stack="onednn"), DEBIAN, stack_directory=str(tmp_path))
    way = actions.choose("release_not_current", {}, gone)
    assert way.action is None and "site.yml" in way.text


@pytest.mark.parametrize(
    ("code", "details", "packages", "words"),
    [
        (
            "corrupt_install",
            {"library": "/srv/venv/lib/python3.11/site-packages/torch/lib/libtorch.so", "package": "torch"},
            {"torch": "2.13.0"},
            ["--force-reinstall", "--no-deps", "torch==2.13.0"],
        ),
        ("numpy_abi", {"requirement": "numpy", "wanted": "<2,>=1.26"}, {"numpy": "2.4.6"}, ["numpy<2,>=1.26"]),
        ("numpy_abi", {"requirement": "numpy", "wanted": ""}, {"numpy": "2.4.6"}, ["--upgrade", "numpy"]),
        ("extension_abi_mismatch", {"requirement": "keras", "wanted": ">=3.12"}, {"keras": "2.15"}, ["keras>=3.12"]),
        ("framework_not_installed", {}, {}, ["--index-url", "https://download.pytorch.org/whl/cpu", "torch"]),
        ("corrupt_install", {}, {}, []),
        ("thread_limit", {}, {"torch": "2.13.0"}, []),
    ],
)
def test_the_pip_command_of_a_foreign_environment(code, details, packages, words):
    found = list(pip_commands.command(code, details, foreign(packages=packages)))
    assert found == (["/srv/venv/bin/python", "-m", "pip", "install", *words] if words else [])


def test_pip_leaves_the_distributions_python_alone():
    case = foreign(packages={"torch": "2.13.0"})
    case.observations["inventory"] = Observation(facts={"python": {"externally_managed": True}})
    assert not pip_commands.command("framework_not_installed", {}, case)


def test_every_action_is_plain_data(release):
    for code in ("corrupt_install", "openmp_runtime_missing", "invalid_env_value"):
        way = actions.choose(code, {"library": "libgomp.so.1", "variable": "OMP_NUM_THREADS"}, own(release))
        assert json.loads(json.dumps(way.action)) == way.action
