"""Fleets for tests: containers with systemd, sshd and sudo on a network of their own, of several hardware classes.

    with fleet({"edge-001": SMALL, "edge-002": LARGE}, tmp_path) as hosts:
        subprocess.run(["ansible", "all", "-i", "inventories/example-fleet", "-i", hosts.inventory, "-m", "ping"])
        hosts["edge-001"].stop()

The network has no way out, as a plant's often has none; what this machine serves on `hosts.gateway` is reached. Needs
root and what `make test-host` makes. Several fleets may exist at once.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from tests.faults.container import podman
from tests.fleet.access import Access
from tests.fleet.host import FleetHost

IMAGE = "localhost/dnnready-test/debian-12-fleet"
LABEL = "dnnready.fleet"
#: Each systemd takes half a dozen of them; the usual 128 for all of root's are enough for twenty hosts.
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_INSTANCES = 4096
#: Podman waits for the kernel and for its own lock: more at once bring nothing.
_AT_ONCE = 4


@dataclass(frozen=True)
class HardwareLimits:
    """What a host has of this machine: cores, and memory as podman writes it (512m, 2g)."""

    cpus: float
    memory: str


#: Three hardware classes on any machine with two cores: by memory, by cores and memory.
SMALL = HardwareLimits(1, "512m")
MEDIUM = HardwareLimits(1, "1g")
LARGE = HardwareLimits(2, "2g")


class Fleet(Mapping[str, FleetHost]):
    """The hosts by name; `inventory` has their addresses and keys, for `-i` beside an inventory that has the rest."""

    def __init__(self, hosts: Mapping[str, FleetHost], access: Access, gateway: str) -> None:
        self._hosts = dict(hosts)
        self.access = access
        #: Where this machine is reached from the hosts.
        self.gateway = gateway
        #: Of the account `edge`, for sudo.
        self.password = access.password
        self.inventory = access.write_inventory({name: host.address for name, host in hosts.items()})

    def __getitem__(self, name: str) -> FleetHost:
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def shell(self, script: str, names: Optional[Sequence[str]] = None) -> dict[str, str]:
        """Standard output of a script of root on all hosts, or on these, by name."""
        wanted = list(self._hosts if names is None else names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(lambda name: self._hosts[name].shell(script), wanted)))


@contextmanager
def fleet(
    classes: Mapping[str, HardwareLimits], directory: Path, arguments: Sequence[str] = (), image: str = IMAGE
) -> Iterator[Fleet]:
    """A host for each name, booted; all of it is gone with the block, whatever happens in it.

    Args:
        classes: hardware by name of the host.
        directory: for keys and the inventory; made, and nobody else may read it.
        arguments: more arguments of `podman run`, such as volumes.
        image: a Debian with systemd, sshd and sudo.
    """
    name = f"dnnready-fleet-{os.getpid()}-{secrets.token_hex(2)}"
    label = f"--label={LABEL}={name}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    access = Access(directory / name)
    if int(_INOTIFY.read_text(encoding="ascii")) < _INOTIFY_INSTANCES:
        _INOTIFY.write_text(str(_INOTIFY_INSTANCES), encoding="ascii")
    with ExitStack() as undo:
        undo.callback(_remove, name)
        # Without its name server an internal network has no address of this machine.
        podman("network", "create", "--internal", label, name)
        (subnet,) = json.loads(podman("network", "inspect", name))[0]["subnets"]
        addresses = _addresses(subnet, list(classes))
        prepared = _prepare(name, label, image, access)

        def begin(host: FleetHost) -> FleetHost:
            limits = classes[host.name]
            podman(
                *("run", "--detach", "--systemd=always", f"--name={host.container}", f"--hostname={host.name}", label),
                *(f"--network={name}", f"--ip={host.address}", f"--mac-address={_mac(host.address)}"),
                *(f"--cpus={limits.cpus}", f"--memory={limits.memory}"),
                *(f"--volume={access.host_key(host.name)}:/etc/ssh/host_key:ro", *arguments, prepared),
            )
            return host

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            made = list(
                pool.map(begin, (FleetHost(one, f"{name}-{one}", address) for one, address in addresses.items()))
            )
            list(pool.map(FleetHost.wait, made))
        undo.callback(access.end_masters)
        yield Fleet({host.name: host for host in made}, access, subnet["gateway"])


def _addresses(subnet: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """An address of the network for each name; the first one is this machine."""
    free = (str(one) for one in ipaddress.ip_network(subnet["subnet"]).hosts() if str(one) != subnet["gateway"])
    return dict(zip(names, free))


def _mac(address: str) -> str:
    """A hardware address that a host keeps over a restart, or the others look for it in vain for a while."""
    return "02:00:" + ipaddress.ip_address(address).packed.hex(":")


def _prepare(name: str, label: str, image: str, access: Access) -> str:
    """The image of this fleet: with the account, its key and password; nothing starts with a key of another host."""
    podman("run", label, f"--name={name}-image", "--network=none", image, "sh", "-c", access.preparation())
    reference = f"localhost/{name}"
    changes = ('--change=CMD ["/sbin/init"]', f"--change=LABEL {LABEL}={name}")
    podman("commit", "--quiet", *changes, f"{name}-image", reference)
    return reference


def _remove(name: str) -> None:
    """Everything with the label of this fleet, by its ids."""
    chosen = f"--filter=label={LABEL}={name}"
    if containers := podman("ps", "--all", "--quiet", chosen).split():
        podman("rm", "--force", "--time=0", "--volumes", *containers)
    if images := podman("images", "--quiet", chosen).split():
        podman("rmi", *images)
    if networks := podman("network", "ls", "--quiet", chosen).split():
        podman("network", "rm", *networks)
