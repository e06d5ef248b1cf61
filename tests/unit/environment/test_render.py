"""What is written means the same to every reader; what cannot is refused."""

import shutil
import string
import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dnnready.environment import render
from dnnready.errors import DnnreadyError

from .readers import SYSTEMD_READER, by_docker, by_systemd, by_systemd_unit, sourced

SHELLS = [shell for shell in ("dash", "bash", "busybox", "mksh") if shutil.which(shell)]

#: Names such as shells and systemd know, made unlikely to be in a test's environment already.
NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=12).map(lambda text: f"T{text}")
LIKELY = st.text(string.ascii_letters + string.digits + "{}[]*?!^~#%@:=,.+-/_é漢🙂 '\"\\$`;&|<>()\t\n\r", max_size=24)
VALUES = st.one_of(LIKELY, st.text(max_size=24))
PATIENT = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def accepted(variables):
    return {name: value for name, value in variables.items() if not render.problem(name, value)}


VARIABLES = st.dictionaries(NAMES, VALUES, max_size=6).map(accepted)


@given(VARIABLES)
def test_what_is_written_is_read_back(variables):
    assert render.parse(render.render(variables)) == variables


@pytest.mark.parametrize("shell", SHELLS)
@PATIENT
@given(variables=VARIABLES)
def test_a_shell_reads_the_same_bytes(shell, variables, tmp_path):
    path = tmp_path / "environment"
    path.write_text(render.render(variables), encoding="utf-8")
    assert sourced(shell, path, set(variables)) == variables


@pytest.mark.parametrize("shell", SHELLS)
@PATIENT
@given(variables=VARIABLES)
def test_a_login_shell_reads_the_same_bytes(shell, variables, tmp_path):
    path = tmp_path / "profile.sh"
    path.write_text(render.render_profile(variables), encoding="utf-8")
    assert sourced(shell, path, set(variables), before="") == variables


@pytest.mark.skipif(not SYSTEMD_READER.exists(), reason="no systemd here")
@PATIENT
@given(variables=VARIABLES)
def test_systemd_reads_the_same(variables, tmp_path):
    assume(all(variables.values()))  # the generator drops empty values, EnvironmentFile= keeps them
    path = tmp_path / "environment"
    path.write_text(render.render(variables), encoding="utf-8")
    read = by_systemd(path, tmp_path)
    assert {name: read.get(name) for name in variables} == variables


@given(VARIABLES)
def test_docker_and_podman_read_the_same(variables):
    assert by_docker(render.render(variables)) == variables


@given(VARIABLES)
def test_a_systemd_unit_reads_the_same(variables):
    text = render.render_dropin(variables)
    assert by_systemd_unit(text) == variables
    assert text.split("\n")[:2] == [render.MARK, "[Service]"]


@pytest.mark.parametrize(
    "value",
    [
        *("{0},{1}", "{0}:4:2", "granularity=fine,compact,1,0", "proclist=[0,1],explicit", "a=b=c", "#", "a#b", "100%"),
        *("*", "?", "[a-z]*", "!x", "^x", "@", "+", "glibc.malloc.mmap_threshold=33554432", "", "-1", "é", "漢字"),
        *("{release}/lib:/usr/lib", "a~b", "dirty_decay_ms:10000,background_thread:true", "%n", "%%"),
    ],
)
def test_a_value_that_all_read_the_same_is_accepted(value, tmp_path):
    path = tmp_path / "environment"
    path.write_text(render.render({"T_VALUE": value}), encoding="utf-8")
    assert [sourced(shell, path, {"T_VALUE"}) for shell in SHELLS] == [{"T_VALUE": value}] * len(SHELLS)
    assert by_docker(path.read_text(encoding="utf-8")) == {"T_VALUE": value}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a b", "a space"),
        ("a\tb", "a tab"),
        ("a\nB=c", "a line end"),
        ("a\rb", "a carriage return"),
        ("'a'", "has '"),
        ('"a"', 'has "'),
        ("a\\", "has \\"),
        ("$HOME", "has $"),
        ("`id`", "has `"),
        ("a;id", "has ;"),
        ("a&", "has &"),
        ("a|b", "has |"),
        ("a>b", "has >"),
        ("a<b", "has <"),
        ("cores(4)", "has ("),
        ("~/lib", "home directory"),
        ("/a:~/b", "home directory"),
        ("a=~", "home directory"),
        ("a\0b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\x85b", "U+0085"),
        ("a\u2028b", "U+2028"),
        ("a\xa0b", "U+00A0"),
        ("\udcff", "U+DCFF"),
        ("\ufdd0", "U+FDD0"),
        ("x" * 60_001, "longer"),
    ],
)
def test_a_value_that_readers_disagree_on_is_refused(value, why):
    assert why in render.problem("NAME", value)
    for write in (render.render, render.render_profile, render.render_dropin):
        with pytest.raises(DnnreadyError, match="NAME"):
            write({"NAME": value, "GOOD": "1"})


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "Ä", "A\n", "A=", *sorted(render.SHELL_NAMES)])
def test_a_name_that_no_shell_takes_is_refused(name):
    assert render.problem(name, "1") != ""


@pytest.mark.parametrize("name", sorted(render.SHELL_NAMES - {"IFS"}))
def test_the_refused_names_are_really_the_shells_own(name, tmp_path):
    path = tmp_path / "environment"
    path.write_text(f"{name}=/a/b\nT_AFTER=1\n", encoding="utf-8")
    try:
        read = sourced("bash", path, {name, "T_AFTER"})
    except (AssertionError, subprocess.CalledProcessError):  # bash complained, or stopped
        return
    assert read != {name: "/a/b", "T_AFTER": "1"}


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(DnnreadyError) as raised:
        render.render({"A": "x y", "B-": "1", "C": "ok", "D": "$x"})
    assert all(f"{name}: " in str(raised.value) for name in ("A", "B-", "D"))
    assert "C: " not in str(raised.value)


@pytest.mark.parametrize("text", ["A", "A=a b\n", "=x\n", "A=1\n B=2\n", "export A=1\n", "A='1'\n"])
def test_what_someone_else_wrote_is_not_guessed_at(text):
    with pytest.raises(DnnreadyError, match="Line"):
        render.parse(text)


def test_comments_and_empty_lines_are_passed_over():
    assert render.parse("# a\n\nA=1\n#B=2\n") == {"A": "1"}
