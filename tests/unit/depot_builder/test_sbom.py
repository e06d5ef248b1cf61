"""The bill of materials: what it says of each file, and that nothing but the files changes it."""

import json
import uuid
import zipfile

import pytest

from dnnready.depot.manifest import Entry
from dnnready.depot_builder import sbom
from dnnready.depot_builder.licences import of_wheel

WHEEL = Entry("wheels/torch-2.13.0+cpu-cp311.whl", 5, "a" * 64, "wheel", "torch", "2.13.0+cpu", "x86_64", ("pytorch",))
DEB = Entry(
    "apt/bookworm-amd64/libc6_2.36_amd64.deb", 6, "b" * 64, "package", "libc6", "1:2.36-9+deb12u1", "x86_64", ()
)
INDEX = Entry("apt/bookworm-amd64/Packages", 7, "c" * 64, "index", "", "", "x86_64", ())


@pytest.mark.parametrize(
    ("entry", "purl"),
    [
        (WHEEL, "pkg:pypi/torch@2.13.0%2Bcpu?file_name=torch-2.13.0%2Bcpu-cp311.whl"),
        (DEB, "pkg:deb/debian/libc6@1%3A2.36-9%2Bdeb12u1?arch=amd64&distro=bookworm"),
    ],
)
def test_package_urls(entry, purl):
    assert sbom.purl(entry) == purl


def test_the_document_is_cyclonedx_1_6(tmp_path):
    document = json.loads(sbom.render([DEB, INDEX, WHEEL], tmp_path))
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert uuid.UUID(document["serialNumber"].removeprefix("urn:uuid:")).version == 5
    first, second = document["components"]
    assert (first["name"], second["name"]) == ("libc6", "torch")
    assert second["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert {"name": "dnnready:stack", "value": "pytorch"} in second["properties"]
    assert "timestamp" not in document["metadata"]


def test_it_changes_with_the_files_alone(tmp_path):
    one = sbom.render([WHEEL, DEB], tmp_path)
    assert sbom.render([DEB, WHEEL], tmp_path) == one
    other = json.loads(sbom.render([WHEEL], tmp_path))
    assert other["serialNumber"] != json.loads(one)["serialNumber"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: x\n", [{"expression": "MIT OR Apache-2.0"}]),
        ("License: Apache v2.0\n", [{"license": {"name": "Apache v2.0"}}]),
        (
            "License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n",
            [{"license": {"name": "BSD License"}}],
        ),
        (f"License: {'whole text ' * 20}\n", []),
        ("License: Redistribution and use\n in source\n", [{"license": {"name": "Redistribution and use in source"}}]),
        ("Name: x\n", []),
    ],
)
def test_licences_are_what_the_wheel_states(tmp_path, metadata, expected):
    path = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vendored/other.dist-info/METADATA", "License: wrong\n")
        archive.writestr("x-1.dist-info/METADATA", f"Metadata-Version: 2.1\n{metadata}\nLicense: of the description\n")
    assert of_wheel(path) == expected


@pytest.mark.parametrize("data", [None, b"", b"no zip"])
def test_a_wheel_that_cannot_be_read_states_none(tmp_path, data):
    path = tmp_path / "x.whl"
    if data is not None:
        path.write_bytes(data)
    assert of_wheel(path) == []
