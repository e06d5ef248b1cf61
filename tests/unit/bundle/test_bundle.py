"""The bounds of a bundle, its index and its archive."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.bundle import bundle as bundles
from dnnready.bundle import limits
from dnnready.bundle.bundle import Bundle
from dnnready.bundle.redact import Redactor
from dnnready.errors import DnnreadyError

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs/schema/bundle-1.json").read_text())
MIB = 1 << 20


def fresh(max_bytes=4 * MIB, timeout=60.0):
    return Bundle(Redactor(), max_bytes, timeout)


def test_index_and_archive():
    filled = fresh()
    filled.text("z.txt", "last\n", "a text", "a source", seconds=0.12345)
    filled.document("a.json", {"environment": {"APP": "x"}}, "a document", "a source")
    filled.leave_out("something", "a reason\nof two lines")
    index = filled.index()
    jsonschema.Draft202012Validator(SCHEMA).validate(index)
    assert [(entry["path"], entry["bytes"], entry["truncated"]) for entry in index["members"]] == [
        ("a.json", len(filled.member("a.json")), False),
        ("z.txt", 5, False),
    ]
    assert index["left_out"] == [{"what": "something", "why": "a reason of two lines"}]
    with tarfile.open(fileobj=io.BytesIO(filled.archive())) as tar:
        names = [f"dnnready-logs/{name}" for name in ("index.json", "a.json", "z.txt")]
        assert tar.getnames() == names
        assert {(member.mode, member.uid, member.mtime) for member in tar} == {(0o600, 0, 0)}
        kept = json.loads(tar.extractfile(names[0]).read())
    assert kept["members"] == index["members"]


def test_the_same_members_make_the_same_bytes(monkeypatch):
    monkeypatch.setattr(bundles.time, "monotonic", lambda: 1.0)
    monkeypatch.setattr(bundles.time, "strftime", lambda *_: "2026-01-01T00:00:00Z")
    first, second = fresh(), fresh()
    for filled, names in ((first, "ab"), (second, "ba")):
        for name in names:
            filled.text(name, name, "what", "source")
    assert first.archive() == second.archive()


def test_a_large_member_is_cut_in_its_middle(monkeypatch):
    monkeypatch.setattr(bundles, "MEMBER_BYTES", 10_000)
    filled = fresh(16 * MIB)
    filled.text("big", "".join(f"line {number}\n" for number in range(10_000)), "what", "source")
    member = filled.member("big").decode()
    assert 9000 < len(member) <= 10_000
    assert member.startswith("line 0\n")
    assert member.endswith("line 9999\n")
    assert limits.CUT in member
    assert filled.index()["members"][0]["truncated"] is True


def test_all_members_together_have_a_bound():
    filled = fresh(2 * MIB)
    for number in range(20):
        filled.text(f"{number:02}", f"{number}" * 200_000, "what", "source")
    filled.document("document", ["x" * 3 * MIB], "a document", "source")
    index = filled.index()
    assert sum(entry["bytes"] for entry in index["members"]) < 2 * MIB
    assert len(gzip.decompress(filled.archive())) <= 2 * MIB
    reasons = " ".join(entry["why"] for entry in index["left_out"])
    assert "2097152 bytes for the whole bundle were used up" in reasons
    assert "more than there is room for" in reasons


def raising(error):
    def fill():
        raise error

    return fill


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (DnnreadyError("No.", "Try."), "No. Try."),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied (/x)"),
        (RuntimeError("password=hunter2"), "RuntimeError: password=[redacted]"),
        (RecursionError(), "RecursionError:"),
        (MemoryError(), "MemoryError:"),
    ],
)
def test_a_broken_part_is_a_line_of_the_index(error, why):
    filled = fresh()
    filled.part("one", raising(error), 5)
    filled.part("two", lambda: filled.text("two", "x", "what", "source"), 5)
    assert filled.left_out == [{"what": "one", "why": why}]
    assert filled.member("two") == b"x"


def test_a_part_that_hangs_is_ended():
    filled = fresh()
    started = time.monotonic()
    filled.part("slow", lambda: time.sleep(30), 0.2)
    assert time.monotonic() - started < 5
    assert filled.left_out[0]["why"].startswith("it took longer than")


def test_after_the_time_of_the_bundle_nothing_is_begun():
    filled = fresh(timeout=0.05)
    filled.part("slow", lambda: time.sleep(30), 60)
    filled.part("next", raising(AssertionError("begun")), 60)
    assert [entry["what"] for entry in filled.left_out] == ["slow", "next"]
    assert "seconds for the whole bundle were over" in filled.left_out[1]["why"]


def test_a_limit_within_a_limit():
    filled = fresh()

    def outer():
        filled.part("inner", lambda: time.sleep(30), 0.1)
        filled.text("after", "x", "what", "source")
        time.sleep(30)

    started = time.monotonic()
    filled.part("outer", outer, 0.5)
    assert time.monotonic() - started < 5
    assert filled.member("after") == b"x"
    assert [entry["what"] for entry in filled.left_out] == ["inner", "outer"]


def test_the_index_is_bounded_too():
    filled = fresh()
    for number in range(5000):
        filled.leave_out(f"{number}" * 1000, "w" * 5000)
    assert len(json.dumps(filled.index())) < 1 << 20


def test_one_long_line_keeps_its_ends():
    kept, _ = limits.shorten("a" * 500 + "b" * 500, 100)
    assert (kept[:9], kept[-9:]) == ("a" * 9, "b" * 9)


@given(st.text(max_size=400), st.integers(0, 500))
def test_shorten_keeps_its_limit(text, limit):
    kept, cut = limits.shorten(text, limit)
    assert len(kept.encode("utf-8", "replace")) <= max(limit, 0)
    assert cut == (len(text.encode("utf-8", "replace")) > limit)
    assert cut or kept == text


def test_reading_the_end_of_a_file(tmp_path):
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    assert limits.read(str(path), 20) == ("line 98\nline 99\n", True)
    assert limits.read(str(path), 10_000)[1] is False
    assert limits.read("/proc/self/status", 10_000)[0].startswith("Name:")
    with pytest.raises(OSError, match="no regular file"):
        limits.read(str(tmp_path), 10)


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        limits.read(str(tmp_path / "pipe"), 10)


def test_half_a_line_after_a_cut_is_dropped():
    output = f"first\n\n{limits.CUT}f a secret\nlast\n"
    assert limits.whole_lines(output) == f"first\n\n{limits.CUT}last\n"
    assert limits.whole_lines("nothing cut\n") == "nothing cut\n"
