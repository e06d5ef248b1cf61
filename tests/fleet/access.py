"""How a fleet is reached over ssh: keys of the run, pinned host keys, an inventory that says so."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

#: The account on every host: root by sudo with a password, and no other way.
USER = "edge"
#: What a fleet's own image has beside the clean one, and what costs time there and is of no use. The keys of a host are
#: mounted: each has its own.
_PREPARE = """
set -eu
useradd --create-home --shell /bin/bash --groups sudo {user}
echo '{user}:{password}' | chpasswd
install -d -m 700 -o {user} -g {user} /home/{user}/.ssh
echo '{public}' | install -m 600 -o {user} -g {user} /dev/stdin /home/{user}/.ssh/authorized_keys
rm -f /etc/ssh/ssh_host_*
printf '%s\\n' 'HostKey /etc/ssh/host_key' 'PermitRootLogin no' 'PasswordAuthentication no' \\
    > /etc/ssh/sshd_config.d/fleet.conf
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \\
    e2scrub_reap.service fstrim.timer console-getty.service getty.target \\
    systemd-ask-password-console.path systemd-ask-password-wall.path
"""


class Access:
    """Keys and password of one run, in a directory that nobody else reads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.password = secrets.token_urlsafe(12)
        self.control_sockets = directory / "cp"
        (directory / "host-keys").mkdir(mode=0o700, parents=True)
        self.control_sockets.mkdir(mode=0o700)
        self.key = self._make_key("key")

    def _make_key(self, name: str) -> Path:
        path = self.directory / name
        comment = f"fleet {path.name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], check=True)
        return path

    def host_key(self, name: str) -> Path:
        """The private key with which a host proves who it is; made at the first call."""
        path = self.directory / "host-keys" / name
        return path if path.exists() else self._make_key(f"host-keys/{name}")

    def preparation(self) -> str:
        """Shell that makes the account, its key and its password, and takes root's login away."""
        public = self.key.with_suffix(".pub").read_text(encoding="utf-8").strip()
        return _PREPARE.format(user=USER, password=self.password, public=public)

    def ssh_arguments(self) -> str:
        """Options of ssh: the key of the run, and no host whose key is not the pinned one."""
        return (
            f"-o UserKnownHostsFile={self.directory}/known_hosts -o GlobalKnownHostsFile=/dev/null "
            "-o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
        )

    def write_inventory(self, addresses: Mapping[str, str]) -> Path:
        """Pin the keys of the hosts and write an inventory, of which an inventory without addresses makes a fleet.

        What it says for all hosts is weaker than group_vars of another inventory. Addresses and keys are stronger than
        anything that the inventories before it say.
        """
        known = (
            f"{address} {' '.join(self.host_key(name).with_suffix('.pub').read_text(encoding='utf-8').split()[:2])}\n"
            for name, address in addresses.items()
        )
        (self.directory / "known_hosts").write_text("".join(known), encoding="utf-8")
        # As host_vars, or those of another inventory would be stronger.
        (self.directory / "host_vars").mkdir()
        for name, address in addresses.items():
            own = {
                "ansible_host": address,
                "ansible_port": 22,
                "ansible_ssh_private_key_file": str(self.key),
                "ansible_ssh_common_args": self.ssh_arguments(),
                # Masters of ssh outlive a run of Ansible; here they are found and ended.
                "ansible_control_path_dir": str(self.control_sockets),
            }
            (self.directory / "host_vars" / f"{name}.json").write_text(json.dumps(own, indent=1), encoding="utf-8")
        everywhere = {
            "ansible_user": USER,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_become_password": self.password,
        }
        path = self.directory / "hosts.json"
        hosts = {"all": {"hosts": {name: {} for name in addresses}, "vars": everywhere}}
        path.write_text(json.dumps(hosts, indent=1), encoding="utf-8")
        return path

    def end_masters(self) -> None:
        """End the ssh processes that ControlPersist keeps."""
        for socket in self.control_sockets.iterdir():
            command = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=10)
