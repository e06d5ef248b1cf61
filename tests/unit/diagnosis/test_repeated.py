"""Of lines that repeat a few are kept, with their neighbours and numbers."""

from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.repeated import thinned

STEP = "2024-01-01 10:00:00,{0:03} step {0} loss 0.{0}"


def test_a_short_log_is_left_alone():
    lines = [STEP.format(number) for number in range(900)]
    kept, numbers = thinned("\n".join(lines))
    assert kept == lines
    assert list(numbers) == list(range(1, 901))


def test_of_a_long_log_the_first_and_the_last_are_kept_and_what_is_rare_with_its_neighbours():
    lines = [STEP.format(number) for number in range(50_000)]
    lines[25_000] = "ImportError: libgomp.so.1"
    kept, numbers = thinned("\n".join(lines))
    assert len(kept) < 60
    assert kept[0] == lines[0]
    assert kept[-1] == lines[-1]
    assert numbers[kept.index("ImportError: libgomp.so.1")] == 25_001
    assert lines[24_999] in kept
    assert lines[25_001] in kept


def test_numbers_that_say_something_make_a_line_another_one():
    lines = [f"worker {number} exited with code 0" for number in range(5000)]
    lines[2500] = "worker 2500 exited with code 137"
    assert "worker 2500 exited with code 137" in thinned("\n".join(lines))[0]


def shape(line):
    """What is left of a line where digits and blanks do not matter."""
    return line.translate(str.maketrans("", "", "1 "))


@given(st.lists(st.text("ab1 ", max_size=4), min_size=1, max_size=40), st.integers(0, 40))
def test_the_numbers_are_those_of_the_lines(some, rest):
    lines = some * (1000 // len(some) + 1) + some[:rest]
    kept, numbers = thinned("\n".join(lines))
    assert [lines[number - 1] for number in numbers] == kept
    assert list(numbers) == sorted(set(numbers))
    assert {shape(line) for line in kept} == {shape(line) for line in lines}
