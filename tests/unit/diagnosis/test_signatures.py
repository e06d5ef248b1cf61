"""Every signature, alone and together."""

import re

import pytest

from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.clean import clean
from dnnready.diagnosis.context import Context
from dnnready.diagnosis.explain import explain
from dnnready.diagnosis.signature import search, sign
from dnnready.diagnosis.signatures import ALL, harmless

from .examples import messages


@pytest.mark.parametrize("signature", ALL, ids=lambda signature: signature.name)
def test_it_matches_its_example(signature):
    text = clean(f"first line\n{signature.example}\nlast line")
    hits = search(text, Context(text), [signature])
    assert hits
    assert {item.cause for hit in hits for item in hit.candidates} <= set(CAUSES)
    assert all(0 < item.weight < 1 for hit in hits for item in hit.candidates)
    assert all(2 <= hit.line_number <= 1 + len(signature.example.splitlines()) for hit in hits)


@pytest.mark.parametrize("signature", ALL, ids=lambda signature: signature.name)
def test_no_example_stays_without_a_cause(signature):
    assert explain(signature.example).findings or signature.name == "extension_lost"


def test_the_names_are_unique_and_the_meanings_are_sentences():
    assert len({signature.name for signature in ALL}) == len(ALL)
    assert all(re.fullmatch(r"[A-Za-z][^\n]{15,200}\.", signature.meaning) for signature in ALL)


def test_what_is_harmless_is_only_that():
    for signature in harmless.SIGNATURES:
        text = clean(signature.example)
        assert {item.cause for hit in search(text, Context(text), [signature]) for item in hit.candidates} == {
            "benign_message"
        }


@pytest.mark.parametrize(("cause", "message"), messages(), ids=lambda value: value[:60])
def test_a_message_of_this_kind_has_this_cause_first(cause, message):
    findings = explain(message).findings
    assert (findings[0].cause if findings else "-") == cause


def test_a_space_is_any_white_space_and_case_does_not_matter():
    signature = sign("x", "It is.", r"no kernel[ ]image {0,3}is? ?x", {"out_of_memory": 0.9}, "")
    for text in ("No\nKernel image isx", "no  kernel imagei\tx", "a no kernel image   is x"):
        assert signature.pattern.search(text), text
    assert not signature.pattern.search("nokernel image is x")


def test_the_line_is_the_one_of_the_message_and_not_of_its_context():
    text = 'File "a/mxnet/base.py", line 10\n    from . import libinfo\nImportError: cannot import name libinfo'
    assert explain(text).findings[0].line_number == 3
