"""`dnnready status`: the stored proof, against this very machine."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any, Optional

import jsonschema
import pytest
import referencing

from dnnready.cli.output import accepted
from dnnready.conv2d.fingerprint import fingerprint
from dnnready.release.progress import Progress

SCHEMAS = Path(__file__).parents[3] / "docs" / "schema"
REGISTRY = referencing.Registry().with_resources(
    (name, referencing.Resource.from_contents(json.loads((SCHEMAS / name).read_text(encoding="utf-8"))))
    for name in ("run-1.json", "status-1.json")
)
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "status-1.json"}, registry=REGISTRY)


def prove(release: Path, verdict: str = "accelerated", age: int = 7200, option: Optional[str] = None) -> Path:
    """Leave the proof of a release; its fingerprint is that of this machine."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
    summary = {
        "implementations": ["jit:avx2"],
        "isa": "avx2",
        "isa_cpu": "avx2",
        "threads": 2,
        "framework": "torch 2.13.0+cpu",
        "onednn": "3.12.0",
        "cpu_seconds": 4.0,
    }
    proof = {
        "schema": "dnnready/proof/1",
        "stack": release.parent.parent.name,
        "release": release.name,
        "created": created,
        "verdict": verdict,
        "cause": None if verdict == "accelerated" else {"code": "a_code", "text": "A text."},
        "next": "" if verdict == "accelerated" else "a command",
        "summary": summary,
        "options": {"onednn_convolution": option} if option else {},
        "fingerprint": fingerprint(release.name, [str(release / "environment")], {}),
    }
    path = release / "proof.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    return path


def status(device: Any, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = device.run("status", "--json", *arguments)
    assert done.stderr == ""
    document: dict[str, Any] = json.loads(done.stdout)
    VALIDATOR.validate(document)
    return done.returncode, document


def test_the_table(device: Any) -> None:
    first, second = device.release("pytorch", "r1"), device.release("tensorflow", "r2")
    proof = prove(first)
    prove(second, "fallback", age=3 * 86400 + 5)
    done = device.run("status", env={"COLUMNS": "200"})
    created = json.loads(proof.read_text(encoding="utf-8"))["created"]
    lines = done.stdout.replace(os.uname().nodename, "me", 4).splitlines()
    assert done.returncode == 1
    assert lines[0] == "dnnready: 2 stacks on 1 host: 1 accelerated, 1 fallback"
    assert [re.split(" {2,}", line) for line in lines[2:]] == [
        ["host", "stack", "verdict", "implementation", "ISA", "threads", "framework", "oneDNN", "CPU s"],
        ["me", "pytorch", "accelerated", "jit:avx2", "avx2", "2", "torch 2.13.0+cpu", "3.12.0", "4.0"],
        ["me", "tensorflow", "fallback", "jit:avx2", "avx2", "2", "torch 2.13.0+cpu", "3.12.0", "4.0"],
        ["", "a_code: A text."],
        ["", "next: a command"],
        [""],
        [f"pytorch: {first}, proven {created} (2 hours ago)."],
        [lines[-1]],
    ]
    assert lines[-1].endswith(" (3 days ago).")


def test_a_short_proof_says_who_vouches(device: Any) -> None:
    path = prove(device.release("pytorch", "r1"))
    proof = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**proof, "scope": "short", "voucher": {"host": "edge-01"}}), encoding="utf-8")
    said = device.run("status").stdout
    assert "1 stack on 1 host: 1 accelerated (1 by a short proof)" in said
    assert said.rstrip().endswith("ago), in short: edge-01 vouches for the rest.")
    code, document = status(device)
    assert (code, document["stacks"][0]["holds"], document["stacks"][0]["row"]["vouched_by"]) == (0, True, "edge-01")


def test_all_is_well(device: Any) -> None:
    release = device.release("pytorch", "r1")
    prove(release, age=90)
    code, document = status(device)
    assert code == 0
    assert document["prefix"] == str(device.prefix)
    entry = document["stacks"][0]
    assert {key: entry[key] for key in ("stack", "release", "path", "holds", "ok")} == {
        "stack": "pytorch",
        "release": "r1",
        "path": str(release),
        "holds": True,
        "ok": True,
    }
    assert 90 <= entry["age_seconds"] < 150
    assert entry["row"]["verdict"] == "accelerated"


