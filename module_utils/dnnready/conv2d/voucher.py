"""What one host proved in full, so that its siblings need not: a voucher, some hundred bytes, made on the controller.

On the device a full, accelerated proof gets an `attestation`, its short form: what any sibling must show too. The
controller puts host and hardware class to it, and hands it to hosts of the same certain class that are to run the same
release. What they do with it is in sibling.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ..files import canonical_json, sha256_text
from .shapes import DEFAULT
from .stored import essence

_DIGITS = 16
#: Libraries that Python's own modules bring along, and that no convolution passes through: each has updates of its own.
_ASIDE = tuple(
    f"lib{name}." for name in ("bz2", "crypto", "expat", "ffi", "lzma", "ssl", "sqlite3", "uuid", "z", "zstd")
)


def attestation(proof: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """What a full, accelerated proof of a release says that a sibling must show too; None for any other document.

    {stack, release, created, proof: digest of what it says, libc, probes, asked, libraries, shows: {probe: {framework,
    library, isa, threads, convolutions: {name: [implementation]}}}}; what the digests are of is in docs/proof.md.
    """
    try:
        if not proof or proof.get("scope", "full") != "full" or proof["verdict"] != "accelerated":
            return None
        place = release_path(proof)
        if not place or not proof["stack"]:
            return None
        reports = {report["probe"]: report for report in proof["probes"]}
        return {
            **{key: proof[key] for key in ("stack", "release", "created")},
            "proof": digest(proof),
            "libc": proof["fingerprint"]["libc"],
            "probes": proof["fingerprint"]["probes"][:_DIGITS],
            "asked": asked(place, proof["environment"], proof["options"], list(reports)),
            "libraries": libraries(proof["fingerprint"]["files"], place),
            "shows": {probe: shown(report, telling(report)) for probe, report in reports.items()},
        }
    except (KeyError, TypeError, AttributeError, IndexError):
        return None  # of another version, or damaged


def voucher(
    said: Optional[Mapping[str, Any]], hardware_class: Mapping[str, Any], host_name: str
) -> Optional[dict[str, Any]]:
    """The voucher of a host for its siblings: what is `said` (its attestation), host, hardware_class: its id.

    A whole proof will do. None unless it is full and accelerated and the class is certain.
    """
    said = said if said and "shows" in said else attestation(said)
    if not said or hardware_class.get("certain") is not True or not hardware_class.get("id"):
        return None
    return {**said, "host": host_name, "hardware_class": str(hardware_class["id"])}


def vouchers(
    entries: Iterable[Mapping[str, Any]], known: Optional[Mapping[str, Mapping[str, Any]]] = None
) -> dict[str, dict[str, Any]]:
    """{hardware class: {release: voucher}}, one for each, the first that comes; those that are `known` come before.

    An entry is {host, hardware_class: {id, certain}, said: [attestations or proofs, None where there is none]}.
    """
    found: dict[str, dict[str, Any]] = {kind: dict(releases) for kind, releases in (known or {}).items()}
    for entry in entries:
        for said in entry.get("said") or ():
            made = voucher(said, entry.get("hardware_class") or {}, str(entry["host"]))
            if made:
                found.setdefault(made["hardware_class"], {}).setdefault(made["release"], made)
    return found


def of_hosts(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    known: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> dict[str, dict[str, Any]]:
    """The vouchers of hosts by what a run has registered of them: their look, and what was proven and made current."""
    return vouchers((_entry(name, hostvars[name]) for name in hosts), known)


def _entry(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    seen = variables.get("dnnready_seen") or {}
    before = [found.get("attestation") for found in (seen.get("stacks") or {}).values()]
    said = [*(variables.get("stack_attestations") or ()), *before]
    return {"host": name, "hardware_class": seen.get("hardware_class"), "said": said}


def digest(proof: Mapping[str, Any]) -> str:
    """Of what a proof says, without times and measurements: the host that has it can show that it still does."""
    return sha256_text(canonical_json(essence(proof)))


def release_path(proof: Mapping[str, Any]) -> str:
    """Where the release lay when it was proven; "" where it was none."""
    end = f"/{proof['release']}/environment"
    paths = (str(entry[0]) for entry in proof["fingerprint"]["files"])
    return next((os.path.dirname(path) for path in paths if path.endswith(end)), "")


def asked(place: str, environment: Mapping[str, str], options: Mapping[str, Any], probes: Sequence[str]) -> str:
    """What the proof was asked for, as a digest that is the same wherever the release lies."""
    variables = {name: value.replace(place, "{release}") for name, value in environment.items()}
    made_of = {"environment": variables, "options": options, "probes": sorted(probes)}
    return sha256_text(canonical_json(made_of))[:_DIGITS]


def libraries(files: Sequence[Sequence[Any]], place: str) -> str:
    """The libraries from outside of the release, by name, size and time, as a digest.

    The package tools keep the times of the files in a package, so the same version has the same time on every host.
    """
    outside = (entry for entry in files if not str(entry[0]).startswith(f"{place}/"))
    kept = sorted([os.path.basename(entry[0]), *entry[1:]] for entry in outside if _computes(entry[0]))
    return sha256_text(canonical_json(kept))[:_DIGITS]


def _computes(path: str) -> bool:
    return "/lib-dynload/" not in path and not os.path.basename(path).startswith(_ASIDE)


#: Convolutions that a short proof may run: the default ones, but for the one that changes its own environment.
_SHAPES = frozenset(shape["name"] for shape in DEFAULT if "environment_inside" not in shape)


def kind(shape: Mapping[str, Any]) -> str:
    """What libraries have kernels of their own for; of a complete shape, or of a convolution of a proof."""
    what = "depthwise" if shape["groups"] > 1 else "1x1" if shape["kernel"] == [1, 1] else "dense"
    return what if shape["layout"] == "default" else f"{what}, {shape['layout']}"


def eligible(shape: Mapping[str, Any]) -> bool:
    """Whether a short proof may rest on it; of a complete shape, or of a convolution of a proof."""
    return shape["name"] in _SHAPES and shape["role"] == "required"


def telling(report: Mapping[str, Any]) -> list[str]:
    """The convolutions of a report that show each kind and each implementation that it has, the cheapest ones."""
    records = [record for record in report["convolutions"] if eligible(record)]
    ran: dict[str, set[str]] = {}
    for record in records:
        ran.setdefault(record["name"], set()).update(record["implementations"])
    chosen: list[str] = []
    seen: set[str] = set()
    for record in sorted(records, key=lambda record: (record["dilation"] != [1, 1], record["operations"])):
        new = {kind(record), *ran[record["name"]]} - seen
        if new:
            seen |= new
            chosen.append(record["name"])
    return chosen


def shown(report: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What a report says that siblings must agree on, and what ran the convolutions of these names."""
    convolutions: dict[str, list[str]] = {}
    for record in report["convolutions"]:
        if record["name"] in names:
            known = convolutions.setdefault(record["name"], [])
            known.extend(name for name in record["implementations"] if name not in known)
    return {
        "framework": _words(report["framework"], "name", "version"),
        "library": _words(report["library"], "name", "version", "runtime"),
        "isa": report["library"]["isa"],
        "threads": report["threads"],
        "convolutions": convolutions,
    }


def _words(said: Mapping[str, Any], *keys: str) -> str:
    return " ".join(filter(None, (said[key] for key in keys)))
