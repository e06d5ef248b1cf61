"""Proves a release where a sibling has proven it in full: in short where that is justified, in full where it is not.

A short proof leaves out what the sibling showed for both: convolutions of a kind that is shown by another, a control
that takes a process of its own, and all measurements. It stays `accelerated` only where everything that it does show
agrees with the sibling's: implementations, instruction set, threads, versions, and the libraries of the system.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ..host.hardware_class import hardware_class
from .fingerprint import local
from .selection import select
from .verification import complete, verify
from .voucher import asked, eligible, kind, libraries, shown

#: What a voucher has, by the type of its values.
_KEYS = {
    **dict.fromkeys(("host", "hardware_class", "stack", "release", "created", "proof"), str),
    **dict.fromkeys(("libc", "probes", "asked", "libraries"), str),
    "shows": dict,
}
_SHOWN = {"framework": "the framework", "library": "the library", "isa": "the ISA", "threads": "the number of threads"}


def prove(request: Mapping[str, Any], voucher: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """The proof of a release; without a voucher as `verification.verify` makes it.

    With one, the proof is short, and says whose voucher it rests on, or it is full and says in `scope_why` why.
    """
    if not voucher:
        return verify(request)
    ready = complete(request)
    why = objection(ready, voucher)
    if not why:
        names = {probe: list(said["convolutions"]) for probe, said in voucher["shows"].items()}
        proof = verify({**request, "short": names})
        why = difference(proof, voucher, ready["release_path"])
        if not why:
            return {**proof, "voucher": _kept(voucher)}
    return {**verify(request), "scope_why": why}


def _kept(voucher: Mapping[str, Any]) -> dict[str, str]:
    """What a short proof keeps of the voucher."""
    return {key: voucher[key] for key in ("host", "hardware_class", "release", "proof", "created")}


def objection(request: Mapping[str, Any], voucher: Mapping[str, Any]) -> str:
    """Why a voucher does not justify a short proof here, looked at before anything runs; "" where it does.

    `request` is a complete one (verification.complete).
    """
    return next(_objections(request, voucher), "")


def _objections(request: Mapping[str, Any], voucher: Mapping[str, Any]) -> Iterator[str]:
    if not _whole(voucher):
        yield "the voucher cannot be read"
        return
    host, place = voucher["host"], request["release_path"]
    yield from _strangers(request["host"], voucher)
    if (voucher["stack"], voucher["release"]) != (request["stack"], request["release"]):
        yield f"{host} vouches for another release"
    if not place or request["python"] != os.path.join(place, "venv", "bin", "python"):
        yield "what is proven is no release with its own interpreter"
    here = local()
    if not here["probes"].startswith(voucher["probes"]):
        yield f"{host} was proven by another version of dnnready"
    if here["libc"] != voucher["libc"]:
        yield f"the C library is {here['libc'] or 'unknown'}, that of {host} {voucher['libc'] or 'unknown'}"
    if asked(place, request["environment"], request["options"], request["probes"]) != voucher["asked"]:
        yield f"{host} was proven with other variables, options or probes"
    yield from _too_little(request, voucher)


def _strangers(host: Mapping[str, Any], voucher: Mapping[str, Any]) -> Iterator[str]:
    try:
        own = hardware_class(host)
    except (KeyError, TypeError, AttributeError):
        yield "the hardware class of this host is not known"
        return
    if not own["certain"]:
        yield "the hardware class of this host is not certain"
    if own["id"] != voucher["hardware_class"]:
        yield f"{voucher['host']} is of another hardware class ({voucher['hardware_class']}, this host {own['id']})"


def _too_little(request: Mapping[str, Any], voucher: Mapping[str, Any]) -> Iterator[str]:
    """A voucher decides what is run, so it must ask for one convolution of each kind at least."""
    cpu_isa = str((request["host"].get("cpu") or {}).get("isa", ""))
    for probe in request["probes"]:
        known = {shape["name"]: kind(shape) for shape in select(probe, cpu_isa) if eligible(shape)}
        named = voucher["shows"].get(probe, {"convolutions": {}})["convolutions"]
        missing = set(known.values()) - {known[name] for name in named if name in known}
        if missing or set(named) - set(known):
            yield f"the voucher of {voucher['host']} does not show {', '.join(sorted(missing)) or 'what is run'}"


def _whole(voucher: Any) -> bool:
    if not isinstance(voucher, Mapping) or not all(isinstance(voucher.get(key), of) for key, of in _KEYS.items()):
        return False
    if not all((voucher["host"], voucher["probes"], voucher["hardware_class"])):
        return False
    return all(
        isinstance(said, Mapping) and isinstance(said.get("convolutions"), Mapping) and set(_SHOWN) <= set(said)
        for said in voucher["shows"].values()
    )


def difference(proof: Mapping[str, Any], voucher: Mapping[str, Any], place: str) -> str:
    """What a short proof shows that the sibling's did not, or lacks; "" where it agrees and is accelerated."""
    return next(_differences(proof, voucher, place), "")


def _differences(proof: Mapping[str, Any], voucher: Mapping[str, Any], place: str) -> Iterator[str]:
    host = voucher["host"]
    if proof["verdict"] != "accelerated":
        yield f"the short proof is {proof['verdict']}: {(proof['cause'] or {}).get('text', 'no cause is known')}"
    for report in proof["probes"]:
        wanted = voucher["shows"][report["probe"]]
        here = shown(report, list(wanted["convolutions"]))
        for key, words in _SHOWN.items():
            if here[key] != wanted[key]:
                yield f"{words} is {here[key] or 'unknown'} here, {wanted[key] or 'unknown'} on {host}"
        for name, implementations in wanted["convolutions"].items():
            ran = here["convolutions"].get(name, [])
            if ran != implementations:
                yield f"{name} ran as {_list(ran)} here, as {_list(implementations)} on {host}"
    if libraries(proof["fingerprint"]["files"], place) != voucher["libraries"]:
        yield f"libraries of the system that the stack loads (such as libgomp, libstdc++) are others than on {host}"


def _list(names: Any) -> str:
    return ", ".join(map(str, names)) or "nothing of the library"
