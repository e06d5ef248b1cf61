"""The page itself: what is readable without script, the script's data, the script and the style, held by a policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .chart import chart
from .data import embedded, page_data
from .parts import changes, plain_table, summary, workbench
from .text import plain, when

_HERE = Path(__file__).parent
_SCRIPTS = ("base.js", "table.js", "host.js", "route.js")
#: The sign of each verdict, in a square of 16.
_SIGNS = {
    "accelerated": '<circle cx="8" cy="8" r="7"/><path class="cut" d="M4.8 8.3l2.2 2.2 4.2-4.7"/>',
    "fallback": '<path d="M1 3h14L8 15z"/>',
    "broken": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path class="cut" d="M5.5 5.5l5 5m0-5l-5 5"/>',
    "unproven": '<circle class="ring dashed" cx="8" cy="8" r="6"/>',
    "unreachable": '<circle class="ring" cx="8" cy="8" r="6"/><path class="ring" d="M4 12l8-8"/>',
    "failed": '<path d="M8 .5L15.5 8 8 15.5.5 8z"/><path class="cut" d="M8 4.5v4m0 2v1.2"/>',
}


def render(document: Mapping[str, Any]) -> str:
    """The page of a fleet document (docs/schema/fleet-1.json)."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    parts = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'\n"use strict";\n(() => {{\n{parts}}})();\n'
    return "\n".join(_page(document, style, script)) + "\n"


def policy(style: str, script: str) -> str:
    """What the page may do: nothing but its own style and script, known by their digests."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _page(document: Mapping[str, Any], style: str, script: str) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy(style, script)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">'
    yield f"<title>Fleet · {plain(document['created'][:10])}</title>\n<style>{style}</style>\n</head>\n<body>"
    signs = (f'<symbol id="i-{name}" viewBox="0 0 16 16">{drawn}</symbol>' for name, drawn in _SIGNS.items())
    yield f'<svg class="signs" aria-hidden="true"><defs>{"".join(signs)}</defs></svg>'
    yield '<a class="skip" href="#lines">Skip to the table</a>'
    yield from _header(document)
    yield '<main>\n<div id="overview">'
    yield from summary(document)
    yield '<div class="pair">'
    yield from chart(document["classes"])
    yield from changes(document)
    yield "</div>"
    yield from workbench()
    yield from plain_table(document)
    yield '</div>\n<article id="host" tabindex="-1" hidden></article>\n</main>'
    yield f'<script type="application/json" id="data">{embedded(page_data(document))}</script>'
    yield f"<script>{script}</script>\n</body>\n</html>"


def _header(document: Mapping[str, Any]) -> Iterator[str]:
    yield "<header>\n<div>\n<h1>Fleet</h1>"
    yield f'<p class="muted">Made {when(document["created"])} of what the hosts have stored.</p></div>'
    yield '<nav aria-label="This page">'
    yield '<a href="fleet.csv">CSV</a> <a href="fleet.json">JSON</a>'
    yield '<label class="scripted">Colours <select id="theme"><option value="">as the system</option>'
    yield '<option value="light">light</option><option value="dark">dark</option></select></label></nav>\n</header>'
