"""A check that is killed at any moment leaves whole files, and the next one goes on."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
from prometheus_client.parser import text_string_to_metric_families

import dnnready
from dnnready.watch.run import Watch, run
from dnnready.watch.state import path_of
from tests.unit.watch.sample import NOW, device

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "schema" / "watch-1.json").read_text())
KILLS = 6
#: Checks without end, each at another time, so that each writes something else.
ENDLESS = """
import sys
from pathlib import Path
from dnnready.watch.run import Watch, run
now = float(sys.argv[3])
while True:
    now += 0.001
    run(Watch(Path(sys.argv[1]), textfile_directory=sys.argv[2]), now)
"""


def test_files_are_whole_whenever_it_is_killed(tmp_path):
    prefix, metrics = device(tmp_path / "prefix").prefix, tmp_path / "metrics"
    metrics.mkdir()
    last = NOW
    run(Watch(prefix, textfile_directory=str(metrics)), NOW)
    path = str(Path(dnnready.__file__).parents[1])
    moments = random.Random(5)  # noqa: S311 - no secret
    for _ in range(KILLS):
        written = path_of(prefix).stat().st_mtime_ns
        command = [sys.executable, "-c", ENDLESS, str(prefix), str(metrics), str(last)]
        with subprocess.Popen(command, env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"}) as child:
            while path_of(prefix).stat().st_mtime_ns == written and child.poll() is None:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.2))
            child.kill()
        state = json.loads(path_of(prefix).read_text())
        jsonschema.validate(state, SCHEMA)
        families = list(text_string_to_metric_families((metrics / "dnnready.prom").read_text()))
        assert [family.name for family in families][-1] == "dnnready_watch_cpu_seconds"
        assert state["checked"] > last
        last = state["checked"]
    run(Watch(prefix, textfile_directory=str(metrics)), last + 1)
    assert sorted(path.name for path in metrics.iterdir()) == ["dnnready.prom"]
    assert sorted(path.name for path in (prefix / "watch").iterdir()) == [".lock", "state.json"]
