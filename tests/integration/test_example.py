"""The example of the tutorial, in the stack that `make test-stacks` builds from it."""

import os
import subprocess
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "edges"

CHECK = """
import sys, numpy
from PIL import Image
edges = numpy.asarray(Image.open(sys.argv[1])) / 255
y, x = numpy.nonzero(edges > 0.5)
radius = numpy.hypot(x - 320, y - 240)
print(len(radius) > 500, abs(radius.mean() - 150) < 2, radius.std() < 2)
"""


@pytest.mark.frameworks
def test_the_example_finds_the_edge_of_the_disc_through_onednn(tmp_path):
    program = Path(os.environ.get("DNNREADY_TEST_PREFIX", "/opt/dnnready")) / "bin" / "dnnready"

    def run(*command, **variables):
        done = subprocess.run(
            [program, "run", "edges", "--", "python", *command],
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(EXAMPLE / "picture.py", "in.png")
    told = run(EXAMPLE / "edges.py", "in.png", "out.png", ONEDNN_VERBOSE="1")
    assert "(1, 3, 480, 640) -> (1, 1, 480, 640)" in told
    assert "1 threads" in told
    assert ",exec,cpu,convolution," in told
    assert run("-c", CHECK, "out.png") == "True True True\n"
