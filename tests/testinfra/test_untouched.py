"""What a host looks like that nothing has been written to: after `--check`, and after a refusal."""

from __future__ import annotations

import pytest
from testinfra.host import Host

PATHS = ["/opt/dnnready", "/etc/ansible", "/etc/profile.d/dnnready.sh", "/root/.local/share/dnnready"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_there(host: Host, path: str) -> None:
    assert not host.file(path).exists


def test_no_program_is_on_the_path(host: Host) -> None:
    assert not host.exists("dnnready")


def test_no_package_came(host: Host) -> None:
    """The images have no package of any stack."""
    installed = host.check_output("dpkg-query --show --showformat '${Package}\\n'").split()
    assert not [name for name in installed if name.startswith(("python3-torch", "libdnnl", "libmkl"))]
