"""Make the hash-locked sets in locks/, or check them.

`python tools/lock.py [--set S] [--python 3.11] [--architecture x86_64] [--upgrade] [--check] [--yanked]`

Each directory locks/<set> has one <name>.in, written by people. Its first line says for whom locks are made:
`# dnnready: python=cp310,cp311 architecture=x86_64 [index=URL] [dependencies=listed] [glibc=2.27]`, the last where a
wheel needs a newer glibc than its name says. `--python` and `--architecture` ask for others. Versions that are locked
stay as long as they fit; `--upgrade` takes the newest. What pip is configured with on this machine (index, find-links)
is where wheels are looked for; none of it is written into a lock. `--check` needs no network: it holds every lock
against its rules, its own header and locks/yanked.txt. `--yanked` asks the index and writes that list again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.release.lock import Lock, describe, normalize
from tools import yanked
from tools.lock_resolver import LockError, Target, Wheel, glibc, resolve, supported_tags

ROOT = Path(__file__).resolve().parents[1]
_SOURCE_ARCHIVE = re.compile(r"^#\s*(\S+\.(?:tar\.gz|tar\.bz2|tgz|zip))\b", re.MULTILINE)
FILE_HEAD = "# Made by `make lock` from {source}: change that file, not this one."


def header(text: str) -> dict[str, str]:
    """The facts in the first line of an .in file."""
    first = text.split("\n", 1)[0]
    prefix = "# dnnready: "
    if not first.startswith(prefix):
        raise LockError(f"the first line must begin with '{prefix}'")
    return dict(word.split("=", 1) for word in first.removeprefix(prefix).split())


def targets(facts: dict[str, str], python: str, architecture: str) -> Iterator[Target]:
    """Whom to make locks for: what the .in file says, unless someone asks for others."""
    asked = "cp" + python.removeprefix("cp").replace(".", "") if python else ""
    for tag in (asked or facts["python"]).split(",") if facts["python"] != "any" else ["any"]:
        for name in (architecture or facts["architecture"]).split(","):
            yield Target(tag, name)


def facts_of(wheels: Sequence[Wheel], target: Target, asked: dict[str, str]) -> str:
    """The line that a plan reads: computed from the wheels and what the .in file asks for."""
    stated = tuple(int(part) for part in asked.get("glibc", "0.0").split("."))
    major, minor = max([stated, *(glibc(wheel.file) for wheel in wheels)])
    floor = f" glibc={major}.{minor}" if major else ""
    size = sum(wheel.size for wheel in wheels)
    return (
        f"# dnnready: python={target.tag} architecture={target.architecture}{floor} "
        f"download_bytes={size} dependencies={asked.get('dependencies', 'complete')}"
    )


def render(wheels: Sequence[Wheel], target: Target, asked: dict[str, str], source: Path) -> str:
    """The text of a lock."""
    origin = "/".join(source.parts[-3:])
    lines = [facts_of(wheels, target, asked), FILE_HEAD.format(source=origin)]
    for wheel in wheels:
        lines += [
            f"# {wheel.file} {wheel.size}",
            f"{normalize(wheel.name)}=={wheel.version} \\",
            f"    --hash=sha256:{wheel.sha256}",
        ]
    return "\n".join(lines) + "\n"


def make(source: Path, target: Target, upgrade: bool) -> str:
    """Make one lock; says what came of it."""
    path = source.parent / f"{target.tag}-{target.architecture}.txt"
    text = source.read_text(encoding="utf-8")
    asked = header(text)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    pins: dict[str, str] = {}
    if before and not upgrade:
        pins = {requirement.name: requirement.version for requirement in describe(before).requirements}
    wheels = resolve(text, target, pins, asked.get("index", ""), asked.get("dependencies") == "listed")
    after = render(wheels, target, asked, source)
    if after == before:
        return "unchanged"
    path.write_text(after, encoding="utf-8")
    return f"{'new' if not before else 'changed'}: {len(wheels)} wheels, {sum(wheel.size for wheel in wheels)} bytes"


def faults(path: Path, text: str, known: yanked.Known) -> Iterator[str]:
    """What is wrong with one lock, beyond what keeps it from being read at all."""
    lock: Lock = describe(text, str(path))
    for file in _SOURCE_ARCHIVE.findall(text):
        yield f"{file} is a source archive: hosts build nothing, a lock names wheels"
    tag, _, architecture = path.stem.partition("-")
    target = Target(tag, architecture)
    accepted = set(supported_tags(target))
    wheels = []
    for requirement in lock.requirements:
        if (requirement.name, requirement.version) in known:
            reason = known[requirement.name, requirement.version]
            yield f"{requirement.name} {requirement.version} was yanked{reason and ': ' + reason}"
        if len(requirement.hashes) != 1:
            yield f"{requirement.name}: {len(requirement.hashes)} hashes, and only one file is named"
        if requirement.size is None:
            yield f"{requirement.name}: the line of its wheel and size is missing"
            continue
        if not requirement.wheel.lower().replace("_", "-").startswith(f"{requirement.name}-{requirement.version}-"):
            yield f"{requirement.name}: {requirement.wheel} is the wheel of something else"
        wheel = Wheel(requirement.name, requirement.version, requirement.wheel, "", requirement.size)
        if not accepted & wheel.tags:
            yield f"{requirement.name}: {requirement.wheel} does not install on {tag} {architecture}"
        wheels.append(wheel)
    sources = sorted(path.parent.glob("*.in"))
    if len(sources) != 1:
        yield f"{path.parent} has {len(sources)} .in files, not one"
        return
    expected = facts_of(wheels, target, header(sources[0].read_text(encoding="utf-8")))
    if text.split("\n", 1)[0] != expected:
        yield f"its first line should be\n  {expected}"


def check(directory: Path, sets: Sequence[str]) -> int:
    """Hold every lock against the rules; the number of those that break one."""
    wrong = 0
    try:
        known = yanked.read(directory / yanked.FILE)
    except LockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    paths = sorted(path for path in directory.glob("*/*.txt") if not sets or path.parent.name in sets)
    for path in paths:
        try:
            found = list(faults(path, path.read_text(encoding="utf-8"), known))
        except (DnnreadyError, LockError, ValueError) as error:
            found = [str(error)]
        for fault in found:
            sys.stderr.write(f"{path.parent.name}/{path.name}: {fault}\n")
        wrong += bool(found)
    sys.stdout.write(f"{len(paths)} locks, {wrong} wrong\n")
    return wrong


def refresh(directory: Path, sets: Sequence[str]) -> int:
    """Ask the index about every locked file, and write locks/yanked.txt again; 1 where it cannot tell of all."""
    files: dict[str, tuple[str, str]] = {}
    for path in sorted(directory.glob("*/*.txt")):
        if not sets or path.parent.name in sets:
            lock = describe(path.read_text(encoding="utf-8"), str(path))
            files.update({one.wheel: (one.name, one.version) for one in lock.requirements})
    found, silent = yanked.ask(files)
    kept = {key: reason for key, reason in yanked.read(directory / yanked.FILE).items() if key in silent or sets}
    yanked.write(directory / yanked.FILE, {**kept, **found})
    for name, version in sorted(silent):
        sys.stderr.write(f"{name} {version}: no index says whether it was yanked\n")
    sys.stdout.write(f"{len(files)} files, {len(found)} yanked\n")
    return 1 if silent else 0


def main(arguments: Sequence[str]) -> int:
    """Make or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--set", action="append", default=[], dest="sets", help="only this set; may be repeated")
    parser.add_argument("--python", default="", help="only for this Python: 3.11 or cp311")
    parser.add_argument("--architecture", default="", help="only for this architecture: x86_64, aarch64")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a lock is wrong")
    parser.add_argument("--yanked", action="store_true", help="ask the index which locked versions were yanked")
    parser.add_argument("--directory", type=Path, default=ROOT / "locks", help="where the sets are")
    given = parser.parse_args(arguments)
    if given.yanked:
        return refresh(given.directory, given.sets)
    if given.check:
        return 1 if check(given.directory, given.sets) else 0
    sources = [
        path for path in sorted(given.directory.glob("*/*.in")) if not given.sets or path.parent.name in given.sets
    ]
    unknown = set(given.sets) - {path.parent.name for path in sources}
    if unknown:
        parser.error(f"no set {', '.join(sorted(unknown))} in {given.directory}")
    failed = 0
    for source in sources:
        for target in targets(header(source.read_text(encoding="utf-8")), given.python, given.architecture):
            name = f"{source.parent.name}/{target.tag}-{target.architecture}"
            try:
                sys.stdout.write(f"{name}: {make(source, target, given.upgrade)}\n")
            except (LockError, DnnreadyError) as error:
                failed += 1
                sys.stderr.write(f"{name}: cannot be made here.\n{error}\n\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
