"""Yanked versions, source archives, superfluous hashes: what `tools/lock.py --check` refuses."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import yanked
from tools.lock import main

LOCKS = Path(__file__).resolve().parents[3] / "locks"
FILE = "onednn_cpu_gomp-2023.2.0-py2.py3-none-manylinux1_x86_64.whl"
PIN = ("onednn-cpu-gomp", "2023.2.0")


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    shutil.copytree(LOCKS / "onednn", tmp_path / "locks" / "onednn")
    return tmp_path / "locks"


def check(locks: Path) -> int:
    return main(["--check", "--directory", str(locks)])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("onednn-cpu-gomp==2023.2.0 wrong results", "2023.2.0 was yanked: wrong results"),
        ("onednn-cpu-gomp==2023.2.0", "2023.2.0 was yanked\n"),
        ("onednn-cpu-gomp", "line 2: 'onednn-cpu-gomp' is not of the form"),
    ],
)
def test_a_yanked_version_is_refused(locks: Path, capsys: pytest.CaptureFixture[str], line: str, says: str) -> None:
    (locks / yanked.FILE).write_text(f"# known\n{line}\n")
    assert check(locks) == 1
    assert says in capsys.readouterr().err


def test_another_version_that_was_yanked_is_no_matter(locks: Path) -> None:
    (locks / yanked.FILE).write_text("onednn-cpu-gomp==2023.1.0 wrong results\n")
    assert check(locks) == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f"# {FILE}", "# onednn_cpu_gomp-2023.2.0.tar.gz", "onednn_cpu_gomp-2023.2.0.tar.gz is a source archive"),
        (f"# {FILE}", f"# onednn_cpu_gomp-2023.2.0.zip 5\n# {FILE}", "2023.2.0.zip is a source archive"),
        ("    --hash", f"    --hash=sha256:{'0' * 64} \\\n    --hash", "2 hashes, and only one file is named"),
        ("2023.2.0 \\", "2023.2.0\n#", "no hash"),
        ("==2023.2.0", ">=2023.2.0", "not pinned"),
    ],
)
def test_what_is_no_single_wheel_is_refused(
    locks: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    path = locks / "onednn" / "any-x86_64.txt"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert check(locks) == 1
    assert says in capsys.readouterr().err


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """An index that answers every name with the document that a test puts here."""
    document: dict[str, object] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(document).encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Type", yanked.ACCEPT)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_address[1]}/simple/")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    yield document
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("value", "found"), [(False, {}), (True, {PIN: ""}), ("wrong\nresults", {PIN: "wrong results"}), (None, {})]
)
def test_the_index_is_asked_about_the_locked_file(
    locks: Path, index: dict[str, object], value: object, found: yanked.Known
) -> None:
    index["files"] = [{"filename": FILE, "yanked": value}, {"filename": "other.whl", "yanked": True}]
    assert main(["--yanked", "--directory", str(locks)]) == 0
    assert yanked.read(locks / yanked.FILE) == found
    assert check(locks) == bool(found)


@pytest.mark.parametrize("answer", [{}, {"files": []}, {"files": "none"}, {"files": [{"filename": "other.whl"}]}])
def test_where_no_index_tells_what_is_known_stays(
    locks: Path, index: dict[str, object], capsys: pytest.CaptureFixture[str], answer: dict[str, object]
) -> None:
    index.update(answer)
    yanked.write(locks / yanked.FILE, {PIN: "known"})
    assert main(["--yanked", "--directory", str(locks)]) == 1
    assert yanked.read(locks / yanked.FILE) == {PIN: "known"}
    assert "no index says whether it was yanked" in capsys.readouterr().err


def test_the_list_of_the_project_is_read() -> None:
    assert (LOCKS / yanked.FILE).read_text(encoding="utf-8").startswith(yanked.HEAD)
    yanked.read(LOCKS / yanked.FILE)
