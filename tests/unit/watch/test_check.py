"""When a check convolves, what it keeps, and whom it lets pass. The convolution itself is a stand-in here."""

import json
from pathlib import Path

import jsonschema
import pytest

import dnnready.watch.convolve
from dnnready.lockfile import held
from dnnready.watch.check import DAY, Asked, BusyError, check
from dnnready.watch.convolve import Convolved, StarvedError
from dnnready.watch.run import Watch, run
from dnnready.watch.state import path_of, read
from tests.unit.watch.sample import NOW, RELEASE, device, drift, entry, proof

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "schema" / "watch-1.json").read_text())


class Convolutions:
    """Counts them, and answers as told."""

    def __init__(self):
        self.count = 0
        self.answer = Convolved("quick", "accelerated")
        self.meanwhile = lambda: None

    def __call__(self, _prefix, _look, _services, _timeout):
        self.count += 1
        self.meanwhile()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def convolutions(monkeypatch):
    made = Convolutions()
    monkeypatch.setattr(dnnready.watch.convolve, "convolve", made)
    return made


def library(store):
    return store.release(RELEASE) / "lib.so"


def stored(store):
    return json.loads((store.release(RELEASE) / "proof.json").read_text())


@pytest.mark.parametrize(
    ("later", "count"),
    [(60, 0), (DAY - 180, 0), (DAY, 1), (10 * DAY, 1), (-30 * DAY, 1)],
    ids=["soon", "just before", "a day", "days", "a clock that was set back"],
)
def test_a_stack_that_does_not_change_convolves_once_a_day(tmp_path, convolutions, later, count):
    asked = Asked(device(tmp_path).prefix)
    first = check(asked, "onednn", {}, NOW)
    assert (convolutions.count, first["did"], first["accepted"]) == (0, "none", True)
    second = check(asked, "onednn", first, NOW + later)
    assert convolutions.count == count
    assert second["did"] == ("quick" if count else "none")
    # Whatever the clock did, the next look does not convolve again.
    check(asked, "onednn", second, NOW + later + 60)
    assert convolutions.count == count


def test_a_clock_that_jumps_ahead_and_back_stops_nothing(tmp_path, convolutions):
    asked = Asked(device(tmp_path).prefix)
    ahead = check(asked, "onednn", {}, NOW + 3650 * DAY)
    assert convolutions.count == 1
    check(asked, "onednn", ahead, NOW + DAY)
    assert convolutions.count == 2


def test_what_differs_is_proven_at_once_and_only_once(tmp_path, convolutions):
    store = device(tmp_path)
    asked = Asked(tmp_path)
    first = check(asked, "onednn", {}, NOW)
    library(store).write_text("tampered with", encoding="utf-8")
    convolutions.answer = Convolved("full", "accelerated", proof(store.release(RELEASE)), [drift("release_changed")])
    second = check(asked, "onednn", first, NOW + 60)
    third = check(asked, "onednn", {**second, "cost": 5.0}, NOW + 120)
    assert convolutions.count == 1
    assert [each["cause"] for each in third["drift"]] == ["release_changed"]
    # The old proof stays: provisioning must see that it does not hold.
    assert stored(store)["fingerprint"]["files"][1][1] == len("a library")


def test_a_proof_that_does_not_hold_for_the_system_is_replaced(tmp_path, convolutions):
    store = device(tmp_path)
    old = stored(store)
    old["fingerprint"]["kernel"] = "Linux 2.6.32"
    (store.release(RELEASE) / "proof.json").write_text(json.dumps(old))
    convolutions.answer = Convolved("full", "accelerated", proof(store.release(RELEASE), created=NOW))
    seen = check(Asked(tmp_path), "onednn", {}, NOW + 60)
    assert (seen["did"], seen["why"], seen["drift"]) == ("full", "the kernel is another one", [])
    assert stored(store)["fingerprint"]["kernel"] != "Linux 2.6.32"


def test_what_broke_is_seen_to_be_whole_again(tmp_path, convolutions):
    store = device(tmp_path)
    asked = Asked(tmp_path)
    first = check(asked, "onednn", {}, NOW)
    library(store).rename(tmp_path / "away")
    broken = proof(store.release(RELEASE), "broken", NOW)
    convolutions.answer = Convolved("full", "broken", broken, [drift("dnn_library_missing", "the release")])
    second = check(asked, "onednn", first, NOW + 60)
    assert (second["verdict"], stored(store)["verdict"]) == ("broken", "broken")
    third = check(asked, "onednn", {**second, "cost": 5.0}, NOW + 120)
    assert convolutions.count == 1
    (tmp_path / "away").rename(library(store))
    convolutions.answer = Convolved("full", "accelerated", proof(store.release(RELEASE), created=NOW + 180))
    fourth = check(asked, "onednn", third, NOW + 180)
    assert (fourth["verdict"], fourth["drift"], convolutions.count) == ("accelerated", [], 2)


def test_what_is_broken_without_a_trace_is_tried_again_after_a_rest(tmp_path, convolutions):
    store = device(tmp_path, verdict="broken")
    convolutions.answer = Convolved("full", "broken", proof(store.release(RELEASE), "broken", NOW), [drift("x")])
    asked = Asked(tmp_path)
    first = {**check(asked, "onednn", {}, NOW), "cost": 6.0}
    check(asked, "onednn", first, NOW + 3599)
    assert convolutions.count == 1
    check(asked, "onednn", first, NOW + 3600)
    assert convolutions.count == 2


