"""The diagnoses of all hosts as one HTML page that loads nothing from anywhere."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from . import diagnosis_summary as summary
from .rows import one_line
from .words import page

_STYLE = """
:root { color-scheme: light dark; --line: #767676; --mend: #b3261e; --unseen: #8a5a00; --healthy: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --mend: #ff8a80; --unseen: #ffc861; --healthy: #7fd99a; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
td, li, p { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; }
details { border-left: .25rem solid var(--line); margin: .5rem 0; padding: .2rem 0 .2rem .8rem; }
summary { cursor: pointer; font-weight: 600; }
.wide { overflow-x: auto; }
.mend { border-color: var(--mend); } .unseen { border-color: var(--unseen); } .healthy { border-color: var(--healthy); }
""".strip()
_CLASSES = {"to mend": "mend", "not looked at": "unseen", "healthy": "healthy"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_TITLE = "Why conv2d does not run through the DNN library"


def render(document: Mapping[str, Any]) -> str:
    """The page: the summary, then each target with its findings and what was looked at."""
    return "\n".join(_page(document)) + "\n"


def _plain(text: Any) -> str:
    return html.escape(one_line(text))


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_TITLE}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1>{_TITLE}</h1>"
    yield f"<p>{_plain(summary.counts(document))}. Made {_plain(document['created'])}.</p>"
    yield '<div class="wide" role="region" aria-label="Summary" tabindex="0"><table>\n<thead><tr>'
    yield "".join(f'<th scope="col">{name}</th>' for name in ("host", "target", "state", "verdict", "first cause"))
    yield "</tr></thead>\n<tbody>"
    for line in summary.lines(document):
        cells = "".join(f"<td>{page(cell) or '-'}</td>" for cell in (line.target, line.state, line.verdict, line.cause))
        yield f'<tr><th scope="row">{_plain(line.host)}</th>{cells}</tr>'
    yield "</tbody>\n</table></div>"
    for host, entry in document["hosts"].items():
        yield f"<section>\n<h2>{_plain(host)}</h2>"
        why = summary.silence(entry)
        if why:
            yield f"<p>Not looked at. {page(why)}</p>"
        else:
            yield from (part for diagnosis in entry for part in _diagnosis(diagnosis))
        yield "</section>"
    yield "</main>\n</body>\n</html>"


def _diagnosis(diagnosis: Mapping[str, Any]) -> Iterator[str]:
    state = summary.state(diagnosis)
    opened = "" if state == "healthy" else " open"
    first = summary.cause(diagnosis) if state == "to mend" else ""
    yield f'<details class="{_CLASSES[state]}"{opened}>'
    yield f"<summary>{_plain(summary.title(diagnosis))}: {state}{_plain(f', {first}' if first else '')}</summary>"
    if diagnosis.get("problem"):
        yield f"<p>{page(diagnosis['problem'])}</p>\n</details>"
        return
    target = diagnosis["target"]
    yield f"<p>Verdict: {_plain(diagnosis['verdict'])}. {summary.effort(diagnosis)}.</p>"
    if target["python"]:
        origin = target["environment_from"] or "not known"
        yield f"<p>Interpreter: <code>{_plain(target['python'])}</code>, environment: {_plain(origin)}.</p>"
    if diagnosis["findings"]:
        yield "<ol>"
        yield from (part for finding in diagnosis["findings"] for part in _finding(finding))
        yield "</ol>"
    yield "<details>\n<summary>What was looked at</summary>\n<ol>"
    for step in diagnosis["steps"]:
        yield f"<li>{_plain(step['title'])}: <strong>{summary.OUTCOMES[step['outcome']]}</strong>"
        said = [page(words) for words in step["passed"]]
        said += [f"not known: {page(each['what'])} ({page(each['why'])})" for each in step["unknown"]]
        if said:
            yield f"<ul>{''.join(f'<li>{words}</li>' for words in said)}</ul>"
        yield "</li>"
    yield "</ol>\n</details>\n</details>"


def _finding(finding: Mapping[str, Any]) -> Iterator[str]:
    yield f"<li><p><strong><code>{_plain(finding['cause'])}</code></strong> ({_plain(summary.certainty(finding))})</p>"
    yield f"<p>{page(finding['explanation'])}</p>\n<ul>"
    yield from (f"<li><code>{_plain(line)}</code></li>" for line in finding["evidence"])
    yield f"</ul>\n<p><strong>Do:</strong> {page(finding['remedy'])}</p>"
    yield f"<p><strong>Confirm:</strong> {page(finding['confirm'])}</p></li>"
