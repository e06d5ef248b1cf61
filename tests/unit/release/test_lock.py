"""What is a lock and what is none."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.release.lock import describe, digest
from dnnready.release.locks import find

HASH = "--hash=sha256:" + "a" * 64
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,8}([-_.][a-zA-Z0-9]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?(\+cpu)?", fullmatch=True)
HASHES = st.lists(st.binary(min_size=1).map(lambda data: hashlib.sha256(data).hexdigest()), min_size=1, max_size=3)


@given(
    st.dictionaries(
        NAMES.map(lambda name: name.lower().replace("_", "-").replace(".", "-")),
        st.tuples(VERSIONS, HASHES),
        min_size=1,
    )
)
def test_what_compilers_write_is_read(pins: dict[str, tuple[str, list[str]]]) -> None:
    text = "# comment\n\n"
    for name, (version, hashes) in pins.items():
        lines = " \\\n".join([f"{name}=={version}", *(f"    --hash=sha256:{value}" for value in hashes)])
        text += f"{lines}\n    # via something\n"
    found = {
        one.name: (one.version, [value.split(":")[1] for value in one.hashes]) for one in describe(text).requirements
    }
    assert found == pins


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_a_lock_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(DnnreadyError):
        assert all(one.hashes and one.version for one in describe(text).requirements)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("numpy", "not pinned"),
        (f"numpy {HASH}", "not pinned"),
        (f"numpy>=2 {HASH}", "not pinned"),
        (f"numpy==2.* {HASH}", "not pinned"),
        (f"numpy==2,!=2.1 {HASH}", "not pinned"),
        ("numpy==2.4.6", "no hash"),
        ("numpy==2.4.6 --hash=md5:abc", "not a SHA"),
        ("numpy==2.4.6 --hash=sha256:abc", "not a SHA"),
        (f"numpy==2.4.6 --global-option=x {HASH}", "not pinned"),
        ("-e .", "option -e"),
        ("--index-url https://example.org/simple", "option --index-url"),
        ("--extra-index-url=https://example.org/simple", "option --extra-index-url"),
        ("-r other.txt", "option -r"),
        (f"numpy @ https://example.org/numpy.whl {HASH}", "URL"),
        (f"https://example.org/numpy.whl {HASH}", "URL"),
        (f"./numpy.whl {HASH}", "URL or path"),
        (f"/srv/numpy.whl {HASH}", "URL or path"),
        (f"NumPy==2.4.6 {HASH}\nnumpy==2.4.6 {HASH}", "there twice"),
    ],
)
def test_what_is_no_lock_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(DnnreadyError) as caught:
        describe(f"# head\njinja2==3.1.6 \\\n    {HASH}\n{line}\n", "app.txt")
    assert reason in caught.value.message
    assert f"app.txt, line {4 + line.count(chr(10))}" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    with pytest.raises(DnnreadyError, match="nothing is required"):
        describe(text)


def test_a_header_says_for_whom() -> None:
    lock = describe(
        "# dnnready: python=cp311 architecture=x86_64 glibc=2.28 download_bytes=42 dependencies=listed\n"
        f"# NumPy_X-1.0-py3-none-any.whl 42\nNumPy_X==1.0 ; python_version > '3' \\\n    {HASH}\n"
    )
    assert (lock.tag, lock.architecture, lock.glibc, lock.download_bytes) == ("cp311", "x86_64", "2.28", 42)
    assert lock.listed
    requirement = lock.requirements[0]
    assert (requirement.name, requirement.marker) == ("numpy-x", "python_version > '3'")
    assert (requirement.wheel, requirement.size) == ("NumPy_X-1.0-py3-none-any.whl", 42)


def test_without_a_header_it_is_for_everyone_and_complete() -> None:
    lock = describe(f"numpy==2.4.6 {HASH}")
    assert (lock.tag, lock.architecture, lock.glibc, lock.download_bytes) == ("any", "any", "", None)
    assert not lock.listed


def test_a_broken_header_is_refused() -> None:
    with pytest.raises(DnnreadyError, match="line 1: 'cp311' is not of the form key=value"):
        describe(f"# dnnready: cp311\nnumpy==2.4.6 {HASH}")


def test_the_digest_is_that_of_sha256sum_whatever_a_lookup_strips() -> None:
    text = f"numpy==2.4.6 {HASH}\n"
    assert digest(text) == hashlib.sha256(text.encode()).hexdigest() == digest(text.rstrip())


def test_the_first_directory_and_the_users_file_win(tmp_path: Path) -> None:
    def write(path: Path, version: str, header: str = "") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{header}numpy=={version} {HASH}\n", encoding="utf-8")
        return path

    both = "# dnnready: python=cp311 architecture=x86_64\n"
    mine = write(tmp_path / "mine" / "pytorch" / "cp311-x86_64.txt", "1", both)
    write(tmp_path / "locks" / "pytorch" / "cp311-x86_64.txt", "2", both)
    other = write(tmp_path / "locks" / "pytorch" / "cp312-x86_64.txt", "3", both.replace("311", "312"))
    app = write(tmp_path / "app.txt", "4")
    found = find([tmp_path / "mine", tmp_path / "locks"], {"app": app})
    assert [lock["path"] for lock in found["pytorch"]] == [str(mine), str(other)]
    assert [(lock["tag"], lock["path"]) for lock in found["app"]] == [("any", str(app))]


@pytest.mark.parametrize("missing", ["directory", "file"])
def test_what_is_not_there_is_said(tmp_path: Path, missing: str) -> None:
    with pytest.raises(DnnreadyError, match="none"):
        find([tmp_path / "none"] if missing == "directory" else [], {"app": tmp_path / "none"})
