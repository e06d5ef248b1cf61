"""Fixed words of an expression: never may one be missing from a text that the expression matches."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.clean import clean
from dnnready.diagnosis.needles import needles
from dnnready.diagnosis.signatures import ALL


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("static TLS block", {"static tls block"}),
        (r"(?:Segmentation|paging)\d it", {"segmentation", "paging"}),
        (r"a\.whl[^\n]{0,30}supported", {"supported"}),
        (r"libgomp(?:\.so)?", {"libgomp"}),
        (r"(?P<name>mkl_\w+) could", {"mkl_"}),
        (r"(?<!x)quota(?=y)", {"quota"}),
    ],
)
def test_the_rarest_words_are_taken(expression, words):
    assert set(needles(expression)) == words


@pytest.mark.parametrize("expression", [r"\d+", "error", "(?:quota exceeded|.*)", "x?y*", r"[a-z]+: failed"])
def test_an_expression_without_a_word_is_refused(expression):
    with pytest.raises(ValueError, match="no fixed word"):
        needles(expression)


@pytest.mark.parametrize("signature", ALL, ids=lambda signature: signature.name)
def test_every_match_holds_one_of_the_words(signature):
    match = signature.pattern.search(clean(signature.example).blob)
    assert match
    found = re.sub(r"\s+", " ", match.group(0)).lower()
    assert any(word in found for word in signature.needles)
    assert all(word == word.lower() and "\n" not in word for word in signature.needles)


@given(st.data())
def test_words_of_generated_expressions(data):
    words = st.text("abcdefgh", min_size=4, max_size=8)
    alternatives = data.draw(st.lists(words, min_size=1, max_size=3))
    before, after = data.draw(words), data.draw(words)
    expression = rf"(?:{before})?\d{{0,3}}(?:{'|'.join(alternatives)})(?:{after})*"
    found = needles(expression)
    for alternative in alternatives:
        assert any(word in alternative for word in found)
