"""Speed by hardware class: a bar for each stack, beside the best matrix multiplication measured in the class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from .text import figure, plain

_WIDTH, _HEIGHT = 1000, 16
#: Classes that are shown at once; the others are a click away.
_SHOWN = 4


def chart(classes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A section with a table whose bars are drawn inside; the figures stand beside them."""
    shown = [one for one in classes if one["stacks"]]
    if not shown:
        return
    scale = _nice(max(_largest(one) for one in shown))
    yield '<section aria-labelledby="speed-title">\n<h2 id="speed-title">Speed by hardware class</h2>'
    yield (
        '<p class="note">GFLOP/s per CPU second of the required float32 convolutions of a proof, so that hosts with '
        "different thread counts compare. The bar ends at the median, the thin line runs from the slowest proof to the "
        "fastest. The peak, the upright mark, is the best float32 matrix multiplication (sgemm) that a proof of the "
        "class measured; a convolution may exceed it. A slow proof may be the proof of a busy host.</p>"
    )
    yield from _table(shown[:_SHOWN], scale)
    if len(shown) > _SHOWN:
        yield f"<details><summary>{len(shown) - _SHOWN} more hardware classes</summary>"
        yield from _table(shown[_SHOWN:], scale)
        yield "</details>"
    yield "</section>"


def _table(shown: Sequence[Mapping[str, Any]], scale: float) -> Iterator[str]:
    yield '<div class="scroll" role="region" aria-label="Speed by hardware class" tabindex="0"><table class="speed">'
    yield '<thead><tr><th scope="col">Stack</th><th scope="col" class="number roomy">Proofs</th>'
    yield '<th scope="col" class="bar"><span class="axis">'
    yield "".join(f"<span>{scale * part:g}</span>" for part in (0, 0.25, 0.5, 0.75, 1))
    yield '</span></th><th scope="col" class="number">Median</th>'
    yield '<th scope="col" class="number">Of peak</th></tr></thead>'
    for one in shown:
        peak = one["peak"]["gflops_per_cpu_second"] if one["peak"] else None
        hosts = f"{one['hosts']:,} host{'' if one['hosts'] == 1 else 's'}"
        said = f"sgemm peak {figure(peak)}, {plain(one['peak']['host'])}" if one["peak"] else "no sgemm measured"
        yield f'<tbody><tr class="class"><th scope="rowgroup" colspan="5">{plain(one["name"])}'
        yield f'<span class="muted">{hosts} · {said}</span></th></tr>'
        for stack in one["stacks"]:
            share = f"{100 * stack['median'] / peak:.0f} %" if peak else ""
            yield f'<tr><th scope="row">{plain(stack["stack"])}</th><td class="number roomy">{stack["proofs"]:,}</td>'
            yield f'<td class="bar">{bar(stack, peak, scale)}</td>'
            yield f'<td class="number">{figure(stack["median"])}</td><td class="number">{share}</td></tr>'
        yield "</tbody>"
    yield "</table></div>"


def bar(stack: Mapping[str, Any], peak: Optional[float], scale: float) -> str:
    """The bar of a stack. It is stretched to its cell; strokes keep their width."""

    def at(value: float) -> str:
        return f"{_WIDTH * min(value / scale, 1):.1f}"

    low, median, high = (at(stack[key]) for key in ("lowest", "median", "highest"))
    said = f"Median {figure(stack['median'])}, from {figure(stack['lowest'])} to {figure(stack['highest'])}"
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{said}">',
        f"<title>{said}</title>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<rect class="median" y="4" width="{median}" height="8"/>',
    ]
    if low != high:
        parts.append(f'<path class="range" d="M{low} 8H{high}M{low} 5V11M{high} 5V11"/>')
    if peak:
        parts.append(f'<path class="peak" d="M{at(peak)} 0V{_HEIGHT}"/>')
    return "".join([*parts, "</svg>"])


def _largest(one: Mapping[str, Any]) -> float:
    peak = one["peak"]["gflops_per_cpu_second"] if one["peak"] else 0.0
    return float(max([peak, *(stack["highest"] for stack in one["stacks"])]))


def _nice(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is not smaller."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10, 20) if step * power >= value)
