"""The proof: everything that the probes of a stack showed, as the document docs/schema/proof-1.json."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import causes, convolutions, isa, mkl_verbose, verdict, witnesses
from .harness import Run
from .probe_reference import ROUNDOFF

SCHEMA = "dnnready/proof/1"
_TAIL = 4000


def report(  # everything that one probe showed
    probe: str,
    asked: Sequence[Mapping[str, Any]],
    run: Run,
    control: Optional[Mapping[str, Any]],
    control_run: Optional[Run],
    *,
    environment: Mapping[str, str],
    cpu_isa: str,
    option: str,
    failure: Optional[causes.Cause] = None,
    vouched: bool = False,
) -> dict[str, Any]:
    """One entry of `probes`: process, library, convolutions, witnesses, control, and the verdict on them.

    `failure` is what the caller knows to be wrong whatever the run says. `control` is that of a second process, None
    where the probe makes its own; with `vouched` that process need not be run.
    """
    seen, completed = run.observation, run.completed
    result = seen.result or {}
    library = _library(run)
    threads = _threads(result, library)
    records = convolutions.describe(probe, asked, seen, threads)
    spoken = witnesses.second(probe, seen, records) if seen.result else []
    silence = dict(control) if control is not None else witnesses.inner_control(seen)
    if seen.result is None or not completed.ok:
        during = seen.unfinished[0] if seen.unfinished else ""
        failure = _library_failure(seen.errors) or causes.of_process(completed, during, environment)
    judged = verdict.Evidence(
        failure=failure,
        convolutions=convolutions.evidence(records),
        silent=silence["silent"],
        vouched=vouched,
        contradictions=witnesses.contradictions(spoken),
        isa=library["isa"],
        isa_cpu=cpu_isa,
        cap=isa.cap(probe, environment),
        own_choice=probe == "mkl",
        enabled=result.get("onednn_enabled"),
        option=option,
    )
    outcome, cause = verdict.judge(judged)
    framework = result.get("framework", {})
    return {
        "probe": probe,
        "verdict": outcome,
        "cause": {"code": cause.code, "text": cause.text} if cause else None,
        "next": cause.next if cause else "",
        "framework": {
            "name": str(framework.get("name", "")),
            "version": witnesses.short_version(str(framework.get("version", ""))),
        },
        "library": library,
        "threads": threads,
        "openmp": convolutions.openmp(result.get("libraries", [])),
        "convolutions": records,
        "witnesses": spoken,
        "control": silence,
        "sgemm_gflops_per_cpu_second": _sgemm(result),
        "process": _process(run),
        "control_process": _process(control_run) if control_run else None,
        "unfinished": " ".join(seen.unfinished) if seen.unfinished else "",
        "library_errors": seen.errors[:20],
        "stderr_tail": completed.stderr[-_TAIL:],
    }


def assemble(
    request: Mapping[str, Any], reports: Sequence[Mapping[str, Any]], mark: Mapping[str, Any]
) -> dict[str, Any]:
    """The document, from the reports of all probes of a stack and its fingerprint."""
    outcome = verdict.worst([report["verdict"] for report in reports])
    deciding = next(report for report in reports if report["verdict"] == outcome)
    cpu = request["host"].get("cpu") or {}
    return {
        "schema": SCHEMA,
        "stack": request["stack"],
        "release": request["release"],
        "scope": request["scope"],
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "verdict": outcome,
        "cause": deciding["cause"],
        "next": deciding["next"],
        "summary": summary(reports, str(cpu.get("isa", ""))),
        "host": {key: cpu.get(key, "") for key in ("architecture", "vendor", "model", "isa")},
        "environment": dict(request["environment"]),
        "options": dict(request["options"]),
        "probes": [dict(report) for report in reports],
        "fingerprint": dict(mark),
    }


def summary(reports: Sequence[Mapping[str, Any]], cpu_isa: str) -> dict[str, Any]:
    """What the table shows of it."""
    records = [record for report in reports for record in report["convolutions"] if record["role"] == "required"]
    ran = list(dict.fromkeys(name for record in records for name in record["implementations"]))
    timed = [record for record in records if record["cpu_seconds"] and record["dtype"] == "float32"]
    seconds = sum(record["cpu_seconds"] for record in timed)
    processes = [report[key] for report in reports for key in ("process", "control_process") if report[key]]
    threads = [report["threads"] for report in reports if report["threads"]]
    libraries = [report["library"] for report in reports]
    names = (" ".join(filter(None, report["framework"].values())) for report in reports)
    return {
        "implementations": ran,
        "isa": next((library["isa"] for library in libraries if library["isa"]), ""),
        "isa_cpu": cpu_isa,
        "threads": max(threads) if threads else None,
        "framework": ", ".join(filter(None, names)),
        "onednn": next(
            (report["library"]["version"] for report in reports if report["library"]["name"] == "oneDNN"), ""
        ),
        "cpu_seconds": round(sum(process["cpu_seconds"] for process in processes), 3),
        "peak_rss_bytes": max(process["peak_rss_bytes"] for process in processes),
        "gflops_per_cpu_second": round(sum(r["operations"] for r in timed) / seconds / 1e9, 2) if seconds else None,
        "max_error_ratio": _worst_ratio(records),
        "dtypes": [name for name in ROUNDOFF if any(record["dtype"] == name for record in records)],
    }


def _worst_ratio(records: Sequence[Mapping[str, Any]]) -> Optional[float]:
    ratios = [record["numbers"]["error_ratio"] for record in records if record["numbers"]]
    return max(ratios) if ratios and None not in ratios else None


def _library(run: Run) -> dict[str, Any]:
    header = run.observation.header
    mkl = isinstance(header, mkl_verbose.Header)
    return {
        "name": ("MKL" if mkl else "oneDNN") if header.version else "",
        "version": header.version,
        "commit": "" if isinstance(header, mkl_verbose.Header) else header.commit,
        "runtime": header.threading if isinstance(header, mkl_verbose.Header) else header.runtime,
        "threads": None if isinstance(header, mkl_verbose.Header) else header.threads,
        "isa": isa.of_header(header.isa),
        "isa_text": header.isa,
    }


def _threads(result: Mapping[str, Any], library: Mapping[str, Any]) -> Optional[int]:
    """The library's own count; the framework's where it does not say (TensorFlow's 0 means its choice)."""
    return library["threads"] or result.get("threads") or None


def _library_failure(errors: Sequence[str]) -> Optional[causes.Cause]:
    return next(filter(None, map(causes.of_text, errors)), None)


def _sgemm(result: Mapping[str, Any]) -> Optional[float]:
    measured = result.get("sgemm") or {}
    taken = sorted(measured.get("cpu_seconds") or [])
    middle = taken[len(taken) // 2] if taken else 0.0
    return round(measured["operations"] / middle / 1e9, 2) if middle else None


def _process(run: Run) -> dict[str, Any]:
    completed = run.completed
    return {
        "exit_code": completed.exit_code,
        "signal": completed.signal,
        "timed_out": completed.timed_out,
        "wall_seconds": round(completed.wall_seconds, 3),
        "cpu_seconds": round(completed.cpu_seconds, 3),
        "peak_rss_bytes": completed.peak_rss_bytes,
    }
