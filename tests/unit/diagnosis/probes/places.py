"""A virtual environment with packages written by hand, and real libraries with changed bytes."""

import base64
import hashlib
import os
import platform
import sysconfig
from pathlib import Path

import pytest

from dnnready.diagnosis.probe import Case
from dnnready.diagnosis.target import Target
from dnnready.host import loader
from dnnready.host.machine import Machine

HOST = {
    "cpu": {"architecture": platform.machine()},
    "libc": {"name": "glibc", "version": "2.36"},
    "libstdcxx": {"glibcxx": "3.4.30"},
    "os": {"id": "debian"},
    "gpu": {"devices": []},
}
ENDING = sysconfig.get_config_var("EXT_SUFFIX")
LIBRARY = loader.find(Machine(), "libstdc++.so.6", platform.machine())
needs_glibc = pytest.mark.skipif(not LIBRARY, reason="needs glibc and libstdc++ of this machine")


def library(*changes):
    """A real library with strings replaced by others of the same length."""
    data = Path(LIBRARY).resolve().read_bytes()
    for old, new in changes:
        assert len(old) == len(new)
        assert old in data
        data = data.replace(old, new)
    return data


class Place:
    """A virtual environment."""

    def __init__(self, folder):
        self.prefix = folder
        self.python = str(folder / "bin" / "python")
        self.site = next(folder.glob("lib/python3*/site-packages"))

    def install(self, name, version, files=None, *, requires=(), tags=("py3-none-any",), installer="pip"):
        """As pip leaves it: files, METADATA, WHEEL, INSTALLER and RECORD."""
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n\nLong: description\n")
        (info / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))
        (info / "INSTALLER").write_text(f"{installer}\n")
        record = []
        for path, content in (files or {}).items():
            data = content if isinstance(content, bytes) else content.encode()
            target = self.site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            record.append(f"{path},sha256={digest},{len(data)}")
        (info / "RECORD").write_text("\n".join([*record, f"{info.name}/RECORD,,"]) + "\n")
        return info

    def torch(self, version="2.3.0+cpu", start=None, **more):
        """Something that the probes take for PyTorch."""
        files = {
            "torch/__init__.py": "raise ImportError('never imported')\n",
            "torch/version.py": f"__version__ = {version!r}\n",
            "torch/nn/__init__.py": "# modules\n",
            f"torch/_C{ENDING}": start if start is not None else library(),
            "torch/lib/libc10.so": library(),
        }
        return self.install("torch", version, files, **more)

    def case(self, *frameworks, environment=None, host=None, **more):
        """The case of this environment."""
        variables = {"PATH": os.environ["PATH"], **(environment or {})}
        more = {"python": self.python, **more}
        target = Target("python", self.python, frameworks=frameworks, environment=variables, **more)
        return Case(target, {**HOST, **(host or {})})


def look(case, *probes):
    """The observations of some probes, one after the other, as the engine makes them."""
    for probe in probes:
        case.observations[probe.name] = probe.look(case)
    return case.observations[probes[-1].name]


def causes(observation, least=0.0):
    """{cause: highest weight}."""
    found = {}
    for each in observation.suspicions:
        if each.weight >= least:
            found[each.cause] = max(each.weight, found.get(each.cause, 0))
    return found


def evidence(observation):
    """All evidence, as one text."""
    return "\n".join(line for each in observation.suspicions for line in each.evidence)
