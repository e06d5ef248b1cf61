"""Hosts reached over real ssh on this machine, and what they and their controller cost.

sshd of the bench's own, with their own keys, port and configuration, listen on 127.0.0.1, 127.0.0.2, …: each address is
a host. They share this machine's files and cores; the system's sshd and known_hosts are not touched.

CPU time is read from two control groups (cgroup v2, `usage_usec` of `cpu.stat`): one for sshd and all that runs in its
sessions, one for ansible and all that it leaves behind, such as the ssh that keeps a connection open. So nothing is
counted twice and nothing is lost when a process outlives its parent, as it would be with the times of children.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_LARGEST = 250
_ADDRESSES = 16  #: of one sshd, MAX_LISTEN_SOCKS of its sshd.c
_PATIENCE = 20.0  #: seconds for processes to start or end
_DAEMON = """\
Port {port}
{addresses}
HostKey {scratch}/host_key
AuthorizedKeysFile {scratch}/client_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
MaxStartups 1000
PrintMotd no
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Spent:
    """What one command cost: CPU seconds of controller and devices, wall seconds, and what it printed."""

    controller: float
    device: float
    wall: float
    output: str

    def figures(self) -> dict[str, float]:
        """The numbers alone."""
        return {"controller": self.controller, "device": self.device, "wall": self.wall}


@dataclass
class Peaks:
    """The most that ansible's processes had at one time, and the CPU seconds of its main process, at the last look."""

    bytes: int = 0  #: proportional set sizes of all
    processes: int = 0
    ssh_bytes: int = 0  #: of these, the connections
    ssh_processes: int = 0
    main_bytes: int = 0  #: resident set size of the process that starts the others
    main_seconds: float = 0.0
    main: int = 0

    def see(self, processes: Sequence[int]) -> None:
        """Take what is there now."""
        sizes = {process: size for process in processes if (size := _proportional(process))}
        if not sizes:
            return
        self.main = self.main or min(sizes)
        if sum(sizes.values()) > self.bytes:
            self.bytes, self.processes = sum(sizes.values()), len(sizes)
            connections = [size for process, size in sizes.items() if _read(process, "comm").strip() == "ssh"]
            self.ssh_bytes, self.ssh_processes = sum(connections), len(connections)
        fields = _read(self.main, "stat").rpartition(")")[2].split()
        if fields:
            self.main_seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            self.main_bytes = max(self.main_bytes, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))


class Group:
    """A control group that counts the CPU time of what is started in it."""

    def __init__(self, name: str) -> None:
        self._directory = _mount() / f"dnnready-bench-{os.getpid()}-{name}"
        try:
            self._directory.mkdir()
        except OSError as error:
            sys.exit(f"{self._directory}: {error.strerror}. The bench needs root, and cgroup v2 mounted writable.")

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command, started in this group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self._directory / "cgroup.procs"), *argv]

    def seconds(self) -> float:
        """CPU seconds of all that ran here so far."""
        first = (self._directory / "cpu.stat").read_text(encoding="ascii").split(maxsplit=2)
        return int(first[1]) / 1e6

    def processes(self) -> list[int]:
        """Who runs here now."""
        return [int(word) for word in (self._directory / "cgroup.procs").read_text(encoding="ascii").split()]

    def end(self, spare: Sequence[int] = ()) -> None:
        """End all processes but these, and wait until they have ended."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _PATIENCE
            while time.monotonic() < deadline:
                left = [process for process in self.processes() if process not in spare]
                if not left:
                    return
                for process in left:
                    _signal(process, sign)
                time.sleep(0.02)
        sys.exit(f"{self._directory}: processes {left} do not end.")

    def settle(self, number: int) -> None:
        """Wait until no more than so many processes run here."""
        deadline = time.monotonic() + _PATIENCE
        while len(self.processes()) > number and time.monotonic() < deadline:
            time.sleep(0.02)

    def remove(self) -> None:
        """End what runs here, and take the group away."""
        self.end()
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._directory.rmdir()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


class Loopback:
    """So many hosts; `run` starts ansible against the first ones of them and says what that cost."""

    def __init__(self, scratch: Path, controller: Group, device: Group, daemons: int) -> None:
        self._scratch = scratch
        self._controller, self._device = controller, device
        self._daemons = daemons

    def inventory(self, number: int) -> list[str]:
        """The arguments that name the first so many hosts."""
        return ["-i", str(self._scratch / "hosts.json"), "--limit", f"all[0:{number - 1}]"]

    def run(self, argv: Sequence[str], environment: Mapping[str, str], *, keep: bool = False) -> Spent:
        """Run a command that must succeed. Connections are new, and closed at the end unless they are kept."""
        controller, device, started = self._controller.seconds(), self._device.seconds(), time.monotonic()
        done = subprocess.run(
            self._controller.command(argv),
            cwd=ROOT,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.monotonic() - started
        if not keep:
            self.disconnect()
        if done.returncode:
            sys.exit(f"{' '.join(argv)} failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
        return Spent(
            self._controller.seconds() - controller, self._device.seconds() - device, wall, done.stdout + done.stderr
        )

    def disconnect(self) -> None:
        """Close the connections that ansible left open."""
        self._controller.end()
        self._device.settle(self._daemons)

    @contextmanager
    def watched(self) -> Iterator[Peaks]:
        """Watch ansible's processes while this lasts: it costs time of its own, so not where CPU is measured."""
        peaks = Peaks()
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                peaks.see(self._controller.processes())

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield peaks
        finally:
            done.set()
            thread.join()

    def _environment(self, given: Mapping[str, str]) -> dict[str, str]:
        # Bytecode of plugins is kept, as for a user who starts ansible-playbook.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("ANSIBLE_") and name not in ("PYTHONDONTWRITEBYTECODE", "DNNREADY_JSON")
        }
        own = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._scratch / "cp"),
            "ANSIBLE_NOCOLOR": "1",
        }
        return {**kept, **own, **given}


