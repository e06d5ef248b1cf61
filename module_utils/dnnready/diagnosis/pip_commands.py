"""The pip command that mends an environment which somebody else made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .probe import Case

#: Causes that installing the same files again mends.
_AGAIN = (
    "corrupt_install",
    "dnn_library_missing",
    "mkl_library_missing",
    "wrong_architecture",
    "musl_libc",
    "openmp_runtime_missing",
    "shadowed_or_partial_module",
    "extension_abi_mismatch",
    "undefined_symbol_mkl",
)
_PARTNERS = {"numpy_abi": "numpy", "protobuf_conflict": "protobuf"}
_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_DISTRIBUTIONS = {"pytorch": ("torch",), "tensorflow": ("tensorflow-cpu", "tensorflow")}
#: Folders in site-packages and the distributions that own them.
_OWNERS = {
    "torch": "torch",
    "tensorflow": "tensorflow-cpu",
    "numpy": "numpy",
    "numpy.libs": "numpy",
    "mkl": "mkl",
    "google": "protobuf",
}


def command(code: str, details: Mapping[str, str], case: Case) -> Sequence[str]:
    """The words of the command; empty where pip does not mend this, or may not (the distribution's own Python)."""
    python = case.target.python
    about = case.fact("inventory", "python") or {}
    if not python or about.get("externally_managed") or case.fact("inventory", "conda"):
        return ()
    start = [python, "-m", "pip", "install"]
    packages: Mapping[str, str] = case.fact("inventory", "packages") or {}
    if code in ("framework_not_installed", "cuda_build_on_cpu_host"):
        return _framework(start, code, case)
    if code in ("numpy_abi", "protobuf_conflict"):
        return [*start, _wish(details)] if _wish(details) else [*start, "--upgrade", _PARTNERS[code]]
    if code in _AGAIN:
        return _again(start, details, case, packages)
    return ()


def _wish(details: Mapping[str, str]) -> str:
    """What a package asks for, such as numpy<2; "" where no version is known."""
    name, versions = details.get("requirement", ""), details.get("wanted", "")
    return f"{name}{versions}" if name and versions[:1] in tuple("<>=!~") else ""


def _framework(start: list[str], code: str, case: Case) -> Sequence[str]:
    asked = next(iter(case.frameworks), "pytorch")
    again = ["--force-reinstall"] if code == "cuda_build_on_cpu_host" else []
    if asked == "pytorch":
        return [*start, *again, "--index-url", _CPU_INDEX, "torch"]
    return [*start, *again, "tensorflow-cpu"] if asked == "tensorflow" else ()


def _again(start: list[str], details: Mapping[str, str], case: Case, packages: Mapping[str, str]) -> Sequence[str]:
    if _wish(details):
        return [*start, _wish(details)]
    name = details.get("package") or _owner(details.get("library", ""), packages)
    if not name:
        name = next(
            (one for framework in case.frameworks for one in _DISTRIBUTIONS.get(framework, ()) if one in packages), ""
        )
    if not name or name not in packages:
        return ()
    extra = ["--extra-index-url", _CPU_INDEX] if "+cpu" in packages[name] else []
    return [*start, "--force-reinstall", "--no-deps", *extra, f"{name}=={packages[name]}"]


def _owner(path: str, packages: Mapping[str, str]) -> str:
    """The distribution that a file in site-packages belongs to."""
    parts = path.replace("\\", "/").split("/")
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    owner = _OWNERS.get(parts[0], parts[0]) if parts else ""
    if owner == "tensorflow-cpu" and owner not in packages:
        owner = "tensorflow"
    return owner if owner in packages else ""
