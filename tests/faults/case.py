"""A fault of the matrix: what one YAML file says, checked strictly so that a slip of the pen is no silent success."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
SECTIONS = ("library", "visibility", "environment", "framework", "logs", "foreign", "unit", "release")
#: healed: by `dnnready heal` alone. foreign: only with `--foreign`, and nothing is touched without.
#: advised: not by the program; it says what to do. none: nothing to heal (a log).
HEALS = ("healed", "foreign", "advised", "none")
KINDS = ("stack", "python", "unit", "log")
FRAMEWORKS = ("pytorch", "tensorflow")
PROGRAMS_OF_LIBRARIES = {"onednn": "load_onednn.py", "mkl": "multiply_mkl.py"}
IMAGES = ("debian-12", "debian-13")


class CaseError(Exception):
    """A file that is no fault."""


@dataclasses.dataclass(frozen=True)
class Target:
    """What is diagnosed."""

    kind: str
    name: str  #: of the stack or unit, path of the interpreter or log
    framework: str = ""  #: where the interpreter or unit has several
    directory: str = ""  #: where the user's program is started

    def arguments(self) -> list[str]:
        """For `dnnready diagnose` and `dnnready heal`."""
        words = [self.name] if self.kind == "stack" else [f"--{self.kind}", self.name]
        if self.framework:
            words += ["--framework", self.framework]
        if self.directory:
            words += ["--directory", self.directory]
        return words


@dataclasses.dataclass(frozen=True)
class Case:
    """One fault; `expected` is empty for what is healthy."""

    name: str
    title: str
    why: str  #: where it is met, in one line
    section: str
    target: Target
    shows: Sequence[str]  #: regular expressions; what the user runs prints all of them
    expected: str = ""  #: the cause that should be named first
    also: Sequence[str] = ()  #: causes that may be named before it
    heal: str = "none"
    image: str = "debian-12"
    container: Sequence[str] = ()  #: further arguments of `podman run`; {faults} is this directory
    inject: str = "true"  #: script of bash, run as root in the container
    command: str = ""  #: what the user runs; empty means what is usual for the target
    seconds: int = 60  #: after which the command is ended with 124, as `timeout` does

    def user_command(self) -> str:
        """What the user runs, as a line for bash."""
        target = self.target
        if self.command:
            return self.command
        place = f"cd {target.directory or '/root'} && "
        framework = target.framework or target.name
        if target.kind == "stack" and framework in PROGRAMS_OF_LIBRARIES:
            program = PROGRAMS_OF_LIBRARIES[framework]
            return (
                place + f"dnnready run {framework} -- python /faults/programs/{program} && dnnready verify {framework}"
            )
        program = f"/faults/programs/convolve_{framework if framework in FRAMEWORKS else 'pytorch'}.py"
        if target.kind == "stack":
            return place + f"ONEDNN_VERBOSE=1 dnnready run {framework} -- python {program}"
        if target.kind == "python":
            return place + f"ONEDNN_VERBOSE=1 {target.name} {program}"
        if target.kind == "unit":
            # A service that lasts is started when it says so; one that ends has ended.
            return (
                f"since=$(date +%s); systemctl restart {target.name}; sleep 1; "
                f"journalctl --output=cat --no-pager --since=@$since --unit={target.name}; "
                f"systemctl show --property=Result,ExecMainStatus,ActiveState {target.name}; "
                f"systemctl --quiet is-active {target.name}"
            )
        return f"cat {target.name}"


def parse(name: str, document: Any) -> Case:
    """A fault from its file.

    Raises:
        CaseError: where a key is unknown or missing, or a value is not of its kind.
    """
    if not isinstance(document, dict):
        raise CaseError(f"{name}: no mapping")
    known = {field.name for field in dataclasses.fields(Case)} - {"name"}
    unknown = set(document) - known
    missing = {"title", "why", "section", "target", "shows"} - set(document)
    if unknown or missing:
        raise CaseError(f"{name}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    try:
        target = Target(**document["target"])
    except TypeError as error:
        raise CaseError(f"{name}: target: {error}") from error
    case = Case(**{**document, "name": name, "target": target})
    wrong = list(_wrong(case))
    if wrong:
        raise CaseError(f"{name}: {'; '.join(wrong)}")
    return case


def _wrong(case: Case) -> list[str]:
    """What is not as it must be, in words."""
    wrong = [
        f"{key} is {value!r}, not one of {', '.join(allowed)}"
        for key, value, allowed in (
            ("section", case.section, SECTIONS),
            ("heal", case.heal, HEALS),
            ("image", case.image, IMAGES),
            ("target.kind", case.target.kind, KINDS),
        )
        if value not in allowed
    ]
    texts = [case.title, case.why, case.expected, case.inject, case.command]
    lists = [case.shows, case.also, case.container]
    if not all(isinstance(text, str) for text in texts) or not case.title or not case.why:
        wrong.append("title, why, expected, inject and command are text, the first two not empty")
    if not all(isinstance(each, list | tuple) and all(isinstance(word, str) for word in each) for each in lists):
        wrong.append("shows, also and container are lists of text")
    elif not case.shows:
        wrong.append("shows is empty: an injection that does nothing would not be seen")
    else:
        wrong += [f"shows: {pattern!r}: {error}" for pattern in case.shows if (error := _no_pattern(pattern))]
    if case.target.kind == "log" and case.heal != "none":
        wrong.append("a log cannot be healed")
    return wrong


def _no_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def load(directory: Path) -> list[Case]:
    """The faults of a directory, sorted by name.

    Raises:
        CaseError: for the first file that is no fault.
    """
    return [
        parse(path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(directory.glob("*.yml"))
    ]
