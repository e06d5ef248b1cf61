r"""Writes variables so that everyone reads the same, and refuses those that nobody can read the same.

One file serves `set -a; . file` in sh, systemd's EnvironmentFile= and `docker run --env-file`. These have no common
quoting: Docker takes quotes literally, sh and systemd do not. So the file has bare `NAME=value` lines, and a value must
mean itself in all of them. Tried with dash 0.5.12, bash 5.2, busybox 1.35, mksh 59, systemd 252 and 257 and podman 4.3;
also read: systemd's src/basic/env-file.c, podman's pkg/env/env.go. What follows from them:

* white space, quotes, backslash, $, backtick and ; & | < > ( ) are syntax in sh. Braces, brackets, * and ? are not:
  an assignment is neither globbed nor brace-expanded. # is a comment only at the start of a word.
* ~ is expanded at the start of a value, after : and, in bash, after =.
* control characters, and characters that are no text: systemd drops them, and no reader agrees on line ends.
* names: those of the portable character set, without the ones that shells keep for themselves.
* Linux allows 128 KiB for one NAME=value (MAX_ARG_STRLEN), podman's reader half of that for a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import DnnreadyError
from .said import shown

#: How the first line of every file that dnnready writes begins: what begins otherwise is someone else's.
OWNED = "# Written by dnnready"
MARK = f"{OWNED}; changes here are lost."

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SYNTAX = re.compile("[ \t\n\r\"'\\\\$`;&|<>()]")
_SPOKEN = {" ": "a space", "\t": "a tab", "\n": "a line end", "\r": "a carriage return"}
_TILDE = re.compile(r"(?:^|[:=])~")
_LONGEST_LINE = 60_000
_SYSTEMD_SPECIFIER = "%"

#: bash keeps, computes or forbids these (tried one by one with bash 5.2 and dash 0.5.12); IFS changes how it reads.
_KEPT_BY_SHELLS = (
    "BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_LINENO BASH_SOURCE BASH_SUBSHELL "
    "BASH_VERSINFO COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD IFS LINENO OPTIND "
    "PPID RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _"
)
SHELL_NAMES = frozenset(_KEPT_BY_SHELLS.split())


def problem(name: str, value: str) -> str:
    """Why a variable cannot be written, as it follows "NAME: "; "" where it can."""
    if not _NAME.fullmatch(name):
        return "a name has letters, digits and _, and no digit first"
    if name in SHELL_NAMES:
        return "the shell keeps this name for itself"
    if len(f"{name}={value}".encode("utf-8", "surrogatepass")) > _LONGEST_LINE:
        return f"its value is longer than {_LONGEST_LINE} bytes"
    why = _unreadable(value)
    return f"its value {shown(value)} has {why}" if why else ""


def _unreadable(value: str) -> str:
    syntax = _SYNTAX.search(value)
    if syntax:
        return f"{_SPOKEN.get(syntax[0], syntax[0])}, which sh, systemd and Docker do not all read the same"
    if _TILDE.search(value):
        return "~ where a shell puts the home directory"
    odd = next((letter for letter in value if not letter.isprintable()), None)
    return f"the character U+{ord(odd):04X}, which is no printable text" if odd is not None else ""


def render(variables: Mapping[str, str]) -> str:
    """The file for shells, services and containers. Raises DnnreadyError for what cannot be written."""
    return "".join(f"{line}\n" for line in (MARK, *_assignments(variables)))


def parse(text: str) -> dict[str, str]:
    """What `render` wrote. Raises DnnreadyError for anything that `render` would not write."""
    variables: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        wrong = problem(name, value) if separator else "there is no ="
        if wrong:
            raise DnnreadyError(f"Line {number} of the environment, {shown(line)}: {wrong}.", "Write it anew.")
        variables[name] = value
    return variables


def render_profile(variables: Mapping[str, str]) -> str:
    """The file for /etc/profile.d. Quoted, because old dash splits and globs what `export` is given."""
    lines = (f"export {name}='{value}'" for name, value in _accepted(variables))
    return "".join(f"{line}\n" for line in (MARK, *lines))


def render_dropin(variables: Mapping[str, str]) -> str:
    """The drop-in for a systemd service.

    Environment= and not EnvironmentFile=: `systemctl show` and `systemctl cat` then tell the values, a service starts
    also when a file is gone, and the unit's own EnvironmentFile= still wins, as a user's word should.
    Of what systemd would read as syntax within double quotes, accepted values can only have %.
    """
    lines = (
        f'Environment="{name}={value.replace(_SYSTEMD_SPECIFIER, _SYSTEMD_SPECIFIER * 2)}"'
        for name, value in _accepted(variables)
    )
    return "".join(f"{line}\n" for line in (MARK, "[Service]", *lines))


def _assignments(variables: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in _accepted(variables)]


def _accepted(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """All variables in order, or DnnreadyError with every one that cannot be written."""
    wrong = [f"{name}: {why}." for name, value in sorted(variables.items()) if (why := problem(name, value))]
    if wrong:
        raise DnnreadyError(" ".join(wrong), "Say it with other characters, or leave it out.")
    return sorted(variables.items())
