"""The table that ends a run: one row per host and stack, the cause and the next command below what is not accelerated.

It is plain ASCII around the values, fits 80 to 200 columns and loses nothing: long values wrap inside their
column, and columns without room move to a line below their row. Only a command is never broken.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .rows import VERDICTS, one_line, read_row

MIN_WIDTH, MAX_WIDTH = 80, 200
#: With more hosts than this, those that are accelerated throughout are counted and not listed.
LIST_ALL_HOSTS = 20

_TITLES = ("host", "stack", "verdict", "implementation", "ISA", "threads", "framework", "oneDNN", "CPU s")
_VERDICT, _IMPLEMENTATION = 2, 3
_ALWAYS = 4  # the first four columns are never moved
_AS_WORDS = {4: "ISA {}", 5: "threads {}", 6: "{}", 7: "oneDNN {}", 8: "{} CPU s"}  # the others, where they are moved
_LONGEST_NAME = 30  # of one implementation that is kept in one piece
_GAP = "  "
_INDENT = "    "
_COLORS = {"accelerated": "32", "planned": "36", "unproven": "33", "fallback": "33"}
_BAD = "31"
_STOPPED = ("fallback", "broken", "refused", "failed")


def render(
    hosts: Mapping[str, Mapping[str, Any]], *, width: int = 100, color: bool = False, aside: Collection[str] = ()
) -> str:
    """The text for `hosts` of a run document (docs/schema/run-1.json): a line of counts, then the table.

    Hosts that stand `aside`, because the run did not come to them, are counted and not listed.

    Width is in columns and is brought between 80 and 200. Only `rows`, `unreachable` and `failed` are read.
    """
    width = max(MIN_WIDTH, min(MAX_WIDTH, width))
    lines = [textwrap.fill(summary(hosts), width, subsequent_indent=_INDENT, break_on_hyphens=False)]
    entries = {name: _entries(host) for name, host in hosts.items()}
    aside = {name for name in aside if name in entries}
    hidden: set[str] = set()
    if len(entries) > LIST_ALL_HOSTS:
        hidden = {name for name, rows in entries.items() if {row["verdict"] for row in rows} == {"accelerated"}}
    listed = [(one_line(name), row) for name, rows in entries.items() if name not in {*hidden, *aside} for row in rows]
    if listed:
        lines += ["", *_table(listed, width, color)]
    if hidden:
        lines += ["", f"{_counted(len(hidden), 'host')} not listed: every stack there is accelerated."]
    if aside:
        lines += ["", f"{_counted(len(aside), 'host')} not listed: no ring came to them."]
    return "\n".join(lines)


def summary(hosts: Mapping[str, Mapping[str, Any]]) -> str:
    """One line: how many stacks, on how many hosts, with which verdicts."""
    rows = [row for host in hosts.values() for row in _rows(host)]
    counts = Counter(row["verdict"] for row in rows)
    short = sum(row["verdict"] == "accelerated" and bool(row["vouched_by"]) for row in rows)
    remarks = {"accelerated": f" ({short} by a short proof)"} if short else {}
    verdicts = ", ".join(f"{counts[word]} {word}{remarks.get(word, '')}" for word in VERDICTS if counts[word])
    troubles = [
        f"{_counted(number, 'host')} {word}"
        for word, number in (
            ("unreachable", sum(bool(host.get("unreachable")) for host in hosts.values())),
            ("failed", sum(bool(host.get("failed")) and not host.get("unreachable") for host in hosts.values())),
        )
        if number
    ]
    parts = "; ".join(filter(None, [verdicts, *troubles])) or "nothing to prove"
    return f"dnnready: {_counted(len(rows), 'stack')} on {_counted(len(hosts), 'host')}: {parts}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _rows(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = host.get("rows")
    return [row for raw in rows if (row := read_row(raw))] if isinstance(rows, Sequence) else []


def _entries(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a host, with one more where the rows do not explain why it stopped."""
    rows = _rows(host)
    explained = any(row["verdict"] in _STOPPED for row in rows)
    if host.get("unreachable") or (host.get("failed") and not explained):
        text = one_line(host.get("failed") or "")
        verdict = "unreachable" if host.get("unreachable") else "failed"
        rows.append({"stack": "", "verdict": verdict, "cause": {"code": "", "text": text}})
    return rows