def test_a_drift_remembers_since_when(tmp_path, convolutions):
    store = device(tmp_path)
    convolutions.answer = Convolved("quick", "accelerated", None, [{**drift(), "since": 0}])
    known = entry(drift=[drift(since=NOW - 5000)], looked="other")
    asked = Asked(tmp_path, {"ONEDNN_MAX_CPU_ISA": "SSE41"})
    assert check(asked, "onednn", known, NOW)["drift"][0]["since"] == NOW - 5000
    assert check(asked, "onednn", {}, NOW)["drift"][0]["since"] == NOW
    assert store.linked("current") == RELEASE


def test_a_run_at_work_is_let_alone(tmp_path, convolutions):
    store = device(tmp_path)
    with held(store.lock, "building"), pytest.raises(BusyError, match="building"):
        check(Asked(tmp_path), "onednn", {}, NOW)
    assert convolutions.count == 0


def test_a_release_that_changes_meanwhile_is_not_judged(tmp_path, convolutions):
    store = device(tmp_path)
    convolutions.meanwhile = lambda: library(store).unlink()
    convolutions.answer = Convolved("full", "broken", proof(store.release(RELEASE), "broken"))
    with pytest.raises(BusyError, match="changed while"):
        check(Asked(tmp_path, proof_every=0), "onednn", {}, NOW)
    assert stored(store)["verdict"] == "accelerated"


def test_provisioning_may_take_the_lock_while_it_convolves(tmp_path, convolutions):
    store = device(tmp_path)

    def provision():
        with held(store.lock, "building"):
            pass

    convolutions.meanwhile = provision
    assert check(Asked(tmp_path, proof_every=0), "onednn", {}, NOW)["did"] == "quick"


def test_a_busy_machine_is_no_broken_stack(tmp_path, convolutions):
    device(tmp_path)
    convolutions.answer = StarvedError("It got 1 s of a CPU in 600 s.")
    with pytest.raises(BusyError, match="too busy"):
        check(Asked(tmp_path, proof_every=0), "onednn", {}, NOW)


def test_no_release_is_current(tmp_path, convolutions):
    store = device(tmp_path)
    store.unpoint("current")
    seen = check(Asked(tmp_path), "onednn", {}, NOW)
    assert (seen["verdict"], seen["accepted"], convolutions.count) == ("unproven", False, 0)
    assert [each["cause"] for each in seen["drift"]] == ["release_not_current"]


@pytest.fixture
def watch(tmp_path):
    device(tmp_path / "prefix")
    (tmp_path / "metrics").mkdir()
    return Watch(tmp_path / "prefix", textfile_directory=str(tmp_path / "metrics"))


@pytest.mark.usefixtures("convolutions")
def test_a_whole_check_writes_what_the_schema_says(watch):
    found = run(watch, NOW)
    jsonschema.validate(found, SCHEMA)
    jsonschema.validate(json.loads(path_of(watch.prefix).read_text()), SCHEMA)
    metrics = Path(watch.textfile_directory, "dnnready.prom")
    assert 'dnnready_verdict{stack="onednn",verdict="accelerated"} 1' in metrics.read_text()
    assert metrics.stat().st_mode & 0o777 == 0o644
    # There was no fact, and it is not for a check to say that there shall be one.
    assert not (watch.prefix / "facts.d").exists()


@pytest.mark.usefixtures("convolutions")
def test_the_fact_follows_the_verdict(watch):
    fact = watch.prefix / "facts.d" / "dnnready.fact"
    fact.parent.mkdir()
    fact.write_text("{}")
    run(watch, NOW)
    assert json.loads(fact.read_text())["stacks"]["onednn"]["verdict"] == "accelerated"


@pytest.mark.usefixtures("convolutions")
def test_what_a_killed_check_left_goes(watch):
    left = [watch.prefix / "watch" / ".state.json.abc", Path(watch.textfile_directory, ".dnnready.prom.abc")]
    left[0].parent.mkdir()
    for path in left:
        path.write_text("half")
    run(watch, NOW)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "dnnready/watch/1", "stacks": {"onednn": {"drift": 1}}}'])
@pytest.mark.usefixtures("convolutions")
def test_a_damaged_state_costs_nothing_but_a_look(watch, text):
    path_of(watch.prefix).parent.mkdir()
    path_of(watch.prefix).write_text(text)
    assert run(watch, NOW)["stacks"]["onednn"]["accepted"]
    assert set(read(watch.prefix)) == {"onednn"}


@pytest.mark.usefixtures("convolutions")
def test_a_stack_that_is_skipped_keeps_its_entry(watch):
    run(watch, NOW)
    with held(watch.prefix / "stacks" / ".onednn.lock", "building"):
        found = run(watch, NOW + 60)
    assert list(found["skipped"]) == ["onednn"]
    assert read(watch.prefix)["onednn"]["accepted"]


def test_a_host_without_stacks(tmp_path):
    assert run(Watch(tmp_path, textfile_directory="none"), NOW)["stacks"] == {}
