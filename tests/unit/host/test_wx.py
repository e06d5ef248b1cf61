"""Writable and executable memory: an answer even where the attempt is deadly."""

import os
import signal
import sys
import time

import pytest

from dnnready.host import wx
from dnnready.process import run

#: prctl(2): memory never gains the right to execute (Linux 6.3), also after exec.
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1


@pytest.mark.parametrize(
    ("work", "answers", "ended"),
    [
        (lambda say: say({"a": 1}), {"a": 1}, None),
        (lambda say: (say({"a": 1}), say({"b": 2}), os.kill(os.getpid(), 9)), {"a": 1, "b": 2}, signal.SIGKILL),
        (lambda _: 1 / 0, {"error": "ZeroDivisionError: division by zero"}, None),
        (lambda _: sys.exit(3), {"error": "SystemExit: 3"}, None),
    ],
)
def test_what_a_child_said_is_kept(work, answers, ended):
    assert wx.in_child(work) == (answers, ended)


def test_a_child_that_hangs_is_ended():
    started = time.monotonic()
    assert wx.in_child(lambda _: time.sleep(60), timeout=0.2) == ({}, signal.SIGKILL)
    assert time.monotonic() - started < 10


def test_allowed_here():
    answers = wx.probe()
    assert answers["allowed"] is True
    if os.uname().machine == "x86_64":
        assert set(answers["cpuid"]) == {f"{leaf:x}.{subleaf}" for leaf, subleaf in wx.LEAVES}
        assert answers["xcr0"] & 3 == 3 or answers["xcr0"] == 0


@pytest.mark.parametrize(
    ("said", "ended", "allowed"),
    [
        ({"tried": True}, signal.SIGKILL, False),  # seccomp kills for the mprotect
        ({"tried": True}, signal.SIGSYS, False),
        ({"tried": True, "allowed": True}, signal.SIGSEGV, True),  # CPUID is trapped
        ({"tried": True, "allowed": False, "why": "mprotect: Permission denied"}, None, False),
        ({"error": "ImportError: no ctypes"}, None, None),
        ({}, signal.SIGKILL, None),
    ],
)
def test_the_end_of_the_child_is_an_answer(monkeypatch, said, ended, allowed):
    monkeypatch.setattr(wx, "in_child", lambda _: (dict(said), ended))
    answers = wx.probe()
    assert answers["allowed"] is allowed
    assert allowed is True or answers["why"]


def test_refused_by_the_kernel():
    code = f"""
import ctypes
print(ctypes.CDLL(None).prctl({PR_SET_MDWE}, {PR_MDWE_REFUSE_EXEC_GAIN}, 0, 0, 0))
from dnnready.host import wx
answers = wx.probe()
print(answers["allowed"], answers["why"])
"""
    done = run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60)
    assert done.ok, done.stderr
    status, answer = done.stdout.splitlines()
    if status != "0":
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert answer == "False mprotect: Permission denied"
