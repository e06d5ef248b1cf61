"""From what people paste to lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.clean import clean, joined

MESSAGE = "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    "line",
    [
        f"\x1b[31;1m{MESSAGE}\x1b[0m",
        f"\x1b]0;title\x07{MESSAGE}\x07",
        f"2024-01-01 10:00:00,123 {MESSAGE}",
        f"2024-01-01T10:00:00.123456789Z {MESSAGE}",
        f"web-1  | {MESSAGE}",
        f"app_worker.1  | 2024-01-01 10:00:00 {MESSAGE}",
        f"Jan 02 03:04:05 host python3[1234]: {MESSAGE}",
        f"2024-01-01T10:00:00.123456789Z stderr F {MESSAGE}",
        f"[2024-01-01 10:00:00 +0000] {MESSAGE}",
        f"\t{MESSAGE}  ",
        f"> {MESSAGE}",
        f"{MESSAGE}\r",
    ],
)
def test_a_line_is_freed_of_what_is_around_it(line):
    assert clean(line).blob.strip() == MESSAGE


@pytest.mark.parametrize(
    "data",
    [
        f"a\r\n{MESSAGE}\r\n".encode("utf-16"),
        f"a\n{MESSAGE}".encode("utf-8-sig"),
        b"\xe9\xff\n" + MESSAGE.encode(),
        b"\x00\x01\n" + MESSAGE.encode(),
    ],
)
def test_any_encoding(data):
    text = clean(data)
    assert text.line(text.blob.index("libgomp")) == MESSAGE
    assert text.number(text.blob.index("libgomp")) == 2


def test_a_progress_bar_and_what_follows_it_on_its_line_are_lines_of_one_number():
    text = clean(f"first\n 10%|#         | 1/10\r 20%|##        | 2/10\r{MESSAGE}\nlast")
    assert text.line(text.blob.index("ImportError")) == MESSAGE
    assert text.number(text.blob.index("ImportError")) == 2
    assert text.number(text.blob.index("last")) == 3


def test_line_breaks_within_json_are_line_breaks_and_the_number_stays():
    text = clean('x\n{"errorMessage": "a\\nImportError: b\\nc"}\ny')
    assert "\nImportError: b" in text.blob
    assert text.number(text.blob.index("ImportError")) == 2
    assert text.number(text.blob.rindex("y")) == 3
    assert text.lines == 3


def test_quotes_of_all_kinds_are_one_kind():
    assert clean("`GLIBC_2.28' \u2018a\u2019 \u201cb\u201d").blob == "'GLIBC_2.28' 'a' \"b\""


def test_lines_that_a_terminal_broke_are_joined():
    long = (
        "ImportError: /srv/venv/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so: cannot open shared object file"
    )
    broken = "\n".join(long[at : at + 40] for at in range(0, len(long), 40))
    assert "cannot open shared object" in joined(clean(broken)).blob


@given(st.text())
def test_the_numbers_are_those_of_the_log(text):
    cleaned = clean(text)
    assert len(cleaned.flat) == len(cleaned.blob)
    assert "\n" not in cleaned.flat
    numbers = [cleaned.number(start) for start in cleaned.starts]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)


@given(st.binary())
def test_nothing_is_too_strange(data):
    assert clean(data).lines <= len(data) + 1
