"""Proofs from whole captured outputs of the probes, and what becomes of them when the outputs are damaged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import jsonschema
import pytest

from dnnready.conv2d import witnesses
from dnnready.conv2d.convolutions import openmp
from dnnready.conv2d.harness import Run, observe
from dnnready.conv2d.proof import assemble, report
from dnnready.conv2d.row import row, without_proof
from dnnready.conv2d.selection import select
from dnnready.process import Completed

ROOT = Path(__file__).parents[3]
PROBES = ROOT / "tests" / "fixtures" / "probe"
SCHEMA = json.loads((ROOT / "docs" / "schema" / "proof-1.json").read_text())
ROW = json.loads((ROOT / "docs" / "schema" / "run-1.json").read_text())
ISA = "avx512_core_amx"
MARK = {
    "release": "0123456789abcdef",
    "kernel": "Linux 6.1.0 x86_64",
    "cpu": "0" * 64,
    "libc": "glibc 2.36",
    "probes": "0" * 64,
    "request": "0" * 64,
    "files": [["/lib/libc.so.6", 1, 2]],
}
Change = Callable[[str], str]


def as_it_was(text: str) -> str:
    return text


def ran(probe: str, text: str, **change: Any) -> Run:
    values: dict[str, Any] = {
        "argv": ("python", "-"),
        "exit_code": 0,
        "signal": None,
        "timed_out": False,
        "stdout": text,
        "stderr": "",
        "wall_seconds": 4.0,
        "cpu_seconds": 3.5,
        "peak_rss_bytes": 300 << 20,
        **change,
    }
    return Run(Completed(**values), observe(probe, text))


def output(name: str) -> str:
    return (PROBES / f"{name}.txt").read_text()


def told(
    name: str,
    change: Change = as_it_was,
    *,
    environment: Mapping[str, str] | None = None,
    option: str = "required",
    control: Change = as_it_was,
    cpu_isa: str = ISA,
    **ended: Any,
) -> dict[str, Any]:
    """The report on a captured output, after a change to it; TensorFlow's with its captured control."""
    probe = name.split("-", maxsplit=1)[0]
    run = ran(probe, change(output(name)), **ended)
    outer = second = None
    if probe == "tensorflow":
        second = ran(probe, control(output("tensorflow-control")))
        outer = witnesses.outer_control("TF_ENABLE_ONEDNN_OPTS=0 in a second process", second.observation, "")
    return report(
        probe,
        select(probe, ISA),
        run,
        outer,
        second,
        environment=environment or {},
        cpu_isa=cpu_isa,
        option=option,
    )


def document(*reports: dict[str, Any]) -> dict[str, Any]:
    request = {
        "stack": "mine",
        "release": "0123456789abcdef",
        "scope": "full",
        "environment": {"OMP_NUM_THREADS": "2"},
        "options": {"onednn_convolution": "required"},
        "host": {"cpu": {"architecture": "x86_64", "vendor": "GenuineIntel", "model": "a CPU", "isa": ISA}},
    }
    made = assemble(request, reports, MARK)
    jsonschema.Draft202012Validator(SCHEMA).validate(made)
    return made


def verdict(name: str, change: Change = as_it_was, **more: Any) -> tuple[str, str]:
    found = told(name, change, **more)
    document(found)
    return found["verdict"], found["cause"]["code"] if found["cause"] else ""


def answer(change: Callable[[dict[str, Any]], None]) -> Change:
    """A change to the probe's own answer."""

    def edit(text: str) -> str:
        head, mark, rest = text.partition("dnnready:result ")
        result = json.loads(rest)
        change(result)
        return head + mark + json.dumps(result) + "\n"

    return edit


def without_lines(pattern: str) -> Change:
    return lambda text: "".join(line for line in text.splitlines(keepends=True) if not re.search(pattern, line))


def in_control(text: str) -> str:
    """A convolution of the library where there must be none."""
    line = next(line for line in text.splitlines() if ",convolution," in line or "SGEMM(" in line)
    return re.sub(r"dnnready:begin \S+ \S+ control\n", lambda begin: f"{begin[0]}{line}\n", text, count=1)


def set_numbers(name: str, right: bool) -> Change:
    def change(result: dict[str, Any]) -> None:
        for record in result["convolutions"]:
            if record["name"] == name:
                record["numbers"]["right"] = right

    return answer(change)


def set_error(name: str, error: str) -> Change:
    def change(result: dict[str, Any]) -> None:
        for record in result["convolutions"]:
            if record["name"] == name:
                record.update(error=error)
                for key in ("numbers", "output_shape", "cpu_seconds"):
                    record.pop(key, None)

    return answer(change)


