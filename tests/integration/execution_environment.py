"""The image of execution-environment/, built by ansible-builder and kept by podman under a digest of its recipe."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.faults.container import ENVIRONMENT, podman

PROJECT = Path(__file__).resolve().parents[2]
RECIPE = PROJECT / "execution-environment"
DEFINITION = RECIPE / "execution-environment.yml"
BUILDER = Path(sys.executable).with_name("ansible-builder")
#: In the place of debian:13-slim, which has no Python either way before the first step.
BASE = "localhost/dnnready-test/debian-13-systemd"
STORE = "localhost/dnnready-test/execution-environment"


def pip_configuration(certificates: str) -> str:
    """What of this machine's pip means something in a container: its index, as `/etc/pip.conf`."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings = re.findall(r"^[a-z:]+\.(index-url|timeout|trusted-host)='(.*)'$", listing, re.MULTILINE)
    lines = [f"{name} = {value}" for name, value in dict(settings).items()]
    return "\n".join(["[global]", f"cert = {certificates}", *lines, ""])


def build(directory: Path) -> str:
    """Build it where it is not there; its name in podman's storage. `directory` takes the context of the build."""
    digest = hashlib.sha256(podman("image", "inspect", "--format={{.Id}}", BASE).encode())
    digest.update(version("ansible-builder").encode())
    for path in (DEFINITION, RECIPE / "requirements.txt"):
        digest.update(path.read_bytes())
    image = f"{STORE}:{digest.hexdigest()[:16]}"
    if subprocess.run(["podman", "image", "exists", image], env=ENVIRONMENT, check=False).returncode == 0:
        return image
    certificates = "/run/certificates.crt"
    pip = directory / "pip.conf"
    pip.write_text(pip_configuration(certificates))
    own = os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    # Without layers: a build with mounts finds none of them again.
    extra = f"--layers=false --volume={pip}:/etc/pip.conf:ro --volume={own}:{certificates}:ro"
    done = subprocess.run(
        [
            *(BUILDER, "build", f"--file={DEFINITION}", f"--context={directory / 'context'}", f"--tag={image}"),
            *("--container-runtime=podman", f"--build-arg=EE_BASE_IMAGE={BASE}", f"--extra-build-cli-args={extra}"),
        ],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for old in podman("images", f"--filter=reference={STORE}", "--format={{.Repository}}:{{.Tag}}").split():
        if old != image:
            podman("rmi", "--force", old)
    return image
