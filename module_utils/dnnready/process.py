"""Child processes that cannot hang, flood or take their parent down."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Callable, Optional, cast

from .errors import DnnreadyError

#: What is kept of each stream: the beginning says what ran, the end says why it stopped.
KEEP_HEAD = 4 << 20
KEEP_TAIL = 1 << 20


@dataclass(frozen=True)
class Completed:
    """How a child process ended and what it cost."""

    argv: tuple[str, ...]
    exit_code: Optional[int]  #: None where a signal ended it
    signal: Optional[str]  #: for example "SIGILL"
    timed_out: bool
    stdout: str
    stderr: str
    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out


class _Reader(threading.Thread):
    """Drains one stream; keeps its head and its tail."""

    def __init__(self, stream: IO[bytes], on_line: Optional[Callable[[str], None]]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._on_line = on_line
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = False

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._stream:
                self._keep(line)
                if self._on_line is not None:
                    self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))

    def _keep(self, line: bytes) -> None:
        if len(self._head) + len(line) <= KEEP_HEAD and not self._cut:
            self._head += line
            return
        self._cut = True
        self._tail += line
        if len(self._tail) > 2 * KEEP_TAIL:
            del self._tail[:-KEEP_TAIL]

    def text(self) -> str:
        middle = b"\n[... cut ...]\n" if self._cut else b""
        return (bytes(self._head) + middle + bytes(self._tail[-KEEP_TAIL:])).decode("utf-8", "replace")


def signal_name(number: int) -> str:
    """SIGILL for 4; the number itself where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout: float,
    stdin: str = "",
    cwd: Optional[str] = None,
    on_line: Optional[Callable[[str], None]] = None,
    inherited: Sequence[int] = (),
) -> Completed:
    """Run a program in its own process group, and end the whole group after `timeout` seconds.

    `on_line` gets every line of both streams as it comes, from another thread. `inherited` are descriptors that the
    child keeps open.
    CPU seconds and peak memory (bytes) are those of the child itself and what it waited for.
    Raises DnnreadyError where the program cannot be started at all.
    """
    started = time.monotonic()
    if not _threads():
        return _without_threads(argv, env=env, timeout=timeout, stdin=stdin, cwd=cwd, inherited=inherited)
    try:
        child = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    except OSError as error:
        raise DnnreadyError(f"Cannot start {argv[0]}: {error.strerror or error}.") from error
    stdin_pipe, stdout_pipe, stderr_pipe = (
        cast("IO[bytes]", stream) for stream in (child.stdin, child.stdout, child.stderr)
    )
    readers = [_Reader(stdout_pipe, on_line), _Reader(stderr_pipe, on_line)]
    feeder = threading.Thread(target=_feed, args=(stdin_pipe, stdin.encode()), daemon=True)
    for thread in (*readers, feeder):
        thread.start()
    try:
        timed_out, status, usage_cpu, usage_rss = _wait(child.pid, started + timeout)
        child.returncode = status  # tell subprocess that the child is reaped
    finally:
        # Where the user interrupts, the child must not go on; and a grandchild may hold the pipes open after it.
        _kill_group(child.pid)
    for reader in readers:
        reader.join(5)
    feeder.join(1)
    for stream in (stdout_pipe, stderr_pipe):
        stream.close()
    texts = (readers[0].text(), readers[1].text())
    return _completed(argv, status, timed_out, texts, (time.monotonic() - started, usage_cpu, usage_rss))


def _threads() -> bool:
    """Whether this process may start the three threads that it needs: a limit or a filter may forbid it."""
    idle = [threading.Thread(target=lambda: None) for _ in range(3)]
    try:
        for thread in idle:
            thread.start()
    except RuntimeError:
        return False
    finally:
        for thread in idle:
            if thread.ident is not None:
                thread.join()
    return True


def _without_threads(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout: float,
    stdin: str,
    cwd: Optional[str],
    inherited: Sequence[int],
) -> Completed:
    """The same through files: nobody reads along, and what is printed may fill the disk."""
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin.encode())
        given.seek(0)
        try:
            child = subprocess.Popen(
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=given,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=tuple(inherited),
            )
        except OSError as error:
            raise DnnreadyError(f"Cannot start {argv[0]}: {error.strerror or error}.") from error
        try:
            timed_out, status, usage_cpu, usage_rss = _wait(child.pid, started + timeout)
            child.returncode = status
        finally:
            _kill_group(child.pid)
        texts = [_end_of(stream) for stream in (out, err)]
    return _completed(argv, status, timed_out, (texts[0], texts[1]), (time.monotonic() - started, usage_cpu, usage_rss))


def _end_of(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - KEEP_HEAD))
    return stream.read().decode("utf-8", "replace")


def _completed(
    argv: Sequence[str], status: int, timed_out: bool, texts: tuple[str, str], cost: tuple[float, float, int]
) -> Completed:
    return Completed(
        argv=tuple(argv),
        exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        signal=signal_name(os.WTERMSIG(status)) if os.WIFSIGNALED(status) else None,
        timed_out=timed_out,
        stdout=texts[0],
        stderr=texts[1],
        wall_seconds=cost[0],
        cpu_seconds=cost[1],
        peak_rss_bytes=cost[2],
    )


def _feed(stream: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(data)
    with contextlib.suppress(OSError, ValueError):
        stream.close()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _wait(pid: int, deadline: float) -> tuple[bool, int, float, int]:
    timed_out = False
    pause = 0.002
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return timed_out, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        if not timed_out and time.monotonic() >= deadline:
            timed_out = True
            _kill_group(pid)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