@pytest.mark.parametrize(
    ("name", "framework", "version", "implementations"),
    [
        (
            "pytorch",
            "torch 2.13.0+cpu",
            "3.12.0",
            ["jit:avx512_core", "jit_1x1:avx512_core", "jit_dw:avx512_core", "brg_conv_fwd:avx512_core"],
        ),
        (
            "tensorflow",
            "tensorflow 2.21.0",
            "3.7.3",
            ["brg_conv_fwd:avx512_core", "brgconv_1x1:avx512_core", "brdgmm_dw:avx512_core"],
        ),
        (
            "onednn",
            "oneDNN 3.2.0",
            "3.2.0",
            ["brgconv:avx512_core", "brgconv_1x1:avx512_core", "jit:avx512_core", "brdgmm_dw:avx512_core"],
        ),
        ("mkl", "MKL 2026.2", "", ["mkl:sgemm"]),
    ],
)
def test_whole_probes_are_accelerated(name: str, framework: str, version: str, implementations: list[str]) -> None:
    proof = document(told(name))
    assert (proof["verdict"], proof["cause"], proof["next"]) == ("accelerated", None, "")
    summary = proof["summary"]
    assert (summary["framework"], summary["onednn"]) == (framework, version)
    assert summary["implementations"] == implementations
    assert (summary["isa"], summary["isa_cpu"], summary["threads"]) == (ISA, ISA, 2)
    assert 0 < summary["max_error_ratio"] < 1
    assert summary["gflops_per_cpu_second"] > 0
    assert summary["dtypes"] == ["float32"]
    assert proof["probes"][0]["control"]["silent"] is True
    assert proof["probes"][0]["witnesses"]
    assert all(witness["agrees"] for witness in proof["probes"][0]["witnesses"])
    for record in proof["probes"][0]["convolutions"]:
        assert record["output"] == record["output_expected"]
        assert record["numbers"]["right"]


def test_the_question_to_torch_is_answered_in_plain_words() -> None:
    record = next(r for r in told("pytorch")["convolutions"] if r["name"] == "question-2-torch-conv2d")
    assert record["output"] == [1, 32, 26, 26]
    assert record["implementations"] == []
    assert record["role"] == "informational"
    assert "no fault" in record["why"]


def test_the_question_to_tensorflow_goes_through_the_library() -> None:
    records = [r for r in told("tensorflow")["convolutions"] if r["name"].startswith("question")]
    assert {record["mode"] for record in records} == {"eager", "graph"}
    assert all(record["output"] == [1, 32, 26, 26] for record in records)
    assert all(record["implementations"] for record in records)
    late = [record["environment_inside"] for record in records if "environment_inside" in record]
    assert [entry["set"] for entry in late] == [{"KMP_AFFINITY": "disabled"}] * 2
    assert all(not entry["effect"] and "Intel's OpenMP runtime is not loaded" in entry["text"] for entry in late)


def test_a_variable_that_came_too_late() -> None:
    def load(result: dict[str, Any]) -> None:
        result["libraries"].append("/opt/x/libiomp5.so")

    records = told("tensorflow", answer(load))["convolutions"]
    text = next(record["environment_inside"]["text"] for record in records if "environment_inside" in record)
    assert text.startswith("Too late: libiomp5.so")


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("pytorch", without_lines(",convolution,"), ("fallback", "not_dispatched")),
        ("onednn", without_lines(",convolution,"), ("fallback", "not_dispatched")),
        ("mkl", without_lines("SGEMM"), ("fallback", "not_dispatched")),
        ("tensorflow", without_lines(",convolution,"), ("fallback", "not_dispatched")),
        ("pytorch", without_lines("jit_dw:"), ("fallback", "not_dispatched")),
        ("tensorflow", without_lines("brdgmm_dw:"), ("fallback", "not_dispatched")),
        ("pytorch", without_lines("avx10_1_512_amx"), ("fallback", "proof_not_trusted")),
        ("pytorch", in_control, ("fallback", "proof_not_trusted")),
        ("onednn", in_control, ("fallback", "proof_not_trusted")),
        ("mkl", in_control, ("fallback", "proof_not_trusted")),
        ("pytorch", without_lines("^dnnready:.* control$"), ("fallback", "proof_not_trusted")),
        ("pytorch", lambda text: text.replace("jit:avx512_core", "ref:any"), ("fallback", "reference_implementation")),
        ("onednn", lambda text: text.replace("exec,cpu", "exec,gpu"), ("fallback", "not_dispatched")),
        ("pytorch", set_numbers("3x3", False), ("broken", "wrong_result")),
        ("pytorch", set_numbers("question-2-torch-conv2d", False), ("broken", "wrong_result")),
        (
            "pytorch",
            set_error("3x3", "RuntimeError: could not create a primitive"),
            ("broken", "onednn_primitive_error"),
        ),
        ("pytorch", set_error("bfloat16", "RuntimeError: not implemented"), ("accelerated", "")),
        ("pytorch", lambda text: text[: text.index("dnnready:result")], ("broken", "probe_failed")),
        ("pytorch", lambda text: text[: len(text) // 2], ("broken", "probe_failed")),
        ("pytorch", lambda _: "", ("broken", "probe_failed")),
    ],
)
def test_damaged_outputs(name: str, change: Change, expected: tuple[str, str]) -> None:
    assert verdict(name, change) == expected


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"exit_code": None, "signal": "SIGILL"}, "cpu_lacks_instructions"),
        ({"exit_code": None, "signal": "SIGKILL", "timed_out": True}, "probe_timed_out"),
        (
            {"exit_code": 1, "stderr": "ImportError: libdnnl.so.2: cannot open shared object file"},
            "dnn_library_missing",
        ),
    ],
)
def test_a_process_that_ended_badly_is_broken_whatever_it_said(ended: dict[str, Any], code: str) -> None:
    assert verdict("pytorch", **ended) == ("broken", code)


