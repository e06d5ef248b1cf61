"""What a stack definition may say."""

import pytest

from dnnready.errors import DnnreadyError
from dnnready.plan.definition import complete

WHEEL = {"locks": "pytorch", "probes": ["pytorch"]}


def test_left_out_keys_get_their_defaults_and_readers_follow_the_probes():
    definition = complete(WHEEL, "my-app", [])
    assert definition["name"] == definition["title"] == "my-app"
    assert definition["required"] is True
    assert definition["accept"] == ["accelerated"]
    assert {"libgomp", "onednn", "pytorch"} <= set(definition["readers"])


def test_a_null_means_the_default():
    assert complete({**WHEEL, "environment": None}, "app", [])["environment"] == {}


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        ({}, "torch", ["Unknown stack 'torch'", "onednn, mkl", "dnnready_custom_stacks"]),
        (WHEEL, "My App", ["'My App'", "lower-case"]),
        (WHEEL, "../up", ["'../up'"]),
        ({**WHEEL, "probe": []}, "app", ["unknown key 'probe'", "probes"]),
        ({**WHEEL, "source": "conda"}, "app", ["source is 'conda'", "auto, wheel, distribution"]),
        ({**WHEEL, "probes": []}, "app", ["no probe"]),
        ({**WHEEL, "probes": ["jax"]}, "app", ["unknown probe 'jax'"]),
        ({**WHEEL, "probes": "pytorch"}, "app", ["probes must be a list"]),
        ({**WHEEL, "environment": ["A=1"]}, "app", ["environment must be a dictionary"]),
        ({"probes": ["pytorch"]}, "app", ["no requirements", "requirements_file"]),
    ],
)
def test_a_wrong_definition_is_refused_by_name(given, name, words):
    with pytest.raises(DnnreadyError) as caught:
        complete(given, name, ["onednn", "mkl"])
    assert [word for word in words if word not in str(caught.value)] == []
