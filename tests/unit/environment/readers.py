"""Reads a file of variables as others do: real shells, systemd's own reader, and Docker's and podman's rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

SYSTEMD_READER = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")


def sourced(shell: str, path: Path, names: set[str], before: str = "set -a;") -> dict[str, str]:
    """The variables `names` as a program sees them after a shell read the file."""
    program = shutil.which(shell) or shell
    words = [program, "sh"] if shell == "busybox" else [program]
    done = subprocess.run(
        [*words, "-c", f'{before} . "$1"; exec env -0', shell, str(path)],
        env={"PATH": os.defpath, "HOME": "/nowhere"},
        cwd=path.parent,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    pairs = (entry.partition(b"=") for entry in done.stdout.split(b"\0"))
    return {name.decode(): value.decode() for name, _, value in pairs if name.decode(errors="replace") in names}


def by_systemd(path: Path, folder: Path) -> dict[str, str]:
    """As systemd's environment.d generator reads it: the reader of EnvironmentFile=, then expansion of $."""
    directory = folder / "environment.d"
    directory.mkdir(exist_ok=True)
    (directory / "test.conf").write_bytes(path.read_bytes())
    done = subprocess.run(
        [str(SYSTEMD_READER)],
        env={"XDG_CONFIG_HOME": str(folder), "PATH": os.defpath},
        capture_output=True,
        check=True,
    )
    found = {}
    for line in done.stdout.decode().splitlines():
        name, _, value = line.partition("=")
        # Its output is quoted for the manager where a shell would need it.
        found[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    return found


def by_docker(text: str) -> dict[str, str]:
    """The rules of `docker run --env-file` and of podman (pkg/env/env.go): no quotes, no escapes."""
    found = {}
    for raw in text.split("\n"):
        line = raw.lstrip(" \t")
        if line and not line.startswith("#"):
            name, separator, value = line.partition("=")
            assert separator, "a bare name would be taken from the caller's environment"
            found[name] = value
    return found


def by_systemd_unit(text: str) -> dict[str, str]:
    """Environment= lines by the rules of systemd.syntax(7) and systemd.exec(5), for double-quoted words."""
    found = {}
    for line in text.splitlines():
        if line.startswith("Environment="):
            word = re.fullmatch(r'Environment="((?:[^"\\]|\\.)*)"', line)
            assert word is not None
            assert not re.search(r"%(?!%)", word[1].replace("%%", "")), "a specifier"
            name, _, value = re.sub(r"\\(.)", r"\1", word[1]).replace("%%", "%").partition("=")
            found[name] = value
    return found
