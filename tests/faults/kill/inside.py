"""PID 1 of a small world of its own: mounts the storage of one trial, runs a command, and dies with everything in it.

`unshare --pid` makes the kernel kill every process of the world at once when this one ends, which is what a power cut
does to processes. Standard library only; a file of its own because it starts hundreds of times.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

#: Exit status that says: killed as it was asked.
KILLED = 137


def mount(prefix: str, bind: str, overlay: str) -> None:
    """Give the trial its storage at the final path: a directory, or `lower:upper:work` of an overlay."""
    if bind:
        command = ["mount", "--bind", bind, prefix]
    else:
        lower, upper, work = overlay.split(":")
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        command = ["mount", "-t", "overlay", "-o", options, "overlay", prefix]
    subprocess.run(command, check=True)


def end_everything() -> None:
    """Take the whole world down: no handler runs, nothing is flushed."""
    os._exit(KILLED)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is its own, or KILLED."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--bind", default="")
    parser.add_argument("--overlay", default="")
    parser.add_argument("--kill-after", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--call", default="", metavar="NAME", help="the system call that counts")
    parser.add_argument("--at", type=int, default=0, metavar="N", help="kill before the N-th of them")
    parser.add_argument("--children", action="store_true", help="count in every process, the first to come to N dies")
    parser.add_argument("--trace", default="", metavar="FILE", help="write down the calls of all processes")
    parser.add_argument("--calls", default="", help="what is written down")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args(arguments)
    mount(given.prefix, given.bind, given.overlay)
    command = list(given.command)
    if given.trace:
        command = ["strace", "-f", "-y", "--seccomp-bpf", "-s", "32", "-e", f"trace={given.calls}", "-e", "signal=none"]
        command += ["-o", given.trace, *given.command]
    if not given.at:
        if given.kill_after:
            threading.Timer(given.kill_after, end_everything).start()
        return reap(subprocess.Popen(command).pid)
    # strace kills the one process exactly there; its line says so, and then the others must not live on.
    reading, writing = os.pipe()
    follow = ["-f"] if given.children else []  # with --seccomp-bpf, strace 6.1 injects nothing
    inject = f"inject={given.call}:signal=KILL:when={given.at}"
    command = ["strace", *follow, "-e", f"trace={given.call}", "-e", inject, "-e", "signal=KILL"]
    command += ["-o", f"/dev/fd/{writing}", *given.command]
    child = subprocess.Popen(command, pass_fds=[writing])
    os.close(writing)
    threading.Thread(target=watch, args=(reading,)).start()
    return reap(child.pid)


def watch(descriptor: int) -> None:
    """Read what strace says, and end everything as soon as it has killed."""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if "+++ killed by SIGKILL +++" in line:
                end_everything()


def reap(child: int) -> int:
    """Wait for `child`, and meanwhile for every orphan, as PID 1 must; the exit status of `child`."""
    while True:
        ended, status = os.wait()
        if ended == child:
            # strace ends as what it traced did.
            return KILLED if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code & 0xFF)  # without waiting for threads
