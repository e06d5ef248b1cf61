"""One host of a fleet: a container with systemd and sshd, and what happens to devices."""

from __future__ import annotations

import subprocess
import time

from tests.faults.container import ENVIRONMENT, PodmanError, podman

_BOOT_SECONDS = 180
#: Ends every process of an ssh session, the one of root first. The listener goes on.
_CUT = """
cut=0
for process in /proc/[0-9]*; do
    case "$(tr '\\0' ' ' < "$process/cmdline" 2>/dev/null)" in
    'sshd: '*'[listener]'*) ;;
    'sshd: '*) kill -KILL "${process#/proc/}" && cut=$((cut + 1)) ;;
    esac
done
echo "$cut"
"""


class FleetHost:
    """A host, by its name in the inventory. `address` stays the same over a restart."""

    def __init__(self, name: str, container: str, address: str) -> None:
        self.name = name
        self.container = container
        self.address = address

    def shell(self, script: str, *, seconds: int = 120) -> str:
        """Standard output of a script of root on the host, which must succeed; not over ssh.

        Raises:
            PodmanError: where it fails, takes too long, or the host is off.
        """
        return podman("exec", self.container, "timeout", "--kill-after=2", str(seconds), "sh", "-ec", script)

    def stop(self) -> None:
        """Pull the plug."""
        podman("stop", "--time=0", self.container)

    def start(self) -> None:
        """Switch it on, and wait until it takes logins."""
        podman("start", self.container)
        self.wait()

    def reboot(self, *, wait: bool = True) -> None:
        """Pull the plug and switch it on again."""
        podman("restart", "--time=0", self.container)
        if wait:
            self.wait()

    def cut_ssh(self) -> int:
        """End all ssh sessions, as a network does that resets connections; how many processes they had."""
        return int(self.shell(_CUT))

    def hang(self) -> None:
        """Freeze every process. Connections are accepted, by the kernel, and never answered."""
        podman("pause", self.container)

    def resume(self) -> None:
        """Go on after `hang`."""
        podman("unpause", self.container)

    def wait(self) -> None:
        """Wait until systemd has booted: then sshd listens, and /run/nologin is gone.

        Raises:
            PodmanError: where it does not boot.
        """
        ends = time.monotonic() + _BOOT_SECONDS
        while time.monotonic() < ends:
            # systemctl may miss the end of a boot that it waits for.
            waiting = ["timeout", "--kill-after=2", "10", "systemctl", "is-system-running", "--wait"]
            command = ["podman", "exec", self.container, *waiting]
            done = subprocess.run(
                command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            # `degraded` still boots a host that a user would use. Before there is a bus it says nothing of use.
            if done.stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.2)
        raise PodmanError(f"{self.name} has not booted after {_BOOT_SECONDS} s: {done.stdout}{done.stderr}".strip())
