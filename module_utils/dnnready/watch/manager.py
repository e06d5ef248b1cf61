"""Which manager of systemd runs the check: the host's, or a user's own."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DnnreadyError
from ..process import Completed, run

_TIMEOUT = 90.0
_RUNS = "/run/systemd/system"


@dataclass(frozen=True)
class Manager:
    """The host's manager of systemd, or a user's."""

    user: bool
    directory: Path  #: of the units that an administrator, or the user, writes
    stamps: Path  #: where persistent timers remember when they ran
    running: bool
    account: str = ""  #: whose it is, where it is a user's
    lasts: bool = True  #: whether it runs without a session

    def ask(self, *words: str) -> Completed:
        """A command of systemctl."""
        runtime = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"} if self.user else {}
        command = ["systemctl", *(["--user"] if self.user else []), *words]
        return run(command, env={**os.environ, **runtime, "LC_ALL": "C.UTF-8"}, timeout=_TIMEOUT)

    def do(self, *words: str) -> None:
        """A command that must succeed."""
        done = self.ask(*words)
        if not done.ok:
            raise DnnreadyError(f"systemctl {' '.join(words)} failed: {done.stderr.strip() or 'no message'}.")


def find(user: bool, present: bool) -> Manager:
    """The manager. Raises DnnreadyError where there is none and the check shall run."""
    if not user:
        directory = Path("/etc/systemd/system")
        if present and not directory.is_dir():
            raise DnnreadyError("There is no systemd on this host.", "Let cron run it: dnnready watch, each hour.")
        return Manager(False, directory, Path("/var/lib/systemd/timers"), os.path.isdir(_RUNS))
    account = pwd.getpwuid(os.geteuid())
    home = Path(account.pw_dir)
    directory = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "systemd" / "user"
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    manager = Manager(
        True,
        directory,
        data / "systemd" / "timers",
        running=True,
        account=account.pw_name,
        lasts=os.path.exists(f"/var/lib/systemd/linger/{account.pw_name}"),
    )
    if os.path.isdir(f"/run/user/{os.geteuid()}/systemd") and manager.ask("show-environment").ok:
        return manager
    if present:
        raise DnnreadyError(
            f"No user manager of systemd runs for {account.pw_name}, so nothing would start the check.",
            f"Have root run: loginctl enable-linger {account.pw_name}. Or let cron run it: dnnready watch, each hour.",
        )
    return replace(manager, running=False)
