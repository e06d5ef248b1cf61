"""A dpkg that was cut is repaired; one that is at work is waited for."""

import pytest

from dnnready.errors import DnnreadyError
from dnnready.packages import dpkg, repair
from tests.unit.packages.said import completed

BUSY = completed("dpkg: error: dpkg frontend lock was locked by another process with pid 4711", exit_code=2)


@pytest.fixture
def host(monkeypatch):
    """States of dpkg, one after the other, and what a repair says."""

    def made(states, done):
        left = iter(states)
        monkeypatch.setattr(dpkg, "interrupted", lambda _known: next(left))
        monkeypatch.setattr(dpkg, "status", dict)
        monkeypatch.setattr(dpkg, "repair", lambda _timeout: done)
        monkeypatch.setattr(repair.time, "sleep", lambda _seconds: None)

    return made


def test_nothing_to_repair(host):
    host([False], completed("would fail"))
    assert repair.settle("x", 5, 5) is False


def test_an_interrupted_dpkg_is_repaired(host):
    host([True], completed(exit_code=0))
    assert repair.settle("x", 5, 5) is True


def test_another_dpkg_that_ends_needs_no_repair(host):
    host([True, True, False], BUSY)
    assert repair.settle("x", 5, 5) is False


def test_another_dpkg_that_does_not_end_is_named(host):
    host([True, True], BUSY)
    with pytest.raises(DnnreadyError, match="by process 4711"):
        repair.settle("x", -1, 5)


def test_a_repair_that_fails_is_not_repeated(host):
    host([True], completed("dpkg: error processing package hello (--configure):"))
    with pytest.raises(DnnreadyError, match="failed to install hello"):
        repair.settle("x", 5, 5)
