"""The packages of a device are those of its image: before anything came, and after everything went."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from testinfra.host import Host

# Without versions: what came may have wanted a newer one of what was there, and nothing goes back to an older one.
LIST = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Abbrev}\n"]


def test_packages_are_those_of_the_image(host: Host, expected: dict[str, Any]) -> None:
    image = f"localhost/dnnready-test/{expected['image']}"
    command = ["podman", "run", "--rm", "--network=none", "--entrypoint=", image, *LIST]
    fresh = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True).stdout.split("\n")
    here = host.check_output(" ".join(["%s"] * len(LIST)), *LIST).split("\n")
    assert sorted(filter(None, map(str.strip, here))) == sorted(filter(None, map(str.strip, fresh)))


def test_no_depot_is_left(host: Host, prefix: str) -> None:
    assert not host.file(f"{prefix}/depot").exists
    assert "dnnready" not in host.check_output("cat /etc/apt/sources.list; ls /etc/apt/*.d")
