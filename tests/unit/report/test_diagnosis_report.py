"""The report of diagnoses: a real document of four hosts, and any text in it."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from referencing import Registry, Resource

from dnnready.report import diagnosis_html, diagnosis_markdown, diagnosis_summary
from dnnready.report.diagnosis_fleet import files, fleet, report
from dnnready.report.rows import one_line
from dnnready.report.words import code, markdown, screen

ROOT = Path(__file__).parents[3]
#: Made by playbooks/diagnose.yml: oneDNN without its library, a bare host, one with a wrong Python, one out of reach.
REAL = json.loads((ROOT / "tests/fixtures/diagnosis.json").read_text(encoding="utf-8"))
SCHEMAS = [json.loads((ROOT / f"docs/schema/{name}-1.json").read_text()) for name in ("fleet-diagnosis", "diagnosis")]
REGISTRY: Registry[Any] = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in SCHEMAS])
VOID = ("meta",)
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
    ),
    *("th", "td", "section", "details", "summary", "ol", "ul", "li", "strong", "code"),
}
ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "scope",
    "class",
    "open",
    "role",
    "aria-label",
    "tabindex",
}


def hold(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[0], registry=REGISTRY).validate(document)


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.seen.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> str:
    reader = Reader(page)
    assert reader.open == []
    assert reader.seen <= TAGS
    assert reader.attributes <= ATTRIBUTES
    return "".join(reader.words)


def changed(document: Any, text: str, where: list[str]) -> Any:
    """The document with `text` in place of every text; words of the schema stay."""
    if isinstance(document, dict):
        return {key: value if key in where else changed(value, text, where) for key, value in document.items()}
    if isinstance(document, list):
        return [changed(value, text, where) for value in document]
    return text if isinstance(document, str) else document


FIXED = ["schema", "kind", "verdict", "confidence", "where", "outcome", "healer", "proof", "cost", "step"]


def test_a_real_document_keeps_to_its_schema() -> None:
    hold(REAL)
    hold(fleet(REAL["hosts"]))


@pytest.mark.parametrize("damage", [{"verdict": "good"}, {"findings": [{}]}, {"target": {}}])
def test_the_schema_can_refuse(damage: dict[str, Any]) -> None:
    document = copy.deepcopy(REAL)
    document["hosts"]["localhost"][0].update(damage)
    with pytest.raises(jsonschema.ValidationError):
        hold(document)


def test_every_host_is_in_every_form() -> None:
    made = {file["name"]: file["content"] for file in files(REAL)}
    assert json.loads(made.pop("diagnosis.json")) == REAL
    for content in (made["diagnosis.md"], read(made["diagnosis.html"])):
        for word in ("localhost", "bare", "wrong", "dark", "Connection refused", "dnn_library_missing", "to mend"):
            assert word in content
        assert "4 hosts: 1 to mend, 3 not looked at" in content


def test_the_page_asks_nobody_and_serves_light_and_dark() -> None:
    page = diagnosis_html.render(REAL)
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://(?![^<]*</)", page)
    assert "default-src &#x27;none&#x27;" in page
    assert "color-scheme: light dark" in page
    assert '<details class="mend" open>' in page


def test_evidence_and_remedies_are_there_to_the_letter() -> None:
    text = read(diagnosis_html.render(REAL))
    for finding in REAL["hosts"]["localhost"][0]["findings"]:
        for line in (*finding["evidence"], finding["remedy"].replace("`", ""), finding["explanation"]):
            assert one_line(line) in text


def test_what_needs_a_hand_comes_first() -> None:
    healthy = {**REAL["hosts"]["localhost"][0], "healthy": True, "findings": [], "verdict": "accelerated"}
    document = fleet({"a": [healthy], "b": {"failed": "no"}, "c": REAL["hosts"]["localhost"], "d": []}, "now")
    assert [(line.host, line.state) for line in diagnosis_summary.lines(document)] == [
        ("c", "to mend"),
        ("b", "not looked at"),
        ("d", "not looked at"),
        ("a", "healthy"),
    ]


def test_a_host_that_left_no_word_is_in_the_report() -> None:
    made = json.loads(report({"a": {}, "b": {"diagnosis_entry": []}}, ["a", "b"])[0]["content"])
    hold(made)
    assert made["hosts"] == {"a": {"failed": "The run ended before this host was looked at."}, "b": []}


NASTY = st.text(max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "`</code><script>x</script>`",
        "]]><img src=x onerror=y>",
        '" onclick="x',
        "a | b\n# c",
        "&lt;",
        "``` ` ",
        "![x](https://h/x.png)",
        "\x1b[2J\u202e",
        "<!-- -->",
    ]
)


@given(NASTY)
def test_no_text_can_become_markup(text: str) -> None:
    document = changed(REAL, text, FIXED)
    words = read(diagnosis_html.render(document))
    assert one_line(text).replace("`", "") in words.replace("`", "")
    for line in diagnosis_markdown.render(document).splitlines():
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\.", "", line))
        assert not re.search(r"[<&]|\]\(", outside), line
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6 or "`" in line


@given(NASTY)
def test_a_span_of_code_ends_where_it_shall(text: str) -> None:
    shown = code(text)
    fence = re.match("`+", shown)
    assert fence is not None
    inner = shown[len(fence.group()) : -len(fence.group())]
    assert fence.group() not in re.findall("`+", inner)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Run `pip check` in a_b <c>", "Run `pip check` in a_b \\<c\\>"),
        ("one ` alone and _x_", "one \\` alone and \\_x\\_"),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("2026-01-31", "2026-01-31"),
        ("- no list", "\\- no list"),
        ("a | b", "a \\| b"),
        ("", ""),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert markdown(text) == shown


@given(st.text())
def test_a_screen_shows_lines_and_nothing_steers_it(text: str) -> None:
    shown = screen(text)
    assert shown.count("\n") == text.count("\n")
    assert all(ord(character) <= 0xFFFF for character in shown)
    assert not {unicodedata.category(character) for character in shown if character != "\n"} & {"Cc", "Cf", "Zl", "Zp"}
    assert not any(line.endswith(" ") for line in shown.split("\n"))
