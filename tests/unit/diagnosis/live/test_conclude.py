"""From observations to findings: what counts beside which verdict, in which order, with which confidence."""

import pytest

from dnnready.diagnosis import conclude
from dnnready.diagnosis.probe import CHEAP, Case, Observation, Probe, Suspicion
from dnnready.diagnosis.target import Target


def case(verdict="broken", target=None, options=None, **observations):
    proof = {"verdict": verdict, "cause": {"code": "probe_failed", "text": ""}}
    seen = {name: Observation(suspicions=tuple(found)) for name, found in observations.items()}
    seen["convolution"] = Observation(
        suspicions=seen.get("convolution", Observation()).suspicions,
        facts={"verdict": verdict, "proof": proof, "cause": proof["cause"], "signal": ""},
    )
    return Case(target or Target("python", "/venv/bin/python"), {"os": {"id": "debian"}}, seen, options=options or {})


def codes(of_case):
    return [finding["cause"] for finding in conclude.findings(of_case)]


SEEN = Suspicion("corrupt_install", 0.97, ["libtorch.so: 5 of 10 bytes"], certain=True)
GUESS = Suspicion("out_of_memory", 0.6, ["killed"])
WEAK = Suspicion("emulation_limits", 0.4, ["perhaps"])


@pytest.mark.parametrize(
    ("verdict", "found", "expected"),
    [
        ("accelerated", [GUESS], []),
        ("accelerated", [SEEN], ["corrupt_install"]),
        ("broken", [GUESS], ["out_of_memory"]),
        ("broken", [WEAK], []),
        ("broken", [SEEN, GUESS], ["corrupt_install"]),
        ("fallback", [GUESS], []),
        ("fallback", [SEEN], ["corrupt_install"]),
        ("fallback", [Suspicion("isa_below_cpu", 0.95, ["x"])], ["isa_below_cpu"]),
    ],
)
def test_what_counts_beside_a_verdict(verdict, found, expected):
    assert codes(case(verdict, records=found)) == expected


def test_what_several_probes_see_comes_first():
    one, two = Suspicion("thread_limit", 0.7, ["a"]), Suspicion("invalid_env_value", 0.7, ["b"])
    assert codes(case(environment=[two, one], logs=[one]))[0] == "thread_limit"


def test_evidence_of_all_probes_is_kept_once():
    one = Suspicion("thread_limit", 0.9, ["EAGAIN"], {"wanted": "4"})
    (finding,) = conclude.findings(case(surroundings=[one], logs=[one, Suspicion("thread_limit", 0.6, ["journal"])]))
    assert finding["evidence"] == ["EAGAIN", "journal"]
    assert finding["seen_by"] == ["surroundings", "logs"]
    assert finding["details"]["wanted"] == "4"


def test_a_stack_that_is_not_there_hides_what_follows_from_it():
    gone = Suspicion("release_not_current", 0.97, ["no link"], certain=True)
    assert codes(case("unknown", release=[gone], inventory=[GUESS])) == ["release_not_current"]


@pytest.mark.parametrize(
    ("weights", "confidence"),
    [((0.95,), "high"), ((0.95, 0.93), "medium"), ((0.7,), "medium"), ((0.55,), "low")],
)
def test_confidence(weights, confidence):
    causes = ("thread_limit", "invalid_env_value")
    found = [Suspicion(cause, weight, ["x"]) for cause, weight in zip(causes, weights)]
    assert conclude.findings(case(environment=found))[0]["confidence"] == confidence


@pytest.mark.parametrize(
    ("verdict", "options", "healthy"),
    [
        ("accelerated", {}, True),
        ("fallback", {}, False),
        ("fallback", {"onednn_convolution": "auto"}, True),
        ("broken", {"onednn_convolution": "auto"}, False),
    ],
)
def test_healthy_is_what_was_asked_for(verdict, options, healthy):
    of_case = case(verdict, options=options)
    assert conclude.healthy(of_case, conclude.findings(of_case)) is healthy


def test_the_five_questions_in_order():
    of_case = case(surroundings=[Suspicion("thread_limit", 0.96, ["EAGAIN"])])
    of_case.observations["processor"] = Observation(said="The CPU has it.")
    of_case.observations["loader"] = Observation(unknown=(("the trace", "no loader"),))
    probes = [
        Probe("processor", 1, CHEAP, "?", lambda _case: Observation()),
        Probe("loader", 2, CHEAP, "?", lambda _case: Observation()),
        Probe("surroundings", 3, CHEAP, "?", lambda _case: Observation()),
    ]
    answers = conclude.steps(of_case, probes, conclude.findings(of_case))
    assert [answer["outcome"] for answer in answers] == ["passed", "not_looked", "finding", "not_looked", "not_looked"]
    assert answers[1]["unknown"] == [{"what": "the trace", "why": "no loader"}]
