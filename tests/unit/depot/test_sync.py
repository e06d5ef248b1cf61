"""From a signed depot on a server to the files of one host."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnready.depot import fetch, trust
from dnnready.depot.manifest import FILE, SIGNATURE, parse
from dnnready.depot.signature import fingerprint, sign
from dnnready.depot.sync import Wish, sync
from dnnready.errors import DnnreadyError
from dnnready.lockfile import held
from tests.unit.depot import depots, server
from tests.unit.depot.depots import DNNL, NUMPY, ONEDNN, PYTORCH, TORCH, Made, public, tree
from tests.unit.depot.server import Fault

Wanted = Callable[..., Wish]


def root(wish: Wish) -> Path:
    return wish.prefix / "depot"


def wheels(wish: Wish) -> set[str]:
    return {f"wheels/{path.name}" for path in (root(wish) / "wheels").iterdir()}


def test_what_the_locks_need_is_fetched_and_no_more(wish: Wanted, made: Made, served: server.Depot) -> None:
    it = wish()
    result = sync(it)
    assert result["changed"] is True
    assert [item["path"] for item in result["fetched"]] == [NUMPY, TORCH]
    assert wheels(it) == {NUMPY, TORCH}
    assert (root(it) / TORCH).read_bytes() == (made.directory / TORCH).read_bytes()
    assert result["bytes_fetched"] == sum(served.sent.values())
    assert (result["source"], result["serial"], result["warnings"]) == (served.url, 1000, [])
    assert result["wheels"] == str(root(it) / "wheels")
    assert TORCH in result["diff"]["after"]
    assert result["diff"]["before"] == ""
    assert json.loads((root(it) / "accepted.json").read_text())["serial"] == 1000
    assert parse((root(it) / FILE).read_bytes(), "here").serial == 1000
    assert not list(root(it).glob("incoming/*"))


def test_everything_is_readable_by_all_and_writable_by_one(wish: Wanted) -> None:
    before = os.umask(0o077)
    try:
        sync(wish())
    finally:
        os.umask(before)
    for path in wish().prefix.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() else 0o644), path


def test_a_second_run_asks_once_and_writes_nothing(wish: Wanted, served: server.Depot) -> None:
    it = wish()
    sync(it)
    before, asked = tree(it.prefix), len(served.asked)
    again = sync(it)
    assert again["changed"] is False
    assert (again["fetched"], again["removed"], again["requests"]) == ([], [], 1)
    assert served.asked[asked:] == [(SIGNATURE, "")]
    assert {name for name, now in tree(it.prefix).items() if before.get(name) != now} <= {"depot/.lock"}


def test_a_second_run_hashes_nothing(wish: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(wish())

    def never(_: Path) -> str:
        raise AssertionError

    monkeypatch.setattr("dnnready.depot.cache.sha256_file", never)
    assert sync(wish())["changed"] is False


def test_check_mode_says_what_a_run_does_and_does_nothing(wish: Wanted) -> None:
    it = wish()
    said = sync(it, check=True)
    assert not it.prefix.exists()
    done = sync(it)
    for key in ("changed", "fetched", "removed", "diff", "serial", "signer", "wheels"):
        assert said[key] == done[key], key
    assert said["bytes_fetched"] == sum(item["bytes"] for item in said["fetched"])
    assert sync(it, check=True)["changed"] is False


def test_an_update_fetches_what_changed_and_removes_what_nobody_needs(wish: Wanted, made: Made) -> None:
    sync(wish(locks=[PYTORCH, ONEDNN]))
    newer = NUMPY.replace("2.4.6", "2.5.0")
    made.files.pop(NUMPY)
    made.add(newer, depots.noise(5000, "newer"), name="numpy", version="2.5.0")
    made.locks["4" * 64] = ("pytorch", [TORCH, newer])
    del made.locks[PYTORCH]
    made.serial += 1
    made.write()
    it = wish(locks=["4" * 64])
    said = sync(it, check=True)
    done = sync(it)
    assert [item["path"] for item in done["fetched"]] == [newer]
    assert sorted(done["removed"]) == sorted([f"depot/{DNNL}", f"depot/{NUMPY}"])
    assert (said["diff"], said["removed"]) == (done["diff"], done["removed"])
    assert wheels(it) == {TORCH, newer}


def test_wheels_of_releases_on_disk_stay(wish: Wanted, made: Made) -> None:
    it = wish(locks=[PYTORCH, ONEDNN])
    sync(it)
    release = it.prefix / "stacks" / "onednn" / "releases" / ("a" * 16)
    release.mkdir(parents=True)
    digest = re.search(f'"path":"{re.escape(DNNL)}","sha256":"([0-9a-f]+)"', (made.directory / FILE).read_text())
    assert digest is not None
    (release / "requirements.txt").write_text(f"onednn==1 \\\n    --hash=sha256:{digest.group(1)}\n")
    assert sync(dataclasses.replace(it, locks=[PYTORCH]))["removed"] == []
    (release / "requirements.txt").unlink()
    assert sync(dataclasses.replace(it, locks=[PYTORCH], prune=False))["removed"] == []
    assert sync(dataclasses.replace(it, locks=[PYTORCH]))["removed"] == [f"depot/{DNNL}"]


@pytest.mark.parametrize("harm", ["other bytes", "truncated", "gone", "replaced by a link", "unreadable record"])
def test_what_was_damaged_is_fetched_again(harm: str, wish: Wanted, made: Made, tmp_path: Path) -> None:
    it = wish()
    sync(it)
    path = root(it) / TORCH
    whole = path.read_bytes()
    if harm == "other bytes":
        path.write_bytes(whole[::-1])
    elif harm == "truncated":
        path.write_bytes(whole[:100])
    elif harm == "unreadable record":
        (root(it) / "verified.json").write_text("{")
    else:
        path.unlink()
        if harm == "replaced by a link":
            path.symlink_to(made.directory / TORCH)
    result = sync(it)
    assert [item["path"] for item in result["fetched"]] == ([] if harm == "unreadable record" else [TORCH])
    assert path.read_bytes() == whole
    assert not path.is_symlink()
    assert tmp_path.exists()


def test_a_lock_that_the_depot_does_not_know_is_named(wish: Wanted) -> None:
    with pytest.raises(DnnreadyError) as error:
        sync(wish(locks=[PYTORCH, "f" * 64]))
    assert f"no wheels for the lock {'f' * 64}" in error.value.message
    assert "playbooks/depot.yml" in error.value.hint
    assert not (wish().prefix / "depot" / "wheels").exists()


def test_a_swapped_file_is_refused_and_named(wish: Wanted, made: Made) -> None:
    (made.directory / TORCH).write_bytes(depots.noise(300_000, "evil"))
    with pytest.raises(DnnreadyError, match=r"torch-2\.13\.0%2Bcpu.* is not the file of the signed manifest"):
        sync(wish())
    it = wish()
    assert not (root(it) / "accepted.json").exists()
    assert not (root(it) / TORCH).exists()
    made.write()
    assert sync(it)["changed"] is True


def refused(it: Wish, said: str) -> None:
    """Refused in check mode and for real, and what is there is untouched."""
    before = tree(it.prefix)
    for check in (True, False):
        with pytest.raises(DnnreadyError) as error:
            sync(it, check)
        assert said in error.value.message, error.value.message
    left = {name: what for name, what in tree(it.prefix).items() if not name.endswith(".lock")}
    assert {name: what for name, what in left.items() if name != "depot"} == {
        name: what for name, what in before.items() if name != "depot" and not name.endswith(".lock")
    }


def test_a_changed_manifest_is_refused(wish: Wanted, made: Made) -> None:
    path = made.directory / FILE
    path.write_text(path.read_text().replace('"serial":1000', '"serial":1001'))
    refused(wish(), "is not what was signed")


def test_an_unsigned_depot_is_refused(wish: Wanted, made: Made) -> None:
    (made.directory / SIGNATURE).unlink()
    refused(wish(), "manifest.json.sig is not there: the depot is not signed")


def test_a_foreign_key_is_refused(wish: Wanted, made: Made, keys: dict[str, Path]) -> None:
    sign(made.directory / FILE, keys["foreign"])
    refused(wish(), fingerprint(public(keys["foreign"])))


def test_a_rotated_key_is_accepted_and_the_revoked_one_refused(wish: Wanted, made: Made, keys: dict[str, Path]) -> None:
    sync(wish())
    old, new = public(keys["old"]), public(keys["new"])
    refused(wish(revoked=[old]), "revoked key")
    both = wish(signers=[old, new], revoked=[])
    assert sync(both)["signer"] == fingerprint(old)
    sign(made.directory / FILE, keys["new"])
    result = sync(both)
    assert (result["signer"], result["fetched"], result["changed"]) == (fingerprint(new), [], True)
    last = wish(signers=[old, new], revoked=[old])
    assert sync(last)["signer"] == fingerprint(new)
    assert (root(last) / "revoked").read_text() == old
    refused(wish(signers=[old]), "may not sign")


def test_an_expired_depot_is_refused_by_the_controllers_clock(wish: Wanted, made: Made) -> None:
    assert sync(wish(now=made.created + 29 * 86400), check=True)["changed"] is True
    refused(wish(now=made.created + 31 * 86400), "expired: it was good until")


def test_an_expired_depot_is_refused_by_the_hosts_clock(wish: Wanted, made: Made) -> None:
    made.created, made.days = time.time() - 10 * 86400, 5
    made.write()
    refused(wish(), "by the clock of this host")


def test_a_clock_that_is_wrong_by_years_is_said_and_not_judged_by(
    wish: Wanted, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr(trust.time, "time", lambda: 1000.0)
    result = sync(wish())
    assert "The clock of this host is wrong: it says 1970-01-01" in result["warnings"][0]
    said = sync(wish(now=real()))["warnings"]
    assert len(said) == 1
    assert "the controller" in said[0]
    with pytest.raises(DnnreadyError, match="expired"):
        sync(wish(now=made.created + 31 * 86400))


def test_an_older_manifest_is_refused_until_someone_wants_it(wish: Wanted, made: Made, tmp_path: Path) -> None:
    older = {name: (made.directory / name).read_bytes() for name in (FILE, SIGNATURE)}
    made.serial = 2000
    made.write()
    sync(wish())
    for name, content in older.items():
        (made.directory / name).write_bytes(content)
    refused(wish(), "its serial is 1000")
    refused(wish(), "accepted 2000")
    (tmp_path / "prefix" / "depot" / "accepted.json").unlink()
    assert sync(wish())["serial"] == 1000


def test_a_record_that_says_nothing_is_not_taken_for_none(wish: Wanted) -> None:
    sync(wish())
    (root(wish()) / "accepted.json").write_text("[]")
    refused(wish(), "does not say which manifest was accepted last")


def test_a_depot_that_is_renewed_meanwhile_is_asked_again(
    wish: Wanted, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = fetch.Fetcher.small, []

    def small(self: fetch.Fetcher, path: str, *rest: object) -> bytes:
        content = real(self, path, *rest)  # type: ignore[arg-type]
        calls.append(path)
        if len(calls) == 1:
            made.serial = 3000
            made.write()
        return content

    monkeypatch.setattr(fetch.Fetcher, "small", small)
    assert sync(wish())["serial"] == 3000
    assert calls == [SIGNATURE, FILE, SIGNATURE, FILE]


@pytest.mark.parametrize("name", [FILE, SIGNATURE])
def test_a_damaged_copy_of_the_manifest_is_fetched_again(name: str, wish: Wanted, made: Made) -> None:
    sync(wish())
    (root(wish()) / name).write_text("{")
    assert sync(wish())["fetched"] == []
    assert (root(wish()) / name).read_bytes() == (made.directory / name).read_bytes()


def test_a_cut_server_leaves_no_half_file_and_the_next_run_goes_on(wish: Wanted, served: server.Depot) -> None:
    served.faults[TORCH] = Fault(times=1 << 20, cut_after=200_000, ignore_range=True)
    with pytest.raises(DnnreadyError, match="torch"):
        sync(wish())
    it = wish()
    assert wheels(it) == {NUMPY}
    assert not (root(it) / "accepted.json").exists()
    served.faults.clear()
    served.sent.clear()
    result = sync(it)
    assert [item["path"] for item in result["fetched"]] == [TORCH]
    assert served.sent[TORCH] == 100_000


def test_two_runs_never_meet(wish: Wanted) -> None:
    it = wish()
    with held(root(it) / ".lock", "testing"), pytest.raises(DnnreadyError, match="another run is at work: process"):
        sync(it)
    assert sync(it)["changed"] is True


def test_leftovers_of_a_killed_run_go(wish: Wanted) -> None:
    it = wish()
    sync(it)
    (root(it) / ".scratch-123" / "lists").mkdir(parents=True)
    (root(it) / ".manifest.json.abc").write_text("{")
    (root(it) / "wheels" / ".x.whl.tmp").write_text("")
    (root(it) / "incoming").mkdir(exist_ok=True)
    (root(it) / "incoming" / ("0" * 64)).write_text("of a file that nobody wants")
    sync(it)
    names = {path.name for path in root(it).iterdir()}
    assert names == {".lock", FILE, SIGNATURE, "signers", "accepted.json", "verified.json", "wheels"}
    assert wheels(it) == {NUMPY, TORCH}


def test_uv_is_unpacked_and_its_wheel_not_kept(wish: Wanted, made: Made) -> None:
    path = made.add_uv()
    made.write()
    it = wish(uv=True)
    said = sync(it, check=True)
    result = sync(it)
    program = Path(result["uv"])
    assert program == it.prefix / "tools" / "uv" / "0.13.9" / "uv"
    assert program.read_bytes() == b"#!/bin/sh\necho uv\n"
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert path in [item["path"] for item in result["fetched"]]
    assert wheels(it) == {NUMPY, TORCH}
    assert (said["diff"], said["fetched"], said["uv"]) == (result["diff"], result["fetched"], result["uv"])
    assert sync(it)["changed"] is False


def test_a_damaged_uv_comes_back_and_an_older_one_goes(wish: Wanted, made: Made) -> None:
    made.add_uv()
    made.write()
    it = wish(uv=True)
    program = Path(sync(it)["uv"])
    program.write_bytes(b"broken")
    assert sync(it)["changed"] is True
    assert program.read_bytes() == b"#!/bin/sh\necho uv\n"
    program.chmod(0o644)
    if os.geteuid():
        assert sync(it)["changed"] is True
    made.files.pop(made.locks[depots.UV][1][0])
    made.add_uv("0.14.0", b"newer")
    made.serial += 1
    made.write()
    result = sync(it)
    assert result["removed"] == ["tools/uv/0.13.9"]
    assert Path(result["uv"]).read_bytes() == b"newer"
    assert not program.exists()


def test_a_depot_without_uv_is_no_error(wish: Wanted) -> None:
    assert sync(wish(uv=True))["uv"] == ""


def test_a_wheel_without_uv_in_it_is_said(wish: Wanted, made: Made) -> None:
    made.add("wheels/uv-1-py3-none-any.whl", b"no zip", name="uv", version="1")
    made.locks[depots.UV] = ("uv", ["wheels/uv-1-py3-none-any.whl"])
    made.write()
    with pytest.raises(DnnreadyError, match=r"holds no uv-1\.data/scripts/uv"):
        sync(wish(uv=True))
    assert not list((wish().prefix / "tools").rglob("uv/*/*"))


def test_what_cannot_fit_is_said_before_the_first_byte(wish: Wanted, made: Made, served: server.Depot) -> None:
    made.write()
    path = made.directory / FILE
    path.write_text(path.read_text().replace('"bytes":300000', f'"bytes":{1 << 39}'))
    sign(path, made.key)
    refused(wish(), "are free")
    assert TORCH not in served.sent


def test_a_prefix_without_a_place_is_refused(wish: Wanted) -> None:
    with pytest.raises(DnnreadyError, match="is no absolute path"):
        sync(wish(prefix=Path("here")))