def test_where_it_ended() -> None:
    def cut(text: str) -> str:
        return text[: text.index("dnnready:end dilated eager checked")]

    found = told("pytorch", cut, exit_code=None, signal="SIGSEGV")
    assert found["unfinished"] == "dilated eager checked"
    assert "dilated" in found["cause"]["text"]


def test_a_limited_isa_is_a_fallback_that_names_the_variable() -> None:
    limit = {"ONEDNN_MAX_CPU_ISA": "SSE41"}
    assert verdict("pytorch-sse41", environment=limit) == ("fallback", "invalid_env_value")
    assert verdict("pytorch-sse41") == ("fallback", "isa_below_cpu")
    assert verdict("pytorch-sse41", cpu_isa="sse41") == ("accelerated", "")
    assert document(told("pytorch-sse41"))["summary"]["isa"] == "sse41"


@pytest.mark.parametrize("option", ["required", "auto", "off"])
def test_tensorflow_with_its_operators_off(option: str) -> None:
    found = told("tensorflow-off", option=option)
    assert found["verdict"] == "fallback"
    assert found["cause"]["code"] == "onednn_not_enabled_at_runtime"
    assert ("auto" in found["cause"]["text"]) is (option == "auto")
    assert document(found)["summary"]["implementations"] == []
    assert all(record["numbers"]["right"] for record in found["convolutions"])


def test_tensorflows_control_is_another_process() -> None:
    convolution = next(line for line in output("tensorflow").splitlines() if ",convolution," in line)

    def loud(text: str) -> str:
        return text.replace("dnnready:end 3x3 eager checked", f"{convolution}\ndnnready:end 3x3 eager checked")

    def stuck(result: dict[str, Any]) -> None:
        result["onednn_enabled"] = True

    assert verdict("tensorflow", control=loud) == ("fallback", "proof_not_trusted")
    assert verdict("tensorflow", control=answer(stuck)) == ("fallback", "proof_not_trusted")
    assert verdict("tensorflow", control=lambda _: "") == ("fallback", "proof_not_trusted")
    assert verdict("tensorflow", control=set_error("3x3", "ValueError: no")) == ("fallback", "proof_not_trusted")


def test_a_time_of_another_kernel_is_not_shown() -> None:
    """With one thread PyTorch sends 1x1 at batch 1 elsewhere: what was timed is not what was proven."""
    records = {record["name"]: record for record in told("pytorch")["convolutions"]}
    assert records["1x1-batch-1"]["implementations"]
    assert records["1x1-batch-1"]["cpu_seconds"] is None
    assert records["3x3"]["cpu_seconds"] > 0


def test_memory_and_problem_are_kept() -> None:
    records = {record["name"]: record for record in told("pytorch")["convolutions"]}
    assert records["channels-last"]["memory"]["src"] == "f32 acdb"
    assert records["3x3"]["memory"]["src"] == "f32 aBcd16b"
    assert records["3x3"]["problem"].startswith("mb2_ic64oc64_ih56")
    assert {record["name"]: record["problem"] for record in told("mkl")["convolutions"]}["3x3"] == "3136x64x577"


def test_a_stack_with_two_probes() -> None:
    proof = document(told("pytorch"), told("tensorflow-off"))
    assert proof["verdict"] == "fallback"
    assert proof["cause"]["code"] == "onednn_not_enabled_at_runtime"
    assert proof["summary"]["framework"] == "torch 2.13.0+cpu, tensorflow 2.21.0"
    assert proof["summary"]["cpu_seconds"] == pytest.approx(10.5)


def test_rows_are_those_of_the_run_schema() -> None:
    schema = {**ROW["$defs"]["row"], "$defs": ROW["$defs"]}
    rows = [row(document(told("pytorch")), True), row(document(told("tensorflow-off")))]
    rows.append(without_proof("mine", "", "unproven", "There is no release.", "ansible-playbook site.yml"))
    rows.append(without_proof("mine", "0123456789abcdef", "planned", "", ""))
    for made in rows:
        jsonschema.Draft202012Validator(schema).validate(made)
    assert [made["changed"] for made in rows] == [True, False, False, False]
    assert rows[1]["cause"]["code"] == "onednn_not_enabled_at_runtime"


def test_openmp_runtimes() -> None:
    paths = ["/a/libgomp-7c85b1e2.so.1", "/b/libiomp5.so", "/c/libomptarget.so", "/d/libomp.so.5", "/e/libc.so.6"]
    assert openmp(paths) == ["libgomp-7c85b1e2.so.1", "libiomp5.so", "libomp.so.5"]
