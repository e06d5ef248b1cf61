"""What the page of a fleet costs: `python tests/bench/fleet_page.py [--hosts 1000]`, in a headless Chromium.

Measured are: making the document and the files on the controller, opening the page until its table is drawn, and
a key in the filter until the next frame. The hosts are variations of one real answer (tests/fleet_sample.py).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "module_utils")]

from dnnready.report.fleet import document  # noqa: E402 - the paths come first
from dnnready.report.fleet_files import files  # noqa: E402
from tests.browser import TYPE, chromium, seconds_of, seconds_to_load, show  # noqa: E402
from tests.fleet_sample import CREATED, drifted, fleet  # noqa: E402

KEYS = ("o", "os", "osl", "osl-", "osl-e", "osl-e x", "", "isa", "broken", "jit:avx2 turin")
SORT = "document.querySelector('#table button[data-key=\"{}\"]').click()"
OPEN = "location.hash = 'host={}'"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5, help="how often the page is opened")
    options = parser.parse_args()
    answers, groups = fleet(options.hosts)
    before = document(drifted(answers), groups, created="2026-11-16T02:00:00Z")
    begun = time.process_time()
    found = document(answers, groups, previous=before, created=CREATED)
    read = time.process_time() - begun
    written = files(found)
    print(f"{options.hosts} hosts, {found['totals']['stacks']} stacks; load of this machine {os.getloadavg()[0]:.1f}")
    print(f"controller: {read:.1f} CPU s to read the answers, {time.process_time() - begun - read:.1f} for the files")
    print("; ".join(f"{file['name']} {len(file['content'].encode()) / 1e6:.1f} MB" for file in written))
    with tempfile.TemporaryDirectory() as directory, chromium() as driver:
        page = Path(directory) / "fleet.html"
        page.write_text(written[0]["content"], encoding="utf-8")
        loads = []
        for _ in range(options.repeat):
            show(driver, page)
            loads.append(seconds_to_load(driver))
        keys = [seconds_of(driver, TYPE.format(text)) for _ in range(options.repeat) for text in KEYS]
        seconds_of(driver, TYPE.format(""))
        sorts = [seconds_of(driver, SORT.format(key)) for key in ("host", "speed", "cause", "class", "age")]
        one = seconds_of(driver, OPEN.format(next(iter(found["hosts"]))))
    for name, values in (("open", loads), ("key in the filter", keys), ("sort", sorts), ("open a host", [one])):
        print(f"{name}: {1000 * statistics.median(values):.0f} ms, at most {1000 * max(values):.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
