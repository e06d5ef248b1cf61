"""`dnnready explain`, the scores of tools/corpus.py, and the generated page."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dnnready.cli.main import main
from dnnready.host import collect

ROOT = Path(__file__).resolve().parents[3]
CUDA = "a\nImportError: libcublas.so.11: cannot open shared object file: No such file or directory\n"


@pytest.fixture
def log(tmp_path):
    """A log of a build for GPUs."""
    path = tmp_path / "app.log"
    path.write_text(CUDA)
    return path


def test_a_file(log, capsys):
    assert main(["explain", str(log)]) == 1
    assert capsys.readouterr().out.startswith("1. cuda_build_on_cpu_host (confidence medium)\n   line 2: ImportError")


def test_standard_input_and_json(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CUDA.encode())))
    assert main(["explain", "-", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "dnnready/explanation/1"
    assert document["findings"][0]["line_number"] == 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("Epoch 1/3\n", 0, "Nothing in these 1 lines"),
        ("I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.", 0, "benign_message"),
        ("ZeroDivisionError: x", 1, "Not known"),
        ("RuntimeError: could not create a primitive", 1, "onednn_primitive_error"),
    ],
)
def test_the_exit_code_says_whether_something_needs_a_cure(log, capsys, text, code, words):
    log.write_text(text)
    assert main(["explain", str(log)]) == code
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("wrap", [lambda host: host, lambda host: {"changed": False, "host": host}])
def test_facts_of_the_machine_of_the_log(log, tmp_path, capsys, wrap):
    host = {"cpu": {"architecture": "x86_64"}, "gpu": {"devices": ["GeForce"]}}
    (tmp_path / "host.json").write_text(json.dumps(wrap(host)))
    main(["explain", "--host", str(tmp_path / "host.json"), str(log)])
    assert capsys.readouterr().out.startswith("1. cuda_libraries_missing")


def test_facts_of_this_machine(log, capsys):
    main(["explain", "--here", str(log)])
    gpu = bool(collect(".", [])["gpu"]["devices"])
    assert capsys.readouterr().out.startswith(
        "1. cuda_libraries" if gpu else "1. cuda_build_on_cpu_host (confidence high)"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nonexistent/a.log"], "No such file or directory (/nonexistent/a.log)"),
        (["--host", "/nonexistent/h.json", "LOG"], "There is no file /nonexistent/h.json."),
        (["--host", "LOG", "LOG"], "is not JSON"),
        (["--host", "OTHER", "LOG"], "is no host document"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_code_2(log, tmp_path, capsys, arguments, words):
    (tmp_path / "other.json").write_text("[1]")
    names = {"LOG": str(log), "OTHER": str(tmp_path / "other.json")}
    assert main(["explain", *(names.get(argument, argument) for argument in arguments)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_log_that_is_too_large_is_refused(log, capsys, monkeypatch):
    monkeypatch.setattr("dnnready.cli.explain.LARGEST", 10)
    assert main(["explain", str(log)]) == 2
    assert "tail -c" in capsys.readouterr().err


def tool(name, *arguments):
    """Run a tool as people do."""
    return subprocess.run(
        [sys.executable, ROOT / "tools" / name, *arguments], capture_output=True, text=True, check=False
    )


def test_the_page_of_causes_is_up_to_date():
    done = tool("causes_page.py", "--check")
    assert done.returncode == 0, done.stderr


def report(folder, name, cause, log, **more):
    (folder / f"{name}.json").write_text(
        json.dumps({"id": name, "cause": cause, "confidence": "high", "log": log, **more})
    )


def test_the_score_counts_what_it_says(tmp_path):
    report(tmp_path, "1", "cuda_build_on_cpu_host", CUDA)
    report(tmp_path, "2", "cuda_libraries_missing", CUDA)
    report(tmp_path, "3", "musl_libc", CUDA)
    report(tmp_path, "4", "musl_libc", "hello")
    report(tmp_path, "5", "musl_libc", CUDA, alt_cause="cuda_build_on_cpu_host")
    done = tool("corpus.py", str(tmp_path), "--json")
    assert done.returncode == 0
    counted = json.loads(done.stdout)
    assert counted["all"] == {"cases": 5, "first": 2, "three": 1, "not known": 1, "wrong": 1}
    assert counted["by cause"]["musl_libc"]["first"] == 1
    assert tool("corpus.py", str(tmp_path), "--first", "0.9").returncode == 1
    assert "4: musl_libc (high), found nothing" in tool("corpus.py", str(tmp_path)).stdout


def test_a_folder_without_reports_is_an_error(tmp_path):
    done = tool("corpus.py", str(tmp_path))
    assert done.returncode == 1
    assert "holds no report" in done.stderr
