"""Where pip is configured to look for wheels, for an installer that does not read pip's configuration.

Read as pip reads it (pip 20 to 26, `pip/_internal/configuration.py`): the files of the system, of the user and
PIP_CONFIG_FILE, each with [global] and [install]; [install] before [global], PIP_* variables before both.
"""

from __future__ import annotations

import configparser
import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The settings that decide where wheels come from, and uv's option for each.
_OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
#: Those that uv takes from a variable.
_VARIABLES = {"cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY"}
_TRUE = ("y", "yes", "t", "true", "on", "1")


def configured(environment: Mapping[str, str]) -> dict[str, str]:
    """What pip would take from files and variables about where to look: index-url, find-links, no-index, cert ..."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in _files(environment):
        parser = configparser.RawConfigParser()
        with contextlib.suppress(OSError, UnicodeDecodeError, configparser.Error):  # pip says what is wrong with it
            parser.read(path, encoding="utf-8")
            for name, found in sections.items():
                found.update(parser.items(name) if parser.has_section(name) else ())
    variables = {name[4:]: value for name, value in environment.items() if name.startswith("PIP_")}
    settings = {
        key.lower().replace("_", "-"): value.strip()
        for layer in (sections["global"], sections["install"], variables)
        for key, value in layer.items()
        if value.strip()
    }
    known = {**_OPTIONS, **_VARIABLES, "no-index": ""}
    found_settings = {key: value for key, value in settings.items() if key in known}
    if found_settings.get("no-index", "true").lower() not in _TRUE:
        del found_settings["no-index"]
    return found_settings


def for_uv(settings: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The same as options and variables of uv."""
    options = [
        word
        for key, option in _OPTIONS.items()
        for value in settings.get(key, "").split()
        for word in (option, value)
        if not (key.endswith("index-url") and "no-index" in settings)
    ]
    variables = {_VARIABLES[key]: value for key, value in settings.items() if key in _VARIABLES}
    return [*(["--no-index"] if "no-index" in settings else []), *options], variables


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The files that pip reads, the weakest first."""
    own = environment.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return
    home = Path(environment.get("HOME") or "/")
    for directory in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(directory, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    if own:
        yield Path(own)
