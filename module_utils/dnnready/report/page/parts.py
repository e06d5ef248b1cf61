"""What stands in the page as HTML: totals, what changed, the frame of the table, and a table without script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..fleet import lines
from ..fleet_values import mapping
from .text import WORDS, figure, host_link, icon, plain, verdict, when

#: Changes that are shown at once, and at all; fleet.json has every one.
_FIRST, _ALL = 10, 500
_SIGN = {"worse": "▼", "better": "▲", "changed": "●"}
_KIND = {"isa": "ISA"}
#: Digits of a release that a person compares.
_SHORT = 8
#: Key in table.js, heading, class of its cells. What is wide shows more; the host's own section shows all.
COLUMNS = (
    ("host", "Host", ""),
    ("groups", "Groups", "widest"),
    ("class", "Hardware class", "wide"),
    ("stack", "Stack", ""),
    ("verdict", "Verdict", ""),
    ("release", "Release", "middle"),
    ("implementation", "Implementation", "middle"),
    ("isa", "ISA", "widest"),
    ("threads", "Threads", "number wide"),
    ("speed", "GFLOP/s per CPU s", "number"),
    ("share", "Of peak", "number middle"),
    ("age", "Proof age", "number middle"),
    ("cause", "Cause", "middle"),
)


def summary(document: Mapping[str, Any]) -> Iterator[str]:
    """What a person wants to know first."""
    totals = document["totals"]
    counts = {**totals["verdicts"], **{key: totals["states"][key] for key in ("unreachable", "failed")}}
    yield '<section aria-labelledby="totals-title">\n<h2 id="totals-title" class="hidden">Totals</h2>'
    good, hosts = f"{totals['accelerated_hosts']:,}", f"{totals['hosts']:,}"
    yield f'<p class="headline"><strong>{good}</strong> of <strong>{hosts}</strong> host{"" if hosts == "1" else "s"} '
    yield f"{'is' if good == '1' else 'are'} accelerated throughout. {_asked(document)}</p>"
    yield from _strip(counts)
    yield '<ul class="tiles">'
    for name, (word, meaning) in reversed(WORDS.items()):
        unit = "hosts" if name in ("unreachable", "failed") else "stacks"
        yield f'<li><button type="button" class="tile {name}" data-verdict="{name}" aria-pressed="false"'
        yield f' title="{meaning}">'
        yield f"<span>{icon(name)}{word}</span><strong>{counts[name]:,}</strong><small>{unit}</small></button></li>"
    yield "</ul>\n</section>"


def _asked(document: Mapping[str, Any]) -> str:
    hosts, parts = document["totals"]["hosts"], []
    if document["asked"] < hosts:
        parts.append(f"This run asked {document['asked']:,} of them; the others are as they were last seen.")
    if document["totals"]["bare_hosts"]:
        number = document["totals"]["bare_hosts"]
        parts.append(f"{number:,} host{' has' if number == 1 else 's have'} no stack.")
    return " ".join(parts)


def _strip(counts: Mapping[str, int]) -> Iterator[str]:
    """One bar with a part for each verdict; the tiles below say the same in figures."""
    whole = sum(counts.values())
    if not whole:
        return
    yield '<svg class="strip" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
    left = 0.0
    for name in reversed(WORDS):
        width = 1000 * counts[name] / whole
        if width:
            yield f'<rect class="{name}" x="{left:.2f}" width="{width:.2f}" height="8"/>'
            left += width
    yield "</svg>"


def changes(document: Mapping[str, Any]) -> Iterator[str]:
    """What changed since the last page."""
    found: Sequence[Mapping[str, Any]] = document["drift"]
    yield '<section aria-labelledby="drift-title">\n<h2 id="drift-title">Since the last page</h2>'
    if document["previous"] is None:
        yield '<p class="note">There is no earlier page to compare with; the next one will say what changed.</p>'
        yield "</section>"
        return
    if not found:
        yield f'<p class="note">Nothing changed since {when(document["previous"])}.</p>\n</section>'
        return
    numbers = [(word, sum(one["outcome"] == word for one in found)) for word in ("worse", "better", "changed")]
    said = ", ".join(f"{number:,} {word if word != 'changed' else 'other'}" for word, number in numbers if number)
    number = f"{len(found):,} change{'' if len(found) == 1 else 's'}"
    yield f'<p class="note">{number} since {when(document["previous"])}: {said}. '
    yield f"A speed counts where it changed by more than a factor of {document['speed_factor']:g}.</p>"
    yield from _changes(found[:_FIRST])
    if len(found) > _FIRST:
        yield f"<details><summary>{len(found) - _FIRST:,} more changes</summary>"
        yield from _changes(found[_FIRST:_ALL])
        if len(found) > _ALL:
            yield f'<p class="note">And {len(found) - _ALL:,} more in fleet.json.</p>'
        yield "</details>"
    yield "</section>"


def _changes(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield '<div class="scroll" role="region" aria-label="Changes" tabindex="0"><table class="drift"><thead><tr>'
    yield '<th scope="col">Host</th><th scope="col">What</th><th scope="col">Before and now</th>'
    yield '<th scope="col">Outcome</th></tr></thead><tbody>'
    for one in found:
        what = " ".join(filter(None, (one["stack"], _KIND.get(one["kind"], one["kind"]))))
        old, new = (one[key][:_SHORT] if one["kind"] == "release" else one[key] for key in ("before", "after"))
        link = plain(one["host"]) if one["after"] == "gone" and one["kind"] == "host" else host_link(one["host"])
        outcome = one["outcome"]
        yield f'<tr><th scope="row">{link}</th><td>{plain(what)}</td>'
        yield f'<td><span class="muted">{plain(old)}</span> → {plain(new)}</td>'
        yield f'<td class="outcome {outcome}"><span aria-hidden="true">{_SIGN[outcome]}</span> {outcome}</td></tr>'
    yield "</tbody></table></div>"


def workbench() -> Iterator[str]:
    """The filters and the frame of the table; table.js fills it."""
    yield '<section class="scripted" id="lines" tabindex="-1" aria-labelledby="lines-title">'
    yield '<h2 id="lines-title">Hosts and stacks</h2>\n<form id="filters" role="search">'
    yield '<label class="search">Filter<input id="query" type="search" autocomplete="off" spellcheck="false" '
    yield 'placeholder="host, release, cause, …" aria-keyshortcuts="/"></label>'
    for key, word in (("verdict", "Verdict"), ("stack", "Stack"), ("class", "Hardware class"), ("group", "Group")):
        yield f'<label>{word}<select id="{key}"><option value="">all</option></select></label>'
    yield '<button type="reset">Clear</button></form>'
    yield '<p class="count"><span id="count" role="status"></span><span class="pages">'
    yield '<button type="button" id="earlier">Previous</button>'
    yield '<button type="button" id="later">Next</button></span></p>'
    yield '<div class="scroll" role="region" aria-labelledby="lines-title" tabindex="0"><table id="table"><thead><tr>'
    for key, heading, kind in COLUMNS:
        yield f'<th scope="col" class="{kind}" aria-sort="none">'
        yield f'<button type="button" data-key="{key}">{heading}</button></th>'
    yield "</tr></thead><tbody></tbody></table></div>"
    yield '<p class="note">Ages are those at the time of the page. '
    yield "A share is of the best sgemm of the hardware class.</p></section>"


def plain_table(document: Mapping[str, Any]) -> Iterator[str]:
    """The same where no script runs."""
    headings = (
        "Host",
        "Groups",
        "Stack",
        "Verdict",
        "Release",
        "Implementation",
        "GFLOP/s per CPU s",
        "Proven",
        "Cause",
    )
    yield '<noscript><section aria-labelledby="plain-title"><h2 id="plain-title">Hosts and stacks</h2>'
    yield '<div class="scroll"><table>'
    inside = "".join(f'<th scope="col">{one}</th>' for one in headings)
    yield f"<thead><tr>{inside}</tr></thead><tbody>"
    for name, host, row, judged in lines(document["hosts"]):
        found, cause = mapping(row), mapping(mapping(row).get("cause"))
        why = ": ".join(filter(None, (cause.get("code"), cause.get("text")))) or host["why"]
        cells = [
            *(
                plain(" ".join(host["groups"])),
                plain(found.get("stack", "")),
                verdict(judged),
                plain(found.get("release", "")),
            ),
            *(plain(" ".join(found.get("implementations", ()))), figure(found.get("gflops_per_cpu_second"))),
            *(plain(found.get("proven", "")), plain(why)),
        ]
        inside = "".join(f"<td>{one}</td>" for one in cells)
        yield f'<tr><th scope="row">{plain(name)}</th>{inside}</tr>'
    yield "</tbody></table></div></section></noscript>"
