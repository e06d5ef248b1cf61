"""Clean Debian containers that playbooks run on, as `make test-host` prepares them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import pytest

from tests.faults.container import CONFIGURATION, ENVIRONMENT, Container
from tests.faults.image import CACHE, STORE

PROJECT = Path(__file__).resolve().parents[2]
#: What a package manager and Ansible itself write while they work is no trace of what was installed.
_UNLISTED = "/proc /sys /dev /run /tmp /var/tmp /var/log /var/cache /var/lib/apt /var/lib/dpkg /root/.ansible"

needs_containers = pytest.mark.skipif(
    os.geteuid() != 0 or not Path(CONFIGURATION).exists(), reason="containers need root and `make test-host`"
)


class Host:
    """A container, with the playbooks of a user on it."""

    def __init__(self, container: Container, run_playbook: Callable[..., Any]) -> None:
        self.container = container
        self._run = run_playbook

    def shell(self, script: str) -> str:
        """Standard output of a line of shell that must succeed."""
        done = self.container.run(script, seconds=300, login=False)
        assert done.status == 0, done.errors
        return done.output

    def play(self, playbook: str, variables: Optional[Mapping[str, Any]] = None, **keywords: Any) -> Any:
        """Run a playbook of the project on the container."""
        connection = {
            "ansible_connection": "podman_pipelined",
            "ansible_pipelining": True,
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        plugins = PROJECT / "molecule" / "shared" / "connection_plugins"
        return self._run(
            PROJECT / playbook,
            {**connection, **(variables or {})},
            env={"ANSIBLE_CONNECTION_PLUGINS": str(plugins), "CONTAINERS_CONF": ENVIRONMENT["CONTAINERS_CONF"]},
            inventory=f"{self.container.name},",
            connection_variables=False,
            **keywords,
        )

    def listing(self) -> set[str]:
        """Every file with type, mode, owner and where a link leads; every package with version and state."""
        pruned = " -o ".join(f"-path {path}" for path in _UNLISTED.split())
        # The distribution's Python keeps bytecode of its own modules wherever root runs it.
        files = f"find / -xdev '(' {pruned} -o -name __pycache__ ')' -prune -o -printf '%p %y %m %u %g %l\\n'"
        packages = "dpkg-query --show --showformat '${binary:Package} ${Version} ${Status}\\n'"
        return set(self.shell(f"{files}; {packages}").splitlines())


@contextmanager
def host(name: str, run_playbook: Callable[..., Any], *arguments: str) -> Iterator[Host]:
    """A clean Debian 12 with systemd and the wheelhouse; with apt's sources and the network of this machine."""
    volume = f"--volume={CACHE}/wheelhouse:/wheelhouse:ro"
    with Container(f"dnnready-{name}-{os.getpid()}", f"{STORE}/debian-12-systemd", [volume, *arguments]) as container:
        made = Host(container, run_playbook)
        made.shell(r"printf '[global]\nfind-links = /wheelhouse\nno-index = true\n' > /etc/pip.conf")
        yield made
