"""Child processes: how they end is told, and they cannot hang or flood."""

import os
import sys
import threading
import time

import pytest

from dnnready.errors import DnnreadyError
from dnnready.process import KEEP_HEAD, KEEP_TAIL, run, signal_name

ENV = {"PATH": os.defpath}


def python(code, timeout=20.0, **options):
    return run([sys.executable, "-c", code], env=ENV, timeout=timeout, **options)


@pytest.mark.parametrize(
    ("code", "exit_code", "signal"),
    [
        ("pass", 0, None),
        ("raise SystemExit(3)", 3, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", None, "SIGILL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGBUS)", None, "SIGBUS"),
        ("import os; os.abort()", None, "SIGABRT"),
    ],
)
def test_exit_code_and_signal_are_kept_apart(code, exit_code, signal):
    done = python(code)
    assert (done.exit_code, done.signal, done.timed_out, done.ok) == (exit_code, signal, False, exit_code == 0)


def test_streams_stay_apart_and_input_arrives():
    done = python("import sys; print(sys.stdin.read()[::-1]); print('aside', file=sys.stderr)", stdin="abc")
    assert (done.stdout, done.stderr) == ("cba\n", "aside\n")


def test_a_child_that_does_not_read_its_input_does_no_harm():
    assert python("pass", stdin="x" * (1 << 20)).ok


def test_a_hang_ends_after_the_timeout_with_its_whole_family():
    started = time.monotonic()
    spawner = (
        "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); import time; time.sleep(60)"
    )
    done = run([sys.executable, "-c", spawner], env={"PATH": "/usr/bin:/bin"}, timeout=1)
    assert done.timed_out
    assert not done.ok
    assert done.signal == "SIGKILL"
    assert time.monotonic() - started < 10
    grandchild = int(done.stdout)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and os.path.exists(f"/proc/{grandchild}/cmdline"):
        with open(f"/proc/{grandchild}/stat") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                break
        time.sleep(0.05)
    else:
        assert not os.path.exists(f"/proc/{grandchild}")


def test_cpu_time_and_peak_memory_are_the_child_s_own():
    done = python("data = bytearray(80 << 20)\nfor index in range(2_000_000): index * index")
    assert done.cpu_seconds > 0.02
    assert 80 << 20 < done.peak_rss_bytes < 400 << 20


def test_a_flood_keeps_its_head_and_its_tail():
    done = python("import sys\nfor number in range(900_000): sys.stdout.write(f'{number:09d}\\n')")
    assert len(done.stdout) <= KEEP_HEAD + KEEP_TAIL + 20
    assert done.stdout.startswith("000000000\n")
    assert "[... cut ...]" in done.stdout
    assert done.stdout.endswith("000899999\n")


def test_lines_are_told_as_they_come():
    seen = []
    python("print('one', flush=True); print('two')", on_line=seen.append)
    assert seen == ["one", "two"]


def test_bytes_that_are_no_text_do_no_harm():
    assert python("import os; os.write(1, b'\\xff\\xfe\\n')").stdout == "��\n"


def test_a_program_that_is_not_there_is_a_message():
    with pytest.raises(DnnreadyError, match=r"Cannot start /no/such/program: No such file"):
        run(["/no/such/program"], env=ENV, timeout=1)


def test_only_the_given_environment_reaches_the_child(monkeypatch):
    monkeypatch.setenv("DNNREADY_LEAK", "1")
    assert python("import os; print('DNNREADY_LEAK' in os.environ)").stdout == "False\n"


@pytest.mark.parametrize(("number", "name"), [(4, "SIGILL"), (11, "SIGSEGV"), (250, "signal 250")])
def test_signal_names(number, name):
    assert signal_name(number) == name


@pytest.fixture
def threadless(monkeypatch):
    """A process that may start no thread, as under a filter for clone3."""

    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.usefixtures("threadless")
def test_without_threads_the_child_runs_all_the_same():
    code = "import sys; print(sys.stdin.read()); print('error', file=sys.stderr); sys.exit(3)"
    done = run([sys.executable, "-c", code], env={}, timeout=20, stdin="given")
    assert (done.exit_code, done.signal, done.stdout, done.stderr) == (3, None, "given\n", "error\n")
    assert done.peak_rss_bytes > 0


@pytest.mark.usefixtures("threadless")
def test_without_threads_a_hang_ends_too():
    done = run([sys.executable, "-c", "import time; time.sleep(60)"], env={}, timeout=0.5)
    assert done.timed_out and done.signal == "SIGKILL"


@pytest.mark.usefixtures("threadless")
def test_without_threads_a_program_that_is_not_there_is_a_message():
    with pytest.raises(DnnreadyError, match="Cannot start"):
        run(["/does/not/exist"], env={}, timeout=1)
