"""The images that faults are injected into: Debian with proven stacks, kept by podman under a digest of their recipe.

`site.yml` provisions a container of a clean image, as molecule does; scripts beside it add environments of somebody
else, and `podman commit` keeps the result. Needs what `make test-host` makes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from dnnready.conv2d.probe_common import PROBE_VERSION
from tests.faults import wheels
from tests.faults.container import ENVIRONMENT, LABEL, Container, PodmanError, podman

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Path(__file__).resolve().parent / "recipe"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "dnnready"
STORE = "localhost/dnnready-test"
#: Libraries of an older and a newer system, by the image that has them.
ELSEWHERE = {"debian-11": "old", "debian-13-systemd": "new"}
LIBRARY = "usr/lib/x86_64-linux-gnu/libstdc++.so.6"


def volumes(*more: str) -> list[str]:
    """The wheels, as arguments of `podman run`."""
    pairs = [f"{CACHE}/wheelhouse:/wheelhouse", f"{CACHE}/fault-wheels:/fault-wheels", *more]
    return [f"--volume={pair}:ro" for pair in pairs]


def reference(name: str) -> str:
    """Where podman keeps the image of a system (debian-12, debian-13), by everything that it is made from."""
    digest = hashlib.sha256(podman("image", "inspect", "--format={{.Id}}", f"{STORE}/{name}-systemd").encode())
    digest.update(f"probes {PROBE_VERSION}".encode())  # the proofs in it must hold
    for path in sorted([*RECIPE.iterdir(), *(ROOT / "locks").rglob("*.txt"), wheels.LIST]):
        digest.update(path.name.encode() + path.read_bytes())
    return f"{STORE}/faults-{name}:{digest.hexdigest()[:16]}"


def build(name: str) -> str:
    """Make the image of a system where it is not there; its name in podman's storage.

    Raises:
        PodmanError: where a step fails, with what it said.
    """
    wheels.fetch(CACHE / "fault-wheels")
    image = reference(name)
    if subprocess.run(["podman", "image", "exists", image], env=ENVIRONMENT, check=False).returncode == 0:
        return image
    sys.stderr.write(f"Making {image}, which takes minutes.\n")
    with Container(
        f"dnnready-faults-make-{name}", f"{STORE}/{name}-systemd", volumes(f"{RECIPE}:/recipe")
    ) as container:
        steps = r"printf '[global]\nfind-links = /wheelhouse\nno-index = true\n' > /etc/pip.conf && sh /recipe/"
        _must(container, f"{steps}{name}.sh")
        _provision(container.name, name)
        if name == "debian-12":
            for other, directory in ELSEWHERE.items():
                _copy_library(other, container, directory)
        _must(container, f"sh /recipe/{name}-after.sh")
        for old in podman("image", "ls", "--quiet", f"--filter=label={LABEL}={name}").split():
            podman("image", "rm", "--force", old)
        podman("commit", "--quiet", f"--change=LABEL {LABEL}={name}", container.name, image)
    return image


def _must(container: Container, script: str) -> None:
    done = container.run(script, seconds=600)
    if done.status:
        raise PodmanError(f"{script} exited with {done.status}: {done.errors[-2000:]}")


def _provision(container: str, host: str) -> None:
    """What a user runs."""
    environment = {
        **ENVIRONMENT,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "molecule" / "shared" / "connection_plugins"),
        "DNNREADY_FAULTS_CONTAINER": container,
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(ROOT / "site.yml"), "--limit", host]
    done = subprocess.run(
        [*command, "-i", str(RECIPE / "hosts.yml")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PodmanError(f"site.yml exited with {done.returncode}: {done.stdout[-3000:]}{done.stderr[-1000:]}")


def _copy_library(image: str, container: Container, directory: str) -> None:
    """The C++ library of another system."""
    place = podman("image", "mount", f"{STORE}/{image}")
    try:
        _must(container, f"mkdir -p /srv/other/{directory}")
        podman("cp", str(Path(place, LIBRARY).resolve()), f"{container.name}:/srv/other/{directory}/libstdc++.so.6")
    finally:
        podman("image", "unmount", f"{STORE}/{image}")


if __name__ == "__main__":
    for each in ("debian-12", "debian-13"):
        print(build(each))
