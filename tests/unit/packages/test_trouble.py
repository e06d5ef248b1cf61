"""What apt says, and what a user gets to read. The messages are worded as in apt 2.6 and dpkg 1.21."""

import pytest

from dnnready.packages import trouble
from tests.unit.packages.said import completed

SAID = [
    (
        "E: Release file for http://mirror.example/debian/dists/bookworm/InRelease is not valid yet (invalid for "
        "another 3652d 3h 4min 5s). Updates for this repository will not be applied.",
        "clock of this host is wrong",
        "Set the clock",
    ),
    (
        "E: Release file for http://mirror.example/debian/dists/sid/InRelease is expired (invalid since 12d 1h "
        "2min 3s). Updates for this repository will not be applied.",
        "expired 12d 1h 2min 3s ago",
        "clock",
    ),
    (
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)\n"
        "N: Be aware that removing the lock file is not a solution and may break your system.\n"
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
        "process 4711 (unattended-upgr) holds /var/lib/dpkg/lock-frontend",
        "Wait",
    ),
    (
        "dpkg: error: dpkg frontend lock was locked by another process with pid 4711\nNote: removing it is wrong",
        "dpkg frontend lock is locked by process 4711",
        "Wait",
    ),
    (
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "no space left for packages in /var/cache/apt/archives/",
        "Make space",
    ),
    (
        "dpkg: error processing archive /var/cache/apt/archives/hello_2.10-3_amd64.deb (--unpack):\n"
        " cannot copy extracted data for './usr/bin/hello' to '/usr/bin/hello.dpkg-new': failed to write "
        "(No space left on device)\nE: Sub-process /usr/bin/dpkg returned an error code (1)",
        "no space left",
        "Make space",
    ),
    (
        "W: Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Temporary failure resolving "
        "'mirror.example'\nE: Unable to locate package hello",
        "mirror mirror.example cannot be resolved",
        "dnnready_depot",
    ),
    (
        "E: Failed to fetch http://mirror.example:3142/x.deb  Could not connect to mirror.example:3142 (192.0.2.1). - "
        "connect (111: Connection refused)",
        "mirror mirror.example:3142 cannot be reached",
        "dnnready_depot",
    ),
    (
        "E: Failed to fetch http://mirror.example/pool/h/hello.deb  Hash Sum mismatch\n   Hashes of expected file:",
        "hash sum mismatch: http://mirror.example/pool/h/hello.deb",
        "another mirror",
    ),
    (
        "W: GPG error: http://mirror.example bookworm InRelease: The following signatures couldn't be verified because "
        "the public key is not available: NO_PUBKEY 6ED0E7B82643E131",
        "signature of a package source cannot be checked",
        "key",
    ),
    (
        "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
        "dpkg was interrupted",
        "dpkg --configure -a",
    ),
    (
        "dpkg: error processing package hello (--configure):\n installed hello package post-installation script "
        "subprocess returned error exit status 1",
        "failed to install hello",
        "dpkg --configure -a",
    ),
    ("E: Unable to locate package nonesuch", "apt does not know nonesuch", "component"),
    (
        "Package libmkl-rt is not available, but is referred to by another package.\n"
        "E: Package 'libmkl-rt' has no installation candidate",
        "apt does not know libmkl-rt",
        "",
    ),
    ("E: Version '9.9' for 'hello' was not found", "no version 9.9 of hello", "apt-cache policy hello"),
    ("E: Something that nobody has seen before", "Something that nobody has seen before", "by hand"),
]


@pytest.mark.parametrize(("said", "message", "hint"), SAID, ids=[message[:30] for _, message, _ in SAID])
def test_the_cause_and_the_way_out(said, message, hint):
    error = trouble.explain(completed(said), "Cannot install hello")
    assert error.message.startswith("Cannot install hello: ")
    assert message in error.message
    assert hint in error.hint
    assert "{" not in str(error)


def test_what_fetching_the_lists_said_explains_an_unknown_package():
    error = trouble.explain(
        completed("E: Unable to locate package hello"),
        "Cannot install hello",
        earlier="E: Failed to fetch x  Temporary failure resolving 'mirror.example'",
    )
    assert "mirror.example cannot be resolved" in error.message


def test_a_package_that_the_depot_lacks_is_the_depots_matter():
    error = trouble.explain(completed("E: Unable to locate package hello"), "Cannot install hello", "/srv/depot/apt/x")
    assert "/srv/depot/apt/x has no hello" in error.message


def test_a_run_that_was_ended_says_so():
    assert "was ended" in trouble.explain(completed(timed_out=True), "Cannot install hello").message


def test_components_of_both_forms_of_sources(tmp_path):
    (tmp_path / "sources.list").write_text("# deb x y contrib\ndeb [arch=amd64] http://m/debian bookworm main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://m/debian\nSuites: trixie\nComponents: main non-free-firmware\n"
    )
    assert trouble.components(tmp_path) == {"main", "non-free-firmware"}


def test_a_missing_component_is_named(monkeypatch):
    monkeypatch.setattr(trouble, "components", lambda: {"main"})
    error = trouble.explain(completed("E: Unable to locate package libmkl-rt"), "Cannot install libmkl-rt")
    assert "component non-free" in error.message
    assert error.hint.startswith("Add non-free")
