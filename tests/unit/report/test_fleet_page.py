"""The page of a fleet as a document: what stands in it, and that no text of a host is more than text."""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnready.report.fleet import document
from dnnready.report.page.chart import _nice, bar
from dnnready.report.page.data import embedded, page_data
from dnnready.report.page.render import render
from dnnready.report.page.text import WORDS, figure
from tests.fleet_sample import CREATED, LOST, REAL, drifted, fleet

VOID = {"meta", "input", "path", "rect", "circle", "use"}
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "<img src=x onerror=alert(1)>",
    "\"' onfocus=alert(1) x='",
    "javascript:alert(1)",
    "\u2028\u2029",
    "\x00\x1b[31m",
    "&lt;b&gt;",
    "\u202etxt.exe",
    "x" * 5000,
    "</noscript>",
    "</style>",
]


class Reader(HTMLParser):
    """Tags, attributes and texts; what is in script elements apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        where = self.open[-1] if self.open else ""
        {"script": self.scripts, "style": self.styles}.get(where, self.texts).append(data)


def hostile(text: str) -> dict[str, Any]:
    """The real answer with one text wherever a text is."""

    def all_of(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: all_of(part) for key, part in value.items()}
        if isinstance(value, list):
            return [all_of(part) for part in value]
        return text if isinstance(value, str) else value

    stored = copy.deepcopy(REAL)
    kept = [(one["stack"], one["proof"]["created"], one["proof"]["verdict"]) for one in stored["stacks"]]
    found = all_of(stored)
    for stack, (name, created, verdict) in zip(found["stacks"], kept, strict=True):
        stack["stack"] = f"{name}{text}"
        stack["proof"].update(created=created, verdict=verdict, cause={"code": text, "text": text})
    return {"stored": found}


@functools.lru_cache(maxsize=1)
def sample() -> dict[str, Any]:
    answers, groups = fleet(60)
    before = document(drifted(answers), groups, created="2026-11-16T02:00:00Z")
    return document(answers, groups, previous=before, created=CREATED)


def shape(reader: Reader) -> tuple[list[str], list[tuple[str, str]]]:
    return reader.tags, [(tag, name) for tag, name, _ in reader.attributes]


def test_the_page_asks_nobody_for_anything():
    reader = Reader(render(sample()))
    assert not {"link", "img", "iframe", "object", "embed", "base", "audio", "video"} & set(reader.tags)
    reaching = {
        value for _, name, value in reader.attributes if name in ("src", "href", "action", "srcset", "xlink:href")
    }
    assert {one for one in reaching if not one.startswith("#")} == {"fleet.csv", "fleet.json"}
    assert not [name for _, name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert "url(" not in "".join(reader.styles) and "@import" not in "".join(reader.styles)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|fetch\(", reader.scripts[1]
    )


def test_the_policy_lets_nothing_run_but_the_pages_own_script():
    reader = Reader(render(sample()))
    policy = next(value for _, name, value in reader.attributes if name == "content" and "default-src" in value)
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    digest = {
        name: f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for name, text in (("script-src", reader.scripts[1]), ("style-src", reader.styles[0]))
    }
    assert parts == {"default-src": "'none'", **digest, "base-uri": "'none'", "form-action": "'none'"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_text(text):
    quiet, loud = ({f"host {one}": hostile(one), f"lost {one}": {"unreachable": one}} for one in ("aquiet", f"a{text}"))
    pages = [
        Reader(render(document(given, {name: [key] for name in given}, created=CREATED)))
        for given, key in ((quiet, "quiet"), (loud, text))
    ]
    assert shape(pages[1]) == shape(pages[0])
    assert len(pages[1].scripts) == 2 and pages[1].scripts[1] == pages[0].scripts[1]
    assert json.loads(pages[1].scripts[0])["hosts"][0]["state"] == "looked"


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_any_text_is_text(text):
    pages = [
        # A letter first: an empty text is no name of a class, and the order of hosts must be the same.
        Reader(render(document({f"a{one}": hostile(f"a{one}"), "~": {"unreachable": one}}, {}, created=CREATED)))
        for one in (text, "quiet")
    ]
    assert shape(pages[0]) == shape(pages[1])


@given(
    st.recursive(
        st.text() | st.floats(allow_nan=False), lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside)
    )
)
def test_embedded_json_is_the_same_and_never_markup(value):
    text = embedded(value)
    assert json.loads(text) == value
    assert not re.search("[<>&\u2028\u2029]", text)


def test_what_hosts_share_is_said_once():
    answers, groups = fleet(60)
    few, many = (
        len(embedded(page_data(document(dict(list(answers.items())[:number]), groups, created=CREATED))))
        for number in (30, 60)
    )
    assert many - few < 30 * 6000  # of some 26 KB that a host answers
    assert many < few * 2


def test_without_a_script_the_page_has_everything_in_short():
    found = sample()
    text = render(found)
    table = text[text.index("<noscript>") : text.index("</noscript>")]
    assert table.count("<tr>") == 1 + sum(max(1, len(host["rows"])) for host in found["hosts"].values())
    for name in found["hosts"]:
        assert f'<th scope="row">{name}</th>' in table
    totals = found["totals"]["verdicts"]
    for verdict, (word, _) in WORDS.items():
        if verdict in totals:
            assert re.search(rf"{word}</span><strong>{totals[verdict]}</strong><small>stacks", text)


def test_the_first_page_says_that_there_is_nothing_to_compare_with():
    assert "no earlier page to compare with" in render(document({"one": {"stored": REAL}}, {}))


def test_no_change_is_said():
    before = document({"one": {"stored": REAL}}, {}, created=CREATED)
    assert "Nothing changed since 2026-11-23 02:00 UTC" in render(
        document({"one": {"stored": REAL}}, {}, previous=before)
    )


def test_a_fleet_of_nobody_and_one_that_never_answered_have_a_page():
    for answers in ({}, {"one": LOST}):
        assert "Speed by hardware class" not in render(document(answers, {}))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0, "0.0"), (9.46, "9.5"), (99.94, "99.9"), (100, "100"), (1234.5, "1,234"), (1e7, "10,000,000")],
)
def test_figures(value, shown):
    assert figure(value) == shown


@pytest.mark.parametrize(
    ("value", "scale"), [(0, 1), (1, 1), (1.1, 2), (3, 4), (4.5, 5), (160, 200), (210, 250), (500, 500), (0.03, 0.04)]
)
def test_the_scale_ends_at_a_round_figure(value, scale):
    assert _nice(value) == pytest.approx(scale)


def test_a_bar_ends_at_the_median_beside_the_peak():
    drawn = bar({"lowest": 10, "median": 50, "highest": 80}, 100, 200)
    assert '<rect class="median" y="4" width="250.0" height="8"/>' in drawn
    assert '<path class="range" d="M50.0 8H400.0' in drawn
    assert '<path class="peak" d="M500.0 0V16"/>' in drawn
    assert 'aria-label="Median 50.0, from 10.0 to 80.0"' in drawn
    assert "peak" not in bar({"lowest": 1, "median": 1, "highest": 1}, None, 2)
