"""Time grows with the size of a log and with nothing else: ratios in one run, as machines differ.

`python tests/bench/explain.py` prints the seconds.
"""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnready.diagnosis.explain import explain

from .examples import healthy, messages

MEGABYTE = 1 << 20


def cpu_seconds(log):
    """CPU time of explaining a log: the best of two, as the first may pay for others' use of the caches."""
    times = []
    for _ in range(2):
        start = time.process_time()
        explain(log)
        times.append(time.process_time() - start)
    return min(times)


def repeated(text, size=5 * MEGABYTE):
    """A log of that size."""
    return (text * (size // len(text) + 1))[:size]


LOGS = {
    "training": "2024-01-01 10:00:00,123 INFO step 1 loss 0.1234 accuracy 0.99 lr 0.001\n",
    "onednn": healthy()["pytorch-verbose.log"],
    "tensorflow": healthy()["tensorflow-training.log"],
    "pip": "Collecting foo\n  Downloading foo-1-py3-none-any.whl (1.2 MB)\n\r     \u2501\u2501 1.2/1.2 MB 10 MB/s\n",
    "every message": "\n".join(message for _, message in messages()) + "\n",
    "one line": "could not find library error not supported on cpu ",
    "one word": "a",
    "blanks": " \t",
    "brackets": "((((",
    "escapes": "\x1b[31mx\x1b[0m",
    "json": '{"msg": "error: could not create thing\\n\\nTraceback\\n"}, ',
}


@pytest.mark.parametrize("name", LOGS)
def test_time_grows_no_faster_than_the_log(name):
    small = cpu_seconds(repeated(LOGS[name], MEGABYTE))
    assert cpu_seconds(repeated(LOGS[name], 5 * MEGABYTE)) < 7.5 * small + 0.3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([message for _, message in messages()]), min_size=1, max_size=4), st.data())
def test_pieces_of_messages_again_and_again_take_no_longer(chosen, data):
    text = "".join(message[: data.draw(st.integers(1, len(message)))] for message in chosen)
    joint = data.draw(st.sampled_from(["", " ", "\n", ": ", "'"]))
    # A tenth of a second on the machines that were tried: what backtracks takes minutes.
    assert cpu_seconds(repeated(text + joint, MEGABYTE // 4)) < 5
