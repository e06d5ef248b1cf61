"""One file from servers that cut, lie, stall and fail."""

from __future__ import annotations

import base64
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnready.depot.fetch import ATTEMPTS, Fetcher
from dnnready.depot.manifest import Entry
from dnnready.depot.source import Source
from dnnready.errors import DnnreadyError
from tests.unit.depot import depots, server
from tests.unit.depot.server import Fault

PATH = "wheels/a+b-1-py3-none-any.whl"
CONTENT = depots.noise(3_000_000, "content")
ENTRY = Entry(PATH, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "wheel", "a", "1", "any", ())


@pytest.fixture
def web(tmp_path: Path, served: server.Depot) -> Iterator[server.Depot]:
    """A server with one file, instead of a depot."""
    directory = tmp_path / "web"
    (directory / "wheels").mkdir(parents=True)
    (directory / PATH).write_bytes(CONTENT)
    served.directory = directory
    yield served


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "mine" / "wheels" / Path(PATH).name


def fetcher(place: str, tmp_path: Path, silence: float = 5.0) -> Fetcher:
    return Fetcher(Source(place, silence), tmp_path / "mine" / "incoming")


def nothing_partial(target: Path) -> bool:
    return not target.exists() or target.read_bytes() == CONTENT


def test_a_file_is_fetched_once_and_for_all_to_read(tmp_path: Path, web: server.Depot, target: Path) -> None:
    it = fetcher(web.url, tmp_path)
    it.fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert (it.received, it.source.requests) == (len(CONTENT), 1)
    assert list((tmp_path / "mine" / "incoming").iterdir()) == []


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_directory_is_a_depot_too(form: str, tmp_path: Path, web: server.Depot, target: Path) -> None:
    fetcher(form.format(web.directory), tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT
    assert web.asked == []


FAULTS = {
    "cut, then continued": (Fault(times=1, cut_after=1_200_000), len(CONTENT), 2),
    "cut several times": (Fault(times=2, cut_after=1_200_000), len(CONTENT), 3),
    "cut, and ranges ignored": (Fault(times=2, cut_after=1_200_000, ignore_range=True), 1_200_000 * 2, None),
    "another range than asked": (Fault(times=1, cut_after=1000, wrong_range=True), len(CONTENT), 2),
    "says more than it has": (Fault(length=len(CONTENT) + 1000), len(CONTENT), 1),
    "says much less than it has": (Fault(times=1, length=1000), len(CONTENT), 2),
    "500, then fine": (Fault(times=2, status=500), len(CONTENT), 3),
    "503, then fine": (Fault(times=1, status=503), len(CONTENT), 2),
    "falls silent, then fine": (Fault(times=1, stall=1.5), len(CONTENT), 2),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_passes_is_got_over(name: str, tmp_path: Path, web: server.Depot, target: Path) -> None:
    fault, least, requests = FAULTS[name]
    web.faults[PATH] = fault
    it = fetcher(web.url, tmp_path, silence=0.7)
    it.fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT
    assert it.received >= least
    assert requests in (None, it.source.requests)
    if fault.cut_after and not fault.ignore_range:
        assert it.received == len(CONTENT), "what was there was fetched again"


STAYS = {
    "not there": (Fault(status=404), "HTTP 404", 1),
    "forbidden": (Fault(status=403), "HTTP 403", 1),
    "always 500": (Fault(status=500), "HTTP 500", ATTEMPTS),
    "always cut at the same place": (Fault(cut_after=1000, ignore_range=True), "1000 of 3000000 bytes", ATTEMPTS),
    "says less, always": (Fault(length=1000, ignore_range=True), "after 1000 of 3000000 bytes", ATTEMPTS),
    "always silent": (Fault(stall=0.8, ignore_range=True), "fell silent after 1500000 of 3000000", ATTEMPTS),
    "other bytes": (Fault(body=CONTENT[::-1]), "is not the file of the signed manifest", 1),
    "one byte is another": (Fault(body=CONTENT[:-1] + b"?"), "is not the file of the signed manifest", 1),
    "a page": (Fault(body=b"<html>Log in</html>" * 200000, kind="text/html; charset=utf-8"), "a web page?", 1),
    "a short page": (Fault(body=b"<html>Log in</html>", kind="text/html"), "19 of 3000000 bytes", ATTEMPTS),
    "endless": (Fault(body=b"x", endless=True), "is not the file of the signed manifest", 1),
    "a circle": (Fault(location=f"/{PATH}"), "redirect", 1),
    "to a file": (Fault(location="file:///etc/passwd"), "Cannot fetch", 1),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_stays_is_said_with_the_name_of_the_file(
    name: str, tmp_path: Path, web: server.Depot, target: Path
) -> None:
    fault, said, requests = STAYS[name]
    web.faults[PATH] = fault
    it = fetcher(web.url, tmp_path, silence=0.3 if fault.stall else 5.0)
    with pytest.raises(DnnreadyError) as error:
        it.fetch(ENTRY, target)
    assert said in error.value.message
    assert "wheels/a%2Bb-1-py3-none-any.whl" in error.value.message
    assert it.source.requests == requests
    assert not target.exists()
    assert it.received <= (len(CONTENT) + (1 << 18)) * requests
    # Once the server is well again, so is the file.
    web.faults.clear()
    fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.usefixtures("served")
def test_a_server_that_is_not_there_is_said(tmp_path: Path, target: Path) -> None:
    with server.serve(tmp_path) as gone:
        place = gone.url
    with pytest.raises(DnnreadyError, match="refused"):
        fetcher(place, tmp_path).fetch(ENTRY, target)


@pytest.mark.parametrize("rubbish", [b"x" * 1000, CONTENT[:-1] + b"?", CONTENT + b"more", b""])
def test_rubbish_from_before_is_thrown_away(rubbish: bytes, tmp_path: Path, web: server.Depot, target: Path) -> None:
    partial = tmp_path / "mine" / "incoming" / ENTRY.sha256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(rubbish)
    fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT


def test_what_was_whole_but_not_named_needs_no_server(tmp_path: Path, web: server.Depot, target: Path) -> None:
    partial = tmp_path / "mine" / "incoming" / ENTRY.sha256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT)
    fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT
    assert web.asked == []


def test_an_empty_file_is_a_file(tmp_path: Path, web: server.Depot) -> None:
    (web.directory / "wheels" / "e-1-py3-none-any.whl").write_bytes(b"")
    entry = Entry("wheels/e-1-py3-none-any.whl", 0, hashlib.sha256().hexdigest(), "wheel", "e", "1", "any", ())
    fetcher(web.url, tmp_path).fetch(entry, tmp_path / "mine" / "e.whl")
    assert (tmp_path / "mine" / "e.whl").read_bytes() == b""


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path, web: server.Depot, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"old")
    web.faults[PATH] = Fault(status=404)
    with pytest.raises(DnnreadyError):
        fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == b"old"


def test_a_link_among_the_partial_files_is_not_followed(tmp_path: Path, web: server.Depot, target: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    partial = tmp_path / "mine" / "incoming" / ENTRY.sha256
    partial.parent.mkdir(parents=True)
    partial.symlink_to(precious)
    with pytest.raises(DnnreadyError, match="Cannot write"):
        fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert precious.read_bytes() == b"mine"


def test_a_redirect_is_followed(tmp_path: Path, web: server.Depot, target: Path) -> None:
    (web.directory / "moved").write_bytes(CONTENT)
    web.faults[PATH] = Fault(location="/moved")
    fetcher(web.url, tmp_path).fetch(ENTRY, target)
    assert target.read_bytes() == CONTENT


def test_credentials_go_to_their_server_and_nowhere_else(tmp_path: Path, web: server.Depot, target: Path) -> None:
    place = web.url.replace("http://", "http://me%40home:s%2Fcret@")
    expected = "Basic " + base64.b64encode(b"me@home:s/cret").decode()
    (web.directory / "moved").write_bytes(CONTENT)
    web.faults[PATH] = Fault(times=1, location="/moved")
    it = fetcher(place, tmp_path)
    it.fetch(ENTRY, target)
    assert web.authorization == [expected, expected]
    assert it.source.shown == web.url
    other = tmp_path / "other"
    other.mkdir()
    (other / "moved").write_bytes(CONTENT)
    with server.serve(other) as stranger:
        web.faults[PATH] = Fault(location=f"{stranger.url}/moved")
        fetcher(place, tmp_path).fetch(ENTRY, target)
        assert stranger.authorization == [""]
    web.faults[PATH] = Fault(status=404)
    with pytest.raises(DnnreadyError) as error:
        fetcher(place, tmp_path).fetch(ENTRY, target)
    assert "cret" not in str(error.value)


@pytest.mark.parametrize(
    "place",
    ["", "relative/path", "ftp://host/x", "http://", "//host/x", "file://host/x", "http://[::1", "ssh://a:b@c/"],
)
def test_a_place_that_is_none_is_said_without_credentials(place: str) -> None:
    with pytest.raises(DnnreadyError, match="is no place of a depot") as error:
        Source(place, 1.0)
    assert "a:b" not in str(error.value)


def test_a_proxy_of_the_environment_is_asked(
    tmp_path: Path, web: server.Depot, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", web.url)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DnnreadyError, match="HTTP 404"):
        fetcher("http://depot.invalid", tmp_path).fetch(ENTRY, target)
    assert web.asked[0][0].endswith("depot.invalid/wheels/a+b-1-py3-none-any.whl")


def test_a_small_file_has_a_limit(tmp_path: Path, web: server.Depot) -> None:
    with pytest.raises(DnnreadyError, match="is larger than 1000 bytes"):
        fetcher(web.url, tmp_path).small(PATH, 1000)
    with pytest.raises(DnnreadyError, match="it means this"):
        fetcher(web.url, tmp_path).small("none", 1000, "it means this")
