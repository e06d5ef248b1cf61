"""The metrics, read by the client of Prometheus and by promtool."""

import math
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from dnnready.watch.exposition import VERDICTS, number, render
from tests.unit.watch.sample import NOW, document, drift, entry

RULES = Path(__file__).with_name("alerts_test.yml")


def samples(text):
    """{name: [(labels, value)]} of a text."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        found[family.name] = [(sample.labels, sample.value) for sample in family.samples]
    return found


def promtool():
    """The program; where this machine was prepared for tests or CI runs, it must be there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnnready" / "promtool"
    found = shutil.which("promtool") or (str(cache) if cache.is_file() else "")
    if not found and os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail("CI runs everything: make test-host fetches promtool")
    if not found:
        pytest.skip("there is no promtool: make test-host fetches it")
    return found


def test_a_stack_that_is_well():
    found = samples(render(document(onednn=entry())))
    stack = {"stack": "onednn"}
    assert found["dnnready_verdict"] == [({**stack, "verdict": name}, name == "accelerated") for name in VERDICTS]
    assert found["dnnready_verdict_accepted"] == [(stack, 1)]
    assert found["dnnready_proof_timestamp_seconds"] == [(stack, NOW - 60)]
    assert found["dnnready_watch_timestamp_seconds"] == [({}, NOW)]
    assert found["dnnready_watch_cpu_seconds"] == [({}, 0.25)]
    assert found["dnnready_drift"] == []
    ((labels, value),) = found["dnnready_stack_info"]
    assert (labels["framework"], labels["isa"], labels["threads"], value) == ("oneDNN 3.2.0", "avx512_core", "2", 1)


def test_each_cause_once_whatever_has_it():
    ill = entry(verdict="broken", accepted=False, proven=None, drift=[drift(), drift(where="a.service"), drift("x")])
    found = samples(render(document(onednn=ill)))
    assert [labels["cause"] for labels, _ in found["dnnready_drift"]] == ["isa_below_cpu", "x"]
    assert found["dnnready_proof_timestamp_seconds"] == []
    assert [value for labels, value in found["dnnready_verdict"] if labels["verdict"] == "broken"] == [1]


text = st.text(st.characters(codec="utf-8"))


@given(name=text, framework=text, isa=text, cause=text)
def test_any_text_comes_back(name, framework, isa, cause):
    seen = document(**{name: entry(framework=framework, isa=isa, drift=[drift(cause)])})
    found = samples(render(seen))
    ((labels, _),) = found["dnnready_stack_info"]
    assert (labels["stack"], labels["framework"], labels["isa"]) == (name, framework, isa)
    assert found["dnnready_drift"] == [({"stack": name, "cause": cause}, 1)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_comes_back(value):
    assert math.isclose(float(number(value)), value, rel_tol=0)


def test_promtool_accepts_the_metrics():
    odd = entry(framework='a "quoted" \\ name\nof two lines', verdict="fallback", drift=[drift()])
    text = render(document(onednn=entry(), tensorflow=odd))
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_alerts_fire_when_they_should_and_only_then():
    done = subprocess.run([promtool(), "test", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