def _cells(host: str, row: Mapping[str, Any]) -> list[str]:
    isa, seconds = row.get("isa") or "", row.get("cpu_seconds")
    if isa and row["verdict"] == "fallback" and row.get("isa_cpu") not in ("", isa):
        isa = f"{isa} of {row['isa_cpu']}"
    return [
        host,
        row["stack"],
        row["verdict"],
        ", ".join(row.get("implementations") or []),
        isa,
        str(row.get("threads") or ""),
        row.get("framework") or "",
        row.get("onednn") or "",
        "" if seconds is None else f"{seconds:.1f}",
    ]


def _table(listed: Sequence[tuple[str, Mapping[str, Any]]], width: int, color: bool) -> list[str]:
    cells = [_cells(host, row) for host, row in listed]
    layout = _layout(cells, width)
    lines = _row_lines(_TITLES, layout, "")
    for values, (_, row) in zip(cells, listed):
        code = _COLORS.get(row["verdict"], _BAD) if color else ""
        lines += _row_lines([value or "-" for value in values], layout, code)
        moved = [words.format(values[at]) for at, words in _AS_WORDS.items() if at not in layout and values[at]]
        lines += _wrapped(", ".join(moved), width)
        cause = row.get("cause") or {}
        if cause or row["verdict"] != "accelerated":  # what is accelerated may have gone back to an older release
            lines += _wrapped(": ".join(filter(None, [cause.get("code"), cause.get("text")])), width)
            lines += [f"{_INDENT}next: {row['next']}"] if row.get("next") else []
    return lines


def _layout(cells: Sequence[Sequence[str]], width: int) -> dict[int, int]:
    """Column number to width, for the columns that are shown.

    Columns without a value are left out. Where room is short, the implementations wrap first, then the last columns go.
    """
    layout = {
        at: max(len(title), *(len(values[at]) for values in cells))
        for at, title in enumerate(_TITLES)
        if at <= _VERDICT or any(values[at] for values in cells)
    }
    layout[0] = min(layout[0], width // 4)
    layout[1] = min(layout[1], width // 5)
    wanted = layout.get(_IMPLEMENTATION, 0)
    names = [len(name) + 1 for values in cells for name in values[_IMPLEMENTATION].split(", ")]
    least = min(wanted, max(*names, len(_TITLES[_IMPLEMENTATION])), _LONGEST_NAME)
    while True:
        others = sum(layout.values()) - wanted + len(_GAP) * (len(layout) - 1)
        if others + least <= width or max(layout) < _ALWAYS:
            break
        layout.popitem()
    if wanted:
        room = min(wanted, width - others)
        lines = [line for values in cells for line in _in_column(values[_IMPLEMENTATION], room)]
        layout[_IMPLEMENTATION] = max(map(len, [_TITLES[_IMPLEMENTATION], *lines]))
    return layout


def _row_lines(values: Sequence[str], layout: Mapping[int, int], code: str) -> list[str]:
    """One row as lines; `code` colours the verdict."""
    wrapped = {at: _in_column(values[at], room) for at, room in layout.items()}
    lines = []
    for number in range(max(map(len, wrapped.values()))):
        parts = []
        for at, room in layout.items():
            text = wrapped[at][number] if number < len(wrapped[at]) else ""
            padding = " " * (room - len(text))
            parts.append(f"\033[{code}m{text}\033[0m{padding}" if code and text and at == _VERDICT else text + padding)
        lines.append(_GAP.join(parts).rstrip())
    return lines


def _in_column(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_on_hyphens=False)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)
