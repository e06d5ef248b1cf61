"""The harness, with real children that crash, hang, flood and lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dnnready
from dnnready.conv2d import harness, probe_common, probe_reference
from dnnready.conv2d.shapes import complete

REQUEST: dict[str, Any] = {"shapes": [complete({"name": "a", "input": [1, 1, 4, 4], "filters": 1, "kernel": 1})]}
LINE = "onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,forward,src:f32::blocked:acdb::f0,,,mb1,0.5"
PACKAGE = Path(dnnready.__file__).parent


def fake(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A probe with this body, fed like the real ones."""
    module = ModuleType("dnnready.conv2d.probe_fake")
    text = f"import os, signal, sys, time\nfrom .probe_common import main, marked, say\n{body}\n"
    monkeypatch.setitem(harness.MODULES, "fake", (probe_reference, probe_common, module))
    real = harness.source
    monkeypatch.setattr(harness, "source", lambda module_: text if module_ is module else real(module_))


def run(environment: dict[str, str] | None = None, timeout: float = 20.0) -> harness.Run:
    return harness.run("fake", sys.executable, REQUEST, environment or {}, timeout)


def test_a_probe_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(
        monkeypatch,
        f"""
def probe(request):
    print("noise without a line end", end="")
    with marked(request["shapes"][0], "eager", "checked"):
        print({LINE!r})
    print({LINE!r})
    return {{"convolutions": [], "echo": request["shapes"][0]["name"]}}
main(probe)
""",
    )
    done = run()
    assert done.completed.ok
    assert done.observation.result is not None
    assert done.observation.result["echo"] == "a"
    assert [harness.implementation(line) for line in done.observation.of("a", "eager", "checked")] == ["jit:avx2"]
    assert done.observation.unfinished is None
    assert any("libpython" in path or ".so" in path for path in done.observation.result["libraries"])


def test_lines_that_c_buffers_stay_between_their_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(
        monkeypatch,
        f"""
import ctypes
def probe(request):
    for name in ("a", "b"):
        with marked({{"name": name}}, "eager", "checked"):
            ctypes.CDLL(None).printf(b"%s\\n", {LINE!r}.replace("avx2", name).encode())
    return {{"convolutions": []}}
main(probe)
""",
    )
    seen = run().observation
    assert [harness.implementation(line) for line in seen.of("a", "eager", "checked")] == ["jit:a"]
    assert [harness.implementation(line) for line in seen.of("b", "eager", "checked")] == ["jit:b"]


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_probe_that_is_killed_says_where(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fake(
        monkeypatch,
        f"""
def probe(request):
    with marked(request["shapes"][0], "graph", "checked"):
        print({LINE!r}, flush=True)
        os.kill(os.getpid(), signal.{name})
main(probe)
""",
    )
    done = run()
    assert done.completed.signal == name
    assert done.observation.result is None
    assert done.observation.unfinished == ("a", "graph", "checked")
    assert len(done.observation.of("a", "graph", "checked")) == 1


def test_a_probe_that_hangs_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(
        monkeypatch,
        """
import subprocess
child = subprocess.Popen(["sleep", "60"])
say(f"child {child.pid}")
time.sleep(60)
""",
    )
    done = run(timeout=1.5)
    assert done.completed.timed_out
    assert done.completed.wall_seconds < 10
    pid = next(line.split()[1] for line in done.completed.stdout.splitlines() if line.startswith("child "))
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_what_a_probe_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKED", "from the shell")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    fake(
        monkeypatch,
        """
def probe(request):
    return {"convolutions": [], "environment": dict(os.environ), "directory": os.getcwd(), "path": sys.path,
            "site": __import__("site").ENABLE_USER_SITE, "bytecode": sys.dont_write_bytecode, "files": os.listdir(".")}
main(probe)
""",
    )
    given_ = {"OMP_NUM_THREADS": "1", "PYTHONPATH": "/also/nowhere", "ONEDNN_VERBOSE": "0", "HOME": "/root"}
    result = run(given_).observation.result
    assert result is not None
    seen = result["environment"]
    assert seen["OMP_NUM_THREADS"] == "1"
    assert seen["ONEDNN_VERBOSE"] == "1"
    assert "LEAKED" not in seen
    assert "PYTHONPATH" not in seen
    assert seen["HOME"] == seen["TMPDIR"] == result["directory"] != "/root"
    assert result["files"] == []
    assert not Path(result["directory"]).exists()
    assert result["bytecode"] is True
    assert not result["site"]


def test_mkl_is_made_to_speak_in_its_own_way() -> None:
    assert harness.child_environment("mkl", {}, "/t")["MKL_VERBOSE"] == "1"
    assert "ONEDNN_VERBOSE" not in harness.child_environment("mkl", {}, "/t")


@pytest.mark.parametrize(
    ("output", "unfinished"),
    [
        ("dnnready:result {", None),
        ("dnnready:result []", None),
        ('dnnready:result {"convolutions": 3}', None),
        ("dnnready:result " + "[" * 100000, None),
        ("dnnready:begin a eager checked\nnothing more", ("a", "eager", "checked")),
        ("dnnready:begin a", None),
        ("dnnready:begin\ndnnready:end", None),
    ],
)
def test_answers_that_are_none(output: str, unfinished: tuple[str, str, str] | None) -> None:
    seen = harness.observe("pytorch", output)
    assert seen.result is None
    assert seen.unfinished == unfinished


def test_a_phase_is_silent_or_not_or_did_not_happen() -> None:
    text = f"dnnready:begin a eager control\ndnnready:end a eager control\ndnnready:begin a eager checked\n{LINE}\n"
    seen = harness.observe("pytorch", text)
    assert (seen.silent("control"), seen.silent("checked"), seen.silent("timed")) == (True, False, None)


@given(st.text(alphabet=st.sampled_from('dnready:begi end resultacho{}[]", \n_v1,'), max_size=200))
def test_no_output_makes_it_raise(output: str) -> None:
    harness.observe("pytorch", output)
    harness.observe("mkl", output)


@pytest.mark.parametrize("probe", sorted(harness.MODULES))
def test_probes_are_whole_programs_that_need_no_dnnready(probe: str) -> None:
    text = harness.bundle(harness.MODULES[probe], REQUEST)
    compile(text, "bundle", "exec")
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input=text.replace("exec(compile(text, name", "last or exec(compile(text, name"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")  # all but the last text import without dnnready


def test_sources_come_out_of_a_zipapp(tmp_path: Path) -> None:
    archive = tmp_path / "dnnready.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in PACKAGE.rglob("*.py"):
            packed.write(path, path.relative_to(PACKAGE.parent))
    program = (
        "from dnnready.conv2d import harness\n"
        "import json\n"
        "print(json.dumps({name: [len(harness.source(m)) for m in ms] for name, ms in harness.MODULES.items()}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(archive), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lengths = json.loads(done.stdout)
    assert lengths == {
        name: [len(harness.source(module)) for module in modules] for name, modules in harness.MODULES.items()
    }


def test_a_probe_runs_alone_as_its_docstring_says(tmp_path: Path) -> None:
    program = tmp_path / "torch.py"
    program.write_text("raise ImportError('this torch is broken')\n")
    done = subprocess.run(
        [sys.executable, "-m", "dnnready.conv2d.probe_pytorch"],
        input=json.dumps(REQUEST),
        env={"PYTHONPATH": f"{PACKAGE.parent}:{tmp_path}", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "this torch is broken" in done.stderr
