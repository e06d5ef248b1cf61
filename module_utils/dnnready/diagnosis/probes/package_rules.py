"""What versions, tags and builds of the installed packages mean for each other and for the interpreter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..probe import Case, Suspicion
from . import tags
from .versions import applies, canonical, key, requirement, satisfied

#: Named where one sentence tells what is there.
FRAMEWORKS = (
    *("torch", "torchvision", "torchaudio", "tensorflow", "tensorflow-cpu", "tensorflow-intel", "intel-tensorflow"),
    *("keras", "numpy", "protobuf", "mkl", "intel-openmp", "onednn-cpu-gomp", "onednn"),
)
#: Packages whose wishes matter to conv2d.
_MATTER = re.compile(
    r"torch|torchvision|torchaudio|tensorflow(-cpu|-intel|-cpu-aws)?|intel-tensorflow|tf-nightly(-cpu)?|keras|h5py"
    r"|ml-dtypes|mkl|intel-openmp|onednn.*|intel-extension-for-pytorch"
)
_TENSORFLOW = re.compile(r"tensorflow(-cpu|-intel|-cpu-aws)?|intel-tensorflow|tf-nightly(-cpu)?")
#: What a wish that is not met means, by the package that is wished for.
_UNMET = (
    (re.compile(r"numpy"), "numpy_abi", 0.82),
    (re.compile(r"protobuf"), "protobuf_conflict", 0.85),
    (re.compile(r"torch"), "extension_abi_mismatch", 0.62),
    (re.compile(r"keras|ml-dtypes|tensorflow.*|h5py|gast|flatbuffers|wrapt|absl-py"), "extension_abi_mismatch", 0.78),
    (re.compile(r"mkl.*|intel-openmp|intel-cmplr.*|tbb|tcmlib|umf"), "undefined_symbol_mkl", 0.6),
    (re.compile(r"tensorboard|nvidia-.*|triton"), "extension_abi_mismatch", 0.4),
    (re.compile(r".*"), "extension_abi_mismatch", 0.5),
)
#: Wishes whose absence stops nothing that conv2d needs.
_OPTIONAL = re.compile(
    r"tensorboard.*|nvidia-.*|triton|tensorflow-io.*|setuptools|wheel|libclang|cuda-.*"
    r"|tbb|intel-.*|umf|tcmlib|onemkl-.*|dpcpp-.*"
)


def suspicions(case: Case, facts: Mapping[str, Any]) -> tuple[Suspicion, ...]:
    """What the packages speak for."""
    if not facts["python"]["version"]:
        return tuple(_twice(facts))
    return (
        *_wishes(facts),
        *_generations(facts),
        *_twice(facts),
        *_mixed(facts),
        *_cuda(case, facts),
        *(
            found
            for each in facts["distributions"]
            if _MATTER.fullmatch(canonical(each["name"])) or canonical(each["name"]) in ("numpy", "protobuf")
            for found in tags.suspicions(case, facts["python"], each)
        ),
        *tags.modules(facts),
    )


def _wishes(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """In the manner of `pip check`; markers that cannot be decided are left out."""
    about = facts["python"]
    values = {
        "python_version": ".".join(about["version"].split(".")[:2]),
        "python_full_version": about["version"],
        "platform_machine": about["machine"],
        "sys_platform": about["platform"],
        "platform_system": about["platform"].capitalize(),
        "os_name": "posix",
        "implementation_name": about["implementation"],
    }
    packages = facts["packages"]
    for each in facts["distributions"]:
        asking = canonical(each["name"])
        if not _MATTER.fullmatch(asking) or packages[asking] != each["version"]:
            continue
        for line in each["requires"]:
            wish = requirement(line)
            if wish is None or applies(wish.marker, values) is not True:
                continue
            named = f"{each['name']} {each['version']} asks for {wish.text.partition(';')[0].strip()}"
            have = packages.get(wish.name)
            details = {"requirement": wish.name, "wanted": ",".join(map("".join, wish.clauses)), "needed_by": asking}
            if have is None:
                if not _OPTIONAL.fullmatch(wish.name):
                    evidence = [f"{named}, which is not installed"]
                    yield Suspicion("framework_not_installed", 0.8, evidence, {**details, "module": wish.name})
            elif satisfied(have, wish.clauses) is False:
                cause, weight = next((cause, weight) for name, cause, weight in _UNMET if name.fullmatch(wish.name))
                yield Suspicion(cause, weight, [f"{named}; installed is {have}"], details)


def _generations(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """torch up to 2.2 was compiled against numpy 1, and does not say so in its requirements."""
    numpy = key(facts["packages"].get("numpy", ""))
    torch = key(facts["packages"].get("torch", ""))
    if numpy and torch and numpy[0] >= (2,) and torch[0] < (2, 3):
        evidence = [
            f"torch {facts['packages']['torch']} was compiled against numpy 1; "
            f"installed is {facts['packages']['numpy']}"
        ]
        yield Suspicion("numpy_abi", 0.75, evidence, {"requirement": "numpy", "needed_by": "torch"})


def _twice(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Two dist-infos in one folder, two TensorFlows in one folder, and what an interrupted pip left behind."""
    matter = [
        each
        for each in facts["distributions"]
        if _MATTER.fullmatch(canonical(each["name"])) or canonical(each["name"]) in ("numpy", "protobuf")
    ]
    count = Counter((each["location"], canonical(each["name"])) for each in matter)
    for (location, name), number in count.items():
        if number > 1:
            evidence = [
                each["path"] for each in matter if (each["location"], canonical(each["name"])) == (location, name)
            ]
            yield Suspicion(
                "corrupt_install",
                0.8,
                [f"{name} is registered {number} times in {location}: an update was interrupted", *evidence],
                {"library": name, "package": name},
            )
    for location in {each["location"] for each in matter}:
        names = sorted(
            {
                canonical(each["name"])
                for each in matter
                if each["location"] == location and _TENSORFLOW.fullmatch(canonical(each["name"]))
            }
            # tensorflow of some platforms is an empty package that asks for tensorflow-intel or -cpu-aws
            - {"tensorflow-intel", "tensorflow-cpu-aws"}
        )
        if len(names) > 1:
            evidence = [
                f"{' and '.join(names)} share the folder {location}/tensorflow: the last one overwrote the others"
            ]
            yield Suspicion("corrupt_install", 0.6, evidence, {"library": "tensorflow", "package": names[0]})
    left = [path for path in facts["left"] if re.search(r"~(orch|ensorflow|umpy|eras|kl|rotobuf)", path)]
    if left:
        evidence = [f"{path} was left behind by an interrupted pip" for path in left]
        yield Suspicion("corrupt_install", 0.4, evidence, {"library": left[0]})


