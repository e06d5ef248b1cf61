"""Who runs this, and where their data belongs."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from typing import Any


def probe(environment: Mapping[str, str]) -> dict[str, Any]:
    """The `user` part of the host document.

    HOME counts where it belongs to the user: after sudo it may be another one's. XDG_DATA_HOME counts where it is
    absolute, as the XDG Base Directory Specification says.
    """
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
        name, home = entry.pw_name, entry.pw_dir
    except KeyError:  # a number without an account, as containers have them
        name, home = str(uid), ""
    named = environment.get("HOME", "")
    if named.startswith("/") and (not home or _owner(named) == uid):
        home = named
    home = home or "/"
    data = environment.get("XDG_DATA_HOME", "")
    own_data = data.startswith("/") and (home == named or not named)
    return {
        "uid": uid,
        "name": name,
        "home": home,
        "data_home": data if own_data else os.path.join(home, ".local/share"),
    }


def _owner(path: str) -> int:
    try:
        return os.stat(path).st_uid
    except OSError:
        return -1