@contextmanager
def hosts(number: int, variables: Mapping[str, Any] | None = None) -> Iterator[Loopback]:
    """So many hosts for as long as this lasts. `variables` are those of the inventory; a value may name {index}."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        sys.exit("sshd is missing: install the package openssh-server.")
    if not 1 <= number <= _LARGEST:
        sys.exit(f"{number} hosts: from 1 to {_LARGEST} can be served.")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # what was started here ends too
    controller, device = Group("controller"), Group("device")
    try:
        # The path of a control socket has room for 108 bytes.
        with tempfile.TemporaryDirectory(prefix="dnnready-") as name:
            scratch = Path(name)
            addresses = [f"127.0.0.{index}" for index in range(1, number + 1)]
            port = _prepare(scratch, addresses, dict(variables or {}))
            daemons = []
            try:
                for some in (addresses[start : start + _ADDRESSES] for start in range(0, number, _ADDRESSES)):
                    daemons.append(_start(program, scratch, port, some, device))
                yield Loopback(scratch, controller, device, len(daemons))
            finally:
                controller.end()
                device.end()
                for daemon in daemons:
                    daemon.wait()
    finally:
        controller.remove()
        device.remove()


def _start(program: str, scratch: Path, port: int, addresses: Sequence[str], group: Group) -> subprocess.Popen[bytes]:
    """An sshd for these addresses, that answers."""
    settings, log = (scratch / f"{addresses[0]}.{kind}" for kind in ("conf", "log"))
    listen = "\n".join(f"ListenAddress {address}" for address in addresses)
    settings.write_text(_DAEMON.format(port=port, addresses=listen, scratch=scratch))
    with open(log, "wb") as stream:
        argv = group.command([program, "-D", "-e", "-f", str(settings)])
        daemon = subprocess.Popen(argv, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
    wait_for_port(addresses[0], port, daemon, log)
    return daemon


def _prepare(scratch: Path, addresses: Sequence[str], variables: dict[str, Any]) -> int:
    """Keys and inventory; the port."""
    for key in ("host_key", "client_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scratch / key)], check=True)
    port = free_port()
    public = (scratch / "host_key.pub").read_text()
    (scratch / "known_hosts").write_text("".join(f"[{address}]:{port} {public}" for address in addresses))
    common = {
        "ansible_port": port,
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(scratch / "client_key"),
        "ansible_ssh_common_args": f"-F none -o IdentitiesOnly=yes -o UserKnownHostsFile={scratch}/known_hosts",
    }
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    members = {
        f"device-{index:03}": {
            "ansible_host": address,
            **{name: value.replace("{index}", str(index)) for name, value in texts.items()},
        }
        for index, address in enumerate(addresses, start=1)
    }
    common.update({name: value for name, value in variables.items() if name not in texts})
    (scratch / "hosts.json").write_text(json.dumps({"all": {"hosts": members, "vars": common}}))
    return port


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(address: str, port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Until the daemon answers; where it ends instead, its log is the message."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and daemon.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"{daemon.args!r} does not start:\n{log.read_text(errors='replace')}")


def _mount() -> Path:
    """Where cgroup v2 is mounted."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        if right.split()[0] == "cgroup2":
            return Path(left.split()[4])
    sys.exit("cgroup v2 is not mounted; CPU time of the hosts cannot be told from that of their controller.")


def _signal(process: int, sign: signal.Signals) -> None:
    try:
        os.kill(process, sign)
    except ProcessLookupError:
        return


def _proportional(process: int) -> int:
    """Bytes of a process, pages that are shared divided among those who share them; 0 once it has ended."""
    lines = _read(process, "smaps_rollup").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _read(process: int, name: str) -> str:
    """A file of a process in /proc, empty once it has ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
