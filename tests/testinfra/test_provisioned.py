"""What a user of a provisioned host relies on, seen from outside: nothing here imports dnnready."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
from testinfra.host import Host

from tests.testinfra import layers


def schema(project: Path, name: str) -> Any:
    """The JSON Schema of a kind of document."""
    return json.loads((project / "docs" / "schema" / f"{name}-1.json").read_text(encoding="utf-8"))


def test_current_is_a_link_to_one_whole_release(host: Host, prefix: str, stack: str, release: str) -> None:
    link = host.file(f"{prefix}/stacks/{stack}/current")
    assert link.is_symlink
    assert re.fullmatch(rf"{prefix}/stacks/{stack}/releases/[0-9a-f]{{16}}", release)
    assert host.file(f"{release}/venv/bin/python").exists


def test_nobody_but_root_can_write(host: Host, prefix: str) -> None:
    """A user who can write there can run code as whoever uses the stack."""
    loose = host.check_output(r"find %s \( ! -user root -o -perm /022 \) ! -type l", prefix)
    assert loose == ""


def test_proof_says_accelerated(host: Host, project: Path, stack: str, release: str) -> None:
    proof = json.loads(host.file(f"{release}/proof.json").content_string)
    jsonschema.validate(proof, schema(project, "proof"))
    assert proof["verdict"] == "accelerated"
    kind = r"mkl:sgemm" if stack == "mkl" else r"(jit|br[dg]|x64|gemm|acl|indirect)\w*:\w+"
    ran = proof["summary"]["implementations"]
    assert ran
    assert [name for name in ran if not re.match(kind, name)] == []


def test_manifest_is_valid(host: Host, project: Path, release: str, expected: dict[str, Any], stack: str) -> None:
    manifest = json.loads(host.file(f"{release}/manifest.json").content_string)
    jsonschema.validate(manifest, schema(project, "manifest"))
    assert manifest["spec"]["source"] == expected["sources"][stack]


def test_environment_means_the_same_to_sh_and_systemd(host: Host, release: str, expected: dict[str, Any]) -> None:
    names = re.findall(r"^([A-Z0-9_]+)=", host.file(f"{release}/environment").content_string, re.MULTILINE)
    show = f"exec {release}/venv/bin/python -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    by_sh = json.loads(host.check_output("sh -c %s", f"set -eua; . {release}/environment; {show}"))
    assert set(names) <= set(by_sh)
    if expected["systemd"]:
        run = "systemd-run --quiet --wait --pipe --property=EnvironmentFile=%s sh -c %s"
        by_systemd = json.loads(host.check_output(run, f"{release}/environment", show))
        assert {name: by_systemd[name] for name in names} == {name: by_sh[name] for name in names}


def test_fact_is_valid(host: Host, project: Path, expected: dict[str, Any]) -> None:
    """As Ansible reads it: what the file prints where it is a program, else what it holds."""
    path = "/etc/ansible/facts.d/dnnready.fact"
    fact = json.loads(host.check_output(f"if [ -x {path} ]; then {path}; else cat {path}; fi"))
    jsonschema.validate(fact, schema(project, "fact"))
    assert {name: stack["verdict"] for name, stack in fact["stacks"].items()} == dict.fromkeys(
        expected["sources"], "accelerated"
    )


def test_status_is_content(host: Host, prefix: str) -> None:
    assert host.run(f"{prefix}/bin/dnnready status").rc == 0


def as_user(host: Host, prefix: str, stack: str, program: str, *arguments: str) -> str:
    """Output of a Python program in a stack, run by a user without any right, with the library's own log."""
    words = ["env", "HOME=/tmp", "ONEDNN_VERBOSE=1", f"{prefix}/bin/dnnready", "run", stack, "--"]
    words += ["python", "-c", program, *arguments]
    drop = "cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "
    return str(host.check_output(drop + " ".join(["%s"] * len(words)), *words))


def test_library_loads_in_the_stack(host: Host, prefix: str, library_stack: str, expected: dict[str, Any]) -> None:
    loaded = as_user(host, prefix, library_stack, layers.LIBRARY, expected["libraries"][library_stack])
    inside = loaded.startswith(f"{prefix}/stacks/{library_stack}/releases/")
    assert inside == (expected["sources"][library_stack] == "wheel"), loaded


def test_layer_of_the_question_runs_and_onednn_convolves(host: Host, prefix: str, framework_stack: str) -> None:
    program, shape = layers.PROGRAMS[framework_stack]
    output = as_user(host, prefix, framework_stack, program).splitlines()
    assert shape in output
    assert [line for line in output if re.match(r"onednn_verbose,.*exec,cpu,convolution,(jit|brg|x64|gemm)", line)]
