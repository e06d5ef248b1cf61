"""Fleets for the tests and the bench of the page: variations of what one real, provisioned host answered.

Nothing here is a measurement but that one answer (its kernel has another name); the others have other hardware,
speeds and troubles, the same for the same seed.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from dnnready.host.hardware_class import hardware_class

REAL = json.loads((Path(__file__).parent / "fixtures/fleet/host.json").read_text(encoding="utf-8"))
CREATED = "2026-11-23T02:00:00Z"
#: vendor, model, ISA, flags that go, cores, GiB of memory, speed beside the real host.
MACHINES = (
    ("GenuineIntel", "Intel(R) Xeon(R) Processor", "avx512_core_amx", (), 2, 24, 1.0),
    ("GenuineIntel", "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz", "avx2", ("amx", "avx512", "avx_vnni"), 4, 8, 0.5),
    ("GenuineIntel", "Intel(R) Celeron(R) J4125 CPU @ 2.00GHz", "sse41", ("amx", "avx", "fma", "f16c"), 4, 4, 0.09),
    ("AuthenticAMD", "AMD EPYC 7763 64-Core Processor", "avx2", ("amx", "avx512", "avx_vnni"), 8, 32, 0.6),
    ("AuthenticAMD", "AMD Ryzen Embedded V3C18I", "avx2", ("amx", "avx512", "avx_vnni"), 8, 16, 0.55),
    ("GenuineIntel", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "avx512_core_vnni", ("amx",), 16, 64, 0.8),
    ("GenuineIntel", "Intel(R) Atom(TM) x6425E Processor @ 2.00GHz", "sse41", ("amx", "avx", "fma", "f16c"), 4, 8, 0.1),
    ("GenuineIntel", "Intel(R) Core(TM) Ultra 7 155H", "avx2_vnni", ("amx", "avx512"), 6, 32, 0.65),
)
SITES = ("amsterdam", "berlin", "lisbon", "oslo", "turin")
LOST = {"unreachable": "Failed to connect to the host via ssh: connect to host 192.0.2.7 port 22: Connection timed out"}
BARRED = {"failed": "Cannot read /opt/dnnready/stacks: Permission denied. Connect as root, or as its owner."}


def fleet(hosts: int, seed: int = 1) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Answers and groups of that many hosts with four stacks each; about one in thirty is in some trouble."""
    source = random.Random(seed)  # noqa: S311 - the same fleet for the same seed, no secret
    answers: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for number in range(hosts):
        site, machine = SITES[number % len(SITES)], source.choices(range(len(MACHINES)), (9, 8, 4, 5, 3, 4, 2, 3))[0]
        name = f"{site[:3]}-edge-{number + 1:04d}"
        groups[name] = [site, f"ring{min(2, number * 10 // hosts)}", "x86_64"]
        answers[name] = _answer(source, MACHINES[machine])
    return answers, groups


def _answer(source: random.Random, machine: tuple[Any, ...]) -> dict[str, Any]:
    luck = source.random()
    if luck < 0.012:
        return dict(LOST)
    if luck < 0.016:
        return dict(BARRED)
    stored = copy.deepcopy(REAL)
    _harden(stored["hardware"], machine)
    if luck < 0.02:
        stored["stacks"] = []
    for stack in stored["stacks"]:
        _vary(source, stack, machine)
    return {"stored": stored}


def _harden(hardware: dict[str, Any], machine: tuple[Any, ...]) -> None:
    vendor, model, isa, gone, cores, gib, _ = machine
    hardware["cpu"].update(vendor=vendor, model=model, isa=isa)
    hardware["cpu"]["flags"] = [flag for flag in hardware["cpu"]["flags"] if not flag.startswith(tuple(gone) or "-")]
    hardware["cores"].update(effective=cores, online=cores, physical=cores, affinity=list(range(cores)))
    hardware["memory"]["total_bytes"] = int(gib * 0.97 * (1 << 30))
    kind = hardware_class({**hardware, "unknown": []})
    hardware["class"] = {key: kind[key] for key in ("id", "name", "certain")}


def _vary(source: random.Random, stack: dict[str, Any], machine: tuple[Any, ...]) -> None:
    isa, cores, factor = machine[2], machine[4], machine[6] * min(1.0, source.gauss(0.93, 0.06))
    proof, short = stack["proof"], isa.replace("avx512_core_amx", "avx512_core").replace("_vnni", "")
    proof["created"] = (
        f"2026-11-{source.randint(15, 22):02d}T{source.randint(0, 23):02d}:{source.randint(0, 59):02d}:00Z"
    )
    summary = proof["summary"]
    summary.update(isa=isa, isa_cpu=isa, threads=cores)
    summary["implementations"] = [name.replace("avx512_core", short) for name in summary["implementations"]]
    # The real host was busy with other things; an even figure for each stack makes a fleet of quiet hosts.
    summary["gflops_per_cpu_second"] = round(
        {"tensorflow": 70.0, "pytorch": 112.0}.get(stack["stack"], 127.0) * factor, 2
    )
    for probe in proof["probes"]:
        probe["threads"] = cores
        probe["sgemm_gflops_per_cpu_second"] = round(150 * factor, 2)
        for one in probe["convolutions"]:
            one["implementations"] = [name.replace("avx512_core", short) for name in one["implementations"]]
            if one["gflops_per_cpu_second"]:
                one["gflops_per_cpu_second"] = round(one["gflops_per_cpu_second"] * factor, 2)
    _trouble(source.random(), stack)


def _trouble(luck: float, stack: dict[str, Any]) -> None:
    proof = stack["proof"]
    if luck < 0.006:
        _worse(proof, "broken", "illegal_instruction", "The process died with SIGILL.", "ansible-playbook site.yml")
    elif luck < 0.018:
        _worse(proof, "fallback", "isa_limited", "ONEDNN_MAX_CPU_ISA=SSE41 holds it below the CPU's own.", "Unset it.")
        proof["summary"].update(isa="sse41", implementations=["jit:sse41"])
        proof["summary"]["gflops_per_cpu_second"] /= 4
    elif luck < 0.026:
        stack.update(holds=False, why="/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0 was replaced")
    elif luck < 0.03:
        why = "the service vision.service did not come up within 60 s"
        stack["rejected"] = [{"release": "5ce2c1d9a0b1f4e7", "when": "2026-11-21T04:12:00Z", "why": why}]


def _worse(proof: dict[str, Any], verdict: str, code: str, text: str, following: str) -> None:
    cause = {"code": code, "text": text}
    proof.update(verdict=verdict, cause=cause, next=following)
    proof["probes"][0].update(verdict=verdict, cause=cause)


def drifted(answers: dict[str, Any], seed: int = 2) -> dict[str, Any]:
    """The same hosts a week earlier: some answered then, some had another release or verdict, one was not there."""
    source = random.Random(seed)  # noqa: S311 - as above
    before = copy.deepcopy(answers)
    names = source.sample(sorted(before), min(len(before), 24))
    del before[names[0]]
    for name in names[1:]:
        for stack in before[name].get("stored", {}).get("stacks", [])[:1]:
            stack["proof"]["created"] = "2026-11-14T10:00:00Z"
            change = source.randrange(4)
            if change == 0:
                _worse(stack["proof"], "fallback", "isa_limited", "Held below the CPU's own.", "")
            elif change == 1:
                stack["release"] = "0123456789abcdef"
            elif change == 2:
                stack["proof"]["summary"]["gflops_per_cpu_second"] *= 3
            else:
                stack.update(holds=True, why="")
    before["tur-edge-9999"] = {"unreachable": "gone"}
    return before
