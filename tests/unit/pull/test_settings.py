"""What a host may be told to pull: addresses without secrets, names inside the project, keys that are keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.pull import settings as files
from dnnready.pull.settings import Settings, checked, variables_checked

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT release"


def wanted(**changes: Any) -> Settings:
    values = {"source": "https://git.example.net/fleet.git", "ansible": "/a", "host": "camera-7", "signers": [KEY]}
    return Settings(**{**values, **changes})


@pytest.mark.parametrize(
    "source",
    [
        "https://git.example.net/fleet.git",
        "http://git.example.net:3000/fleet",
        "ssh://git@git.example.net:2222/fleet.git",
        "git@git.example.net:fleet/dnnready.git",
        "git.example.net:fleet.git",
        "file:///srv/fleet.git",
    ],
)
def test_addresses(source: str) -> None:
    assert checked(wanted(source=source)).source == source


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://ada:secret@git.example.net/fleet.git", "a user or a password"),
        ("https://token@git.example.net/fleet.git", "a user or a password"),
        ("ssh://git:secret@git.example.net/fleet.git", "a user or a password"),
        ("ext::sh -c id", "no source"),
        ("fd::3", "no source"),
        ("ftp://git.example.net/fleet.git", "no source"),
        ("https:///fleet.git", "no source"),
        ("--upload-pack=id", "no source"),
        ("-oProxyCommand=id:x", "no source"),
        ("https://git.example.net/a\nb", "no source"),
        ("https://[git.example.net/fleet", "no source"),
        ("/srv/fleet.git", "no source"),
        ("", "no source"),
    ],
)
def test_what_is_no_address_or_has_a_secret_is_refused(source: str, words: str) -> None:
    with pytest.raises(DnnreadyError, match=words) as raised:
        checked(wanted(source=source))
    assert "secret" not in str(raised.value).replace("keeps no secret", "")
    assert "token" not in str(raised.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"signers": []},
        {"signers": ["ssh-ed25519 AAAA"]},
        {"revoked": ["nonsense"]},
        {"branch": "../x"},
        {"branch": "-x"},
        {"branch": "a..b"},
        {"branch": "a.lock"},
        {"branch": "a b"},
        {"playbook": "../site.yml"},
        {"playbook": "/etc/site.yml"},
        {"playbook": "-e@x"},
        {"playbook": ""},
        {"inventory": "a/../../b"},
        {"host": "all:&x"},
        {"host": ""},
        {"ansible": "venv"},
        {"deploy_key": "key"},
        {"repeat": -1},
        {"timeout": 0},
        {"backoff_first": True},
        {"source": "depot"},
        {"source": "depot", "depot": "http://d.example.net", "depot_signers": []},
        {"source": "depot", "depot": "http://a:b@d.example.net", "depot_signers": [KEY]},
        {"source": "depot", "depot": "/d", "depot_signers": [KEY], "project": "../x"},
    ],
)
def test_what_makes_no_sense_is_refused(changes: Any) -> None:
    with pytest.raises(DnnreadyError):
        checked(wanted(**changes))


@given(st.text(max_size=40))
def test_no_text_of_a_name_leads_out_of_the_project(text: str) -> None:
    try:
        given_settings = checked(wanted(playbook=text, branch=text))
    except DnnreadyError:
        return
    assert not given_settings.playbook.startswith(("/", "-"))
    assert ".." not in given_settings.playbook.split("/")
    assert text.isprintable()


@pytest.mark.parametrize(
    "variables",
    [{"ansible_become_password": "x"}, {"a": {"api_token": "x"}}, {"a": [{"db_pass": "x"}]}, {"client_secret": ""}],
)
def test_secrets_are_refused(variables: Any) -> None:
    with pytest.raises(DnnreadyError, match="keeps no secret"):
        variables_checked(variables)


def test_what_is_no_secret_is_not() -> None:
    variables = {"dnnready_stacks": ["onednn"], "passage": 1, "compass": 2}
    assert variables_checked(variables) == variables


def test_what_is_written_is_read(tmp_path: Path) -> None:
    text = json.dumps(files.document(wanted(branch="main")))
    (tmp_path / "settings.json").write_text(text)
    assert json.dumps(files.document(files.read(tmp_path))) == text


@pytest.mark.parametrize(
    "text", ["[]", '{"schema": "dnnready/pull-settings/2"}', '{"schema": "dnnready/pull-settings/1"}']
)
def test_settings_that_are_not_whole_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(DnnreadyError, match="Set it up again"):
        files.read(tmp_path)


def test_a_host_that_does_not_pull_is_said(tmp_path: Path) -> None:
    with pytest.raises(DnnreadyError, match="does not pull"):
        files.read(tmp_path)
