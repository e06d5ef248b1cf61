"""Whether the target can hold releases: mount options for each stack, room for all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .case import Blocker, Case, size

#: The current release and the one being built.
RELEASES = 2
#: Measured: 39 KiB to 60 KiB a file in environments with torch or TensorFlow.
BYTES_PER_FILE = 32 << 10
#: Measured: 552 MB of wheels unpack to 2.43 GB.
PACKED = 0.25
#: Where every file can have a second name on the same file system.
LINKING = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs")
#: A release whose files are links, as a part of a whole one: its directories. Measured: 1 % (3800 for TensorFlow).
LINKED = 0.1


def mount_options(case: Case) -> Iterator[Blocker]:
    """Releases can be written, and their libraries loaded."""
    target = case.host["disk"]["target"]
    path, mount = target["path"], target["mount"] or "its file system"
    elsewhere = "or set dnnready_prefix to a place on another file system"
    if target["read_only"]:
        text = f"{path} cannot be written: {mount} is mounted read-only."
        yield case.blocker("read_only_target", text, f"mount -o remount,rw {mount}, {elsewhere}.", evidence=mount)
    elif target["writable"] is False and case.scope == "user":
        text = f"The user {case.host['user']['name']} may not write {path}."
        way = "Set dnnready_prefix to a directory of your own."
        yield case.blocker("target_not_writable", text, way, evidence=f"on {mount}")
    if target["noexec"]:
        text = f"Libraries below {path} could not be loaded: {mount} is mounted noexec (`failed to map segment`)."
        yield case.blocker("selinux_or_noexec", text, f"mount -o remount,exec {mount}, {elsewhere}.", evidence=mount)


def _copies(case: Case) -> float:
    """How many releases of a stack there must still be room for.

    A lock that no release has will be built, whatever is there. One that a release has is linked from there, where the
    file system certainly can; a forced build never is.
    """
    if not case.wheel:
        return 0
    there = case.host.get("stacks", {}).get(case.name, {})
    locks, digest = there.get("locks"), (case.lock or {}).get("sha256")
    missing = max(0, RELEASES - len(there.get("releases", ())))
    if case.settings.get("force") or (locks is not None and digest not in locks):
        return max(1, missing)
    linked = bool(locks) and case.host["disk"]["target"]["filesystem"] in LINKING
    return missing * LINKED if linked else missing


def _kept(case: Case, copies: float) -> int:
    """The room that a stack needs for good: its releases, and where a depot is set, their wheels."""
    wheels = _download(case) * max(1, copies) if case.settings.get("depot") and copies else 0
    return int(copies * int(case.needs.get("installed_bytes") or 0) + wheels)


def _download(case: Case) -> int:
    known = (case.lock or {}).get("download_bytes")
    return int(known or int(case.needs.get("installed_bytes") or 0) * PACKED)


def _unpacked(case: Case) -> int:
    """The room that downloads need for a time; wheels of a depot are read where they stay."""
    return 0 if case.settings.get("depot") else _download(case)


def _one_file_system(first: dict[str, Any], second: dict[str, Any]) -> bool:
    if first["mount"] is not None and second["mount"] is not None:
        return bool(first["mount"] == second["mount"])
    return bool(first["free_bytes"] == second["free_bytes"])


def room(cases: Sequence[Case]) -> Iterator[Blocker]:
    """Blockers of the stacks that do not fit any more, filled up in the given order.

    Downloads are unpacked one stack after another, so the largest counts. Releases that are there already need no
    room again: what a host once had room for is not refused on the next run of the same locks.
    """
    if not cases:
        return
    disk = cases[0].host["disk"]
    target, temporary = disk["target"], disk["temporary"]
    wanted = [(case, _kept(case, _copies(case))) for case in cases]
    building = [case for case, need in wanted if need]
    total, download = sum(need for _, need in wanted), max(map(_unpacked, building), default=0)
    together = _one_file_system(target, temporary)
    names = ", ".join(case.name for case in building)
    place = target["mount"] or target["path"]
    used = 0
    for case, need in wanted:
        if not need:
            continue
        used += need
        unpacked = _unpacked(case)
        if target["free_bytes"] is not None and used + (unpacked if together else 0) > target["free_bytes"]:
            used -= need
            asked = total + (download if together else 0)
            text = f"Two releases of {names} need {size(asked)} below {target['path']}"
            text += f", {size(download)} of them for the download" if together and download else ""
            text += ", with the wheels of the depot" if case.settings.get("depot") else ""
            yield case.blocker(
                "no_disk_space",
                f"{text}; {place} has {size(target['free_bytes'])} free.",
                f"Free {size(asked - target['free_bytes'])} there, or set dnnready_prefix to another file system.",
                evidence=f"free_bytes {target['free_bytes']}, needed {asked}",
            )
        elif not together and temporary["free_bytes"] is not None and unpacked > temporary["free_bytes"]:
            yield case.blocker(
                "no_disk_space",
                f"Downloads of {case.title} need {size(unpacked)} in {temporary['path']}; "
                f"{temporary['mount'] or 'it'} has {size(temporary['free_bytes'])} free.",
                "Set TMPDIR to a directory with room.",
                evidence=f"free_bytes {temporary['free_bytes']}, needed {unpacked}",
            )
        files = used // BYTES_PER_FILE
        if target["free_inodes"] is not None and files > target["free_inodes"]:
            yield case.blocker(
                "no_disk_space",
                f"Two releases of {names} need about {total // BYTES_PER_FILE} files below {target['path']}; "
                f"{place} has room for {target['free_inodes']}.",
                "Set dnnready_prefix to a file system with more inodes.",
                evidence=f"free_inodes {target['free_inodes']}",
            )
