"""What a check of the timer costs: `python tests/bench/watch.py [--prefix /opt/dnnready] [--repeat 5] [STACK …]`.

Runs `dnnready watch` as the timer does, packed as on a device, on a provisioned prefix: once to get to know it, then
looks that find nothing, then checks for which the time of a convolution has come. Prints medians of CPU seconds, of
dnnready and all it started. Root runs it on an overlay of the prefix, which stays as it is; anybody else needs a prefix
to write into.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

import dnnready
from dnnready.archive import build

_OVERLAY = 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/up,workdir=$2/work" "$1" && shift 2 && exec "$@"'
_INSIDE = "DNNREADY_BENCH_INSIDE"


def cost(argv: list[str]) -> float:
    """CPU seconds of a command that must succeed."""
    before = os.times()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode:
        sys.exit(f"{' '.join(argv)} failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return after.children_user + after.children_system - before.children_user - before.children_system


def apart(prefix: str, scratch: str) -> int:
    """This program again, in a mount namespace of its own with an overlay over the prefix."""
    for name in ("up", "work"):
        (Path(scratch) / name).mkdir()
    command = ["unshare", "--mount", "sh", "-c", _OVERLAY, "sh", prefix, scratch, sys.executable, *sys.argv]
    return subprocess.run(command, env={**os.environ, _INSIDE: "1"}, check=False).returncode


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", default="/opt/dnnready", help="provisioned (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is run (default: %(default)s)")
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="default: each that is installed, then all")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if os.geteuid() == 0 and _INSIDE not in os.environ:
            return apart(options.prefix, scratch)
        program = Path(scratch) / "dnnready"
        program.write_bytes(build(Path(dnnready.__file__).parent, "/usr/bin/python3"))
        program.chmod(0o700)
        watch = [str(program), "--prefix", options.prefix, "watch", "--textfile-directory", "none"]
        stacks = options.stacks or sorted(path.name for path in (Path(options.prefix) / "stacks").glob("[a-z]*"))
        cost(watch)
        print(f"{'CPU seconds, median of ' + str(options.repeat):34} look  with a quick convolution")
        for names in [*([name] for name in stacks), stacks] if len(stacks) > 1 else [stacks]:
            looks = [cost([*watch, *names]) for _ in range(options.repeat)]
            convolutions = [cost([*watch, *names, "--proof-every", "0"]) for _ in range(options.repeat)]
            shown = ", ".join(names)
            print(f"{shown:34} {statistics.median(looks):.2f}  {statistics.median(convolutions):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
