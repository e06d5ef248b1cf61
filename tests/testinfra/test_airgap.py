"""A device that reaches the depot and nothing else, and knows of no other source."""

from __future__ import annotations

import pytest
from testinfra.host import Host

# Tries to reach a well-known address and prints what came of it.
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); print('connected')"


@pytest.mark.parametrize(("address", "port"), [("1.1.1.1", "53"), ("9.9.9.9", "443"), ("10.0.0.1", "80")])
def test_there_is_no_way_out(host: Host, address: str, port: str) -> None:
    tried = host.run("python3 -c %s %s %s", CONNECT, address, port)
    assert tried.rc != 0
    assert "Network is unreachable" in tried.stderr


def test_no_route_leads_out(host: Host) -> None:
    """A default route has the destination 00000000."""
    routes = host.check_output("cat /proc/net/route").splitlines()[1:]
    assert routes
    assert [line for line in routes if line.split()[1] == "00000000"] == []


def test_the_depot_answers(host: Host) -> None:
    read = "import urllib.request as r; print(r.urlopen('http://depot:8080/manifest.json').read(28).decode())"
    assert host.check_output("python3 -c %s", read).strip()


@pytest.mark.parametrize("path", ["/etc/pip.conf", "/root/.pip", "/root/.config/pip", "/etc/xdg/pip", "/wheelhouse"])
def test_pip_knows_no_source(host: Host, path: str) -> None:
    assert not host.file(path).exists