def test_a_changed_file_ends_the_proof(device: Any) -> None:
    release = device.release("pytorch", "r1")
    prove(release)
    (release / "environment").write_text("OMP_NUM_THREADS=1\n", encoding="utf-8")
    code, document = status(device)
    entry = document["stacks"][0]
    assert (code, entry["holds"], entry["ok"]) == (1, False, False)
    assert entry["row"]["verdict"] == "unproven"
    assert entry["row"]["cause"]["text"] == f"Not proven as it is now: {release}/environment was replaced."
    assert entry["row"]["next"] == "dnnready verify pytorch --store"
    assert entry["proven"] is not None


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"schema": "dnnready/proof/9"}', '{"schema": "dnnready/proof/1"}']
)
def test_no_proof_or_one_that_cannot_be_read(text: Optional[str], device: Any) -> None:
    release = device.release("pytorch", "r1")
    if text is not None:
        (release / "proof.json").write_text(text, encoding="utf-8")
    code, document = status(device)
    entry = document["stacks"][0]
    assert (code, entry["ok"], entry["proven"], entry["row"]["verdict"]) == (1, False, None, "unproven")


def test_a_broken_proof_still_says_why(device: Any) -> None:
    prove(device.release("pytorch", "r1"), "broken")
    code, document = status(device)
    entry = document["stacks"][0]
    assert (code, entry["holds"], entry["row"]["verdict"]) == (1, False, "broken")
    assert entry["row"]["cause"] == {"code": "a_code", "text": "A text."}


def test_no_release_is_current(device: Any) -> None:
    device.release("pytorch", "r1", current=False)
    code, document = status(device)
    entry = document["stacks"][0]
    assert (code, entry["release"], entry["ok"]) == (1, "", False)
    assert entry["row"]["cause"]["text"].startswith("No release of pytorch is current")
    assert device.run("status").stdout.endswith("\npytorch: no release is current.\n")


def test_a_build_in_progress_is_shown(device: Any) -> None:
    prove(device.release("pytorch", "r1"))
    path = device.prefix / "stacks" / "pytorch" / "progress.json"
    with Progress(path, None) as progress:
        progress.phase("finishing")
        assert list(status(device)[1]["building"]) == ["pytorch"]
        last = device.run("status").stdout.splitlines()[-1]
        assert last.startswith("pytorch: a release is being built: finishing, ")
        text = path.read_text(encoding="utf-8")
    assert status(device)[1]["building"] == {}
    # What a killed build left is no build, and neither is a cut file.
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1, 1))
    assert status(device)[1]["building"] == {}
    path.write_text(text[:-2], encoding="utf-8")
    assert status(device)[1]["building"] == {}


def test_one_stack_of_several(device: Any) -> None:
    prove(device.release("a", "r1"))
    device.release("b", "r1")
    assert status(device, "a")[0] == 0
    assert [entry["stack"] for entry in status(device, "b", "a", "b")[1]["stacks"]] == ["b", "a"]
    for arguments, message in ((("status", "c"), "There is no stack 'c'"), (("verify", "c"), "There is no stack 'c'")):
        done = device.run(*arguments)
        assert done.returncode == 2
        assert message in done.stderr


def test_no_stack_at_all(device: Any) -> None:
    done = device.run("status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dnnready: No stack is installed in {device.prefix}. Provision this host.\n"


@pytest.mark.parametrize(
    ("verdict", "option", "good"),
    [
        ("accelerated", "required", True),
        ("accelerated", None, True),
        ("fallback", "required", False),
        ("fallback", None, False),
        ("fallback", "auto", True),
        ("fallback", "off", True),
        ("broken", "off", False),
        (None, "off", False),
    ],
)
def test_accepted(verdict: Optional[str], option: Optional[str], good: bool) -> None:
    assert accepted({"verdict": verdict, "options": {"onednn_convolution": option}}) is good
    assert accepted({"verdict": verdict, "options": None}) is (verdict == "accelerated")
