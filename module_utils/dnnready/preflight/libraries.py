"""Whether the host's libraries and packages can carry a stack."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Blocker, Case, older

#: The newest GLIBCXX version that a wheel for this or a newer glibc may ask for: auditwheel's manylinux policy.
GLIBCXX = (
    ("2.17", "3.4.19"),
    ("2.24", "3.4.22"),
    ("2.27", "3.4.24"),
    ("2.31", "3.4.28"),
    ("2.34", "3.4.29"),
    ("2.35", "3.4.30"),
    ("2.39", "3.4.33"),
)
_DEBIAN = (("2.28", "10"), ("2.31", "11"), ("2.36", "12"), ("2.41", "13"))
#: Stacks proven by these load libstdc++; MKL does not.
_NEED_LIBSTDCXX = frozenset({"onednn", "pytorch", "tensorflow"})
_STDCXX_PACKAGE = "libstdc++6"
#: These are judged by what they provide, so that hosts without dpkg pass too.
_JUDGED_ELSEWHERE = frozenset({_STDCXX_PACKAGE, "python3-venv"})


def musl(case: Case) -> Iterator[Blocker]:
    """The C library is glibc, as the wheels want it."""
    libc = case.host["libc"]
    if case.wheel and libc["name"] == "musl":
        text = f"The wheels of {case.title} are built for glibc; this host has musl {libc['version']}".rstrip() + "."
        yield case.blocker("musl_libc", text, "Use a host or image with glibc, for example Debian.", evidence="musl")


def _needed_glibc(case: Case) -> str:
    named = [str(version) for version in (case.needs.get("glibc"), (case.lock or {}).get("glibc")) if version]
    return max(named, key=lambda version: [int(part) for part in version.split(".")], default="")


def glibc(case: Case) -> Iterator[Blocker]:
    """The C library is as new as the wheels want it."""
    libc, needed = case.host["libc"], _needed_glibc(case)
    if not case.wheel or libc["name"] != "glibc" or not libc["version"] or not needed:
        return
    if older(libc["version"], needed):
        debian = next((f", for example Debian {name}" for version, name in _DEBIAN if not older(version, needed)), "")
        yield case.blocker(
            "glibc_too_old",
            f"{case.title} needs glibc {needed}; this host has {libc['version']}.",
            f"Use a distribution with glibc {needed} or newer{debian}.",
            case.other_source,
            evidence=f"glibc {libc['version']}",
        )


def libstdcxx(case: Case) -> Iterator[Blocker]:
    """The C++ library is there and new enough."""
    if not case.wheel or case.host["libc"]["name"] != "glibc" or not _NEED_LIBSTDCXX.intersection(case.probes):
        return
    library = case.host["libstdcxx"]
    debian = case.host["packages"]["manager"] == "dpkg"
    if library is None:
        if case.can_install and _STDCXX_PACKAGE in case.definition.get("system_packages", ()):
            return
        yield case.blocker(
            "system_library_missing",
            f"libstdc++.so.6 is not installed: {case.title} would fail with `ImportError: libstdc++.so.6`.",
            f"sudo apt-get install {_STDCXX_PACKAGE}" if debian else "Install the C++ run-time library of GCC.",
            evidence="not in the loader's cache and directories",
        )
        return
    asked = _needed_glibc(case)
    needed = max((cxx for version, cxx in GLIBCXX if asked and not older(asked, version)), default="")
    if needed and library["glibcxx"] and older(library["glibcxx"], needed):
        yield case.blocker(
            "libstdcxx_too_old",
            f"{case.title} may ask for GLIBCXX_{needed}; {library['path']} ends at GLIBCXX_{library['glibcxx']}.",
            "Use a newer distribution, or put a newer libstdc++ first on the loader's path.",
            case.other_source,
            evidence=f"{library['path']}: GLIBCXX_{library['glibcxx']}",
        )


def distribution(case: Case) -> Iterator[Blocker]:
    """The distribution carries the stack, where it shall come from there."""
    if case.wheel:
        return
    system = case.host["os"]
    here = " ".join(filter(None, (system["id"], system["version_id"], system["codename"]))) or "this distribution"
    if case.host["packages"]["manager"] != "dpkg" or not case.carried_by_distribution:
        known = ", ".join(sorted(case.definition.get("packages", {}))) or "none"
        yield case.blocker(
            "no_distribution_package",
            f"No packages of {case.title} are known for {here}; they are for: {known}.",
            f"Set {case.role}_source: wheel.",
            case.leave_out,
            evidence=f"codename {system['codename'] or 'unknown'}",
        )


def packages(case: Case) -> Iterator[Blocker]:
    """Missing packages will be installed, or there are none."""
    needed = [str(name) for name in case.definition.get("system_packages", ())]
    if not case.wheel:
        needed += case.carried_by_distribution
    manager, absent = case.host["packages"]["manager"], case.host["packages"]["missing"]
    elsewhere = _JUDGED_ELSEWHERE if case.wheel else frozenset()
    missing = [name for name in dict.fromkeys(needed) if name in absent and name not in elsewhere]
    if not missing or case.can_install:
        return
    names = " ".join(missing)
    if manager == "dpkg":
        text, way = f"System packages are missing, and installing them needs root: {names}.", "Once, as root: "
        yield case.blocker("system_library_missing", text, f"{way}apt-get install {names}", evidence=names)
    elif case.wheel:
        text = f"This host has no dpkg, so nothing tells whether it has what Debian calls {names}."
        way = "Install their counterparts, and take them out of system_packages of the stack's definition."
        yield case.blocker("system_library_missing", text, way, evidence="no dpkg-query")
