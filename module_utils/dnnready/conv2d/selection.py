"""Which convolutions a probe runs: the default ones that fit the CPU, and the user's own, checked beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import DnnreadyError
from . import isa
from .probe_reference import ROUNDOFF, output_shape
from .shapes import DEFAULT, DEFAULTS, PROBES, complete

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_CHOICES = {
    "dtype": tuple(ROUNDOFF),
    "layout": ("default", "channels_last"),
    "activation": ("none", "relu"),
    "role": ("required", "informational"),
}
_KEYS = {"name", "input", "filters", "kernel", "about", *DEFAULTS}
#: The probe holds input and output as Python lists for the reference: this many values are a gigabyte.
_LARGEST = 1 << 24
_PAIR, _TENSOR = 2, 4


def select(probe: str, cpu_isa: str, extra: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """The shapes for a probe, complete and checked: the default ones that this CPU can run, and the user's own.

    bfloat16 is left out by default where the CPU has no arithmetic for it: it would run 30 to 70 times slower there.
    """
    chosen = [
        _for_host(complete(shape), probe, cpu_isa)
        for shape in DEFAULT
        if probe in shape.get("probes", PROBES) and (shape.get("dtype") != "bfloat16" or has_bfloat16(cpu_isa))
    ]
    names = {shape["name"] for shape in DEFAULT}
    for index, shape in enumerate(extra):
        checked = validate(shape, f"shapes[{index}]")
        if checked["name"] in names:
            raise DnnreadyError(f"shapes[{index}]: the name {checked['name']} is taken.", "Names tell shapes apart.")
        names.add(checked["name"])
        if probe in checked["probes"]:
            chosen.append(checked)
    return chosen


def _for_host(shape: dict[str, Any], probe: str, cpu_isa: str) -> dict[str, Any]:
    """The shape without what only this choice needs."""
    plain = shape.pop("informational_on_arm", ())
    return {**shape, "role": "informational"} if probe in plain and isa.is_arm(cpu_isa) else shape


def has_bfloat16(cpu_isa: str) -> bool:
    """Whether the CPU multiplies bfloat16 itself."""
    known = isa.name(cpu_isa)
    return known == "avx2_vnni_2" or isa.lower(known, "avx512_core_bf16") is False


def validate(shape: Any, where: str) -> dict[str, Any]:
    """A user's shape, complete. Raises DnnreadyError that says which key is wrong and what it may be."""
    if not isinstance(shape, Mapping):
        raise DnnreadyError(f"{where} must be a mapping, not {shape!r}.", "See docs/proof.md.")
    unknown = sorted(set(map(str, shape)) - _KEYS)
    missing = [key for key in ("name", "input", "filters", "kernel") if key not in shape]
    if unknown or missing:
        problem = f"unknown key {unknown[0]}" if unknown else f"{missing[0]} is missing"
        raise DnnreadyError(f"{where}: {problem}.", f"Known keys: {', '.join(sorted(_KEYS))}.")
    if not isinstance(shape["name"], str) or not _NAME.match(shape["name"]):
        raise DnnreadyError(
            f"{where}: the name is {shape['name']!r}.", "It has lower-case letters, digits, '.', '_' and '-'."
        )
    for key, choices in _CHOICES.items():
        if key in shape and shape[key] not in choices:
            raise DnnreadyError(f"{where}: {key} is {shape[key]!r}.", f"It may be {', '.join(choices)}.")
    probes = shape.get("probes", PROBES)
    if not isinstance(probes, (list, tuple)) or not all(probe in PROBES for probe in probes):
        raise DnnreadyError(f"{where}: probes is {probes!r}.", f"It is a list of {', '.join(PROBES)}.")
    if not isinstance(shape.get("bias", True), bool):
        raise DnnreadyError(f"{where}: bias is {shape['bias']!r}.", "It is true or false.")
    _sizes(shape, where)
    filled = complete(shape)
    _geometry(filled, where)
    return filled


def _sizes(shape: Mapping[str, Any], where: str) -> None:
    for key, least in (("kernel", 1), ("stride", 1), ("dilation", 1), ("padding", 0)):
        value = shape.get(key, least)
        if not (_whole(value, least) or _all_whole(value, _PAIR, least)):
            raise DnnreadyError(
                f"{where}: {key} is {value!r}.", f"It is a whole number from {least}, or a pair of them."
            )
    for key in ("filters", "groups"):
        if not _whole(shape.get(key, 1), 1):
            raise DnnreadyError(f"{where}: {key} is {shape[key]!r}.", "It is a whole number from 1.")
    if not _all_whole(shape["input"], _TENSOR, 1):
        raise DnnreadyError(f"{where}: input is {shape['input']!r}.", "It is [batch, channels, height, width].")


def _geometry(shape: Mapping[str, Any], where: str) -> None:
    channels, groups = shape["input"][1], shape["groups"]
    if channels % groups or shape["filters"] % groups:
        raise DnnreadyError(
            f"{where}: {channels} channels and {shape['filters']} filters do not divide into {groups} groups."
        )
    sizes = output_shape(shape)
    if min(sizes) < 1:
        raise DnnreadyError(f"{where}: the kernel is larger than the padded input.")
    for what, count in (("input", shape["input"]), ("output", sizes)):
        total = count[0] * count[1] * count[2] * count[3]
        if total > _LARGEST:
            raise DnnreadyError(f"{where}: the {what} has {total} values.", f"Up to {_LARGEST} can be checked.")


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _all_whole(value: Any, length: int, least: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == length and all(_whole(item, least) for item in value)