def _mixed(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """A package that both conda and pip brought to one environment."""
    ours = {canonical(name): version for name, version in facts["conda"].items()}
    for each in facts["distributions"]:
        name = canonical(each["name"])
        if each["installer"] in ("pip", "uv") and name in ours and ours[name] != each["version"]:
            evidence = [f"conda brought {name} {ours[name]}, and {each['installer']} {each['version']} over it"]
            cause = "numpy_abi" if name == "numpy" else "corrupt_install"
            yield Suspicion(cause, 0.5, evidence, {"library": name, "requirement": name, "package": name})


def _cuda(case: Case, facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """A build for CUDA where no GPU is: larger and slower to start, and fine as long as it runs."""
    if case.facts.gpu is not False:
        return
    for each in facts["distributions"]:
        name = canonical(each["name"])
        if not _MATTER.fullmatch(name):
            continue
        local = re.search(r"\+(cu\d+|rocm[\d.]+|xpu)", each["version"])
        asks = [
            canonical(line.split()[0])
            for line in each["requires"]
            if line.startswith("nvidia-") and "extra" not in line
        ]
        brought = sorted(other for other in facts["packages"] if other.startswith("nvidia-"))
        if local or (asks and brought):
            evidence = [
                f"{name} {each['version']} is a build for {local[1] if local else 'CUDA'}; this host has no GPU"
            ]
            if brought:
                evidence.append(f"it brought {len(brought)} packages of GPU libraries: {', '.join(brought[:3])} ...")
            yield Suspicion("cuda_build_on_cpu_host", 0.6, evidence, {"package": name, "module": name})
