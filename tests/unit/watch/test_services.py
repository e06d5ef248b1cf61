"""Which services run a stack, and with which variables."""

import pytest

from dnnready.watch.services import assignments, belongs, described, place, properties

PREFIX = "/opt/dnnready"


def started(command):
    """As `systemctl show` of systemd 252 prints it."""
    return (
        f"{{ path={command.split()[0]} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; status=0/0 }}"
    )


@pytest.mark.parametrize(
    ("shown", "stack"),
    [
        ({"ExecStart": [started("/opt/dnnready/bin/dnnready run onednn -- python a.py")]}, "onednn"),
        ({"ExecStart": [started("/opt/dnnready/bin/dnnready --prefix /x run pytorch -- python")]}, "pytorch"),
        ({"ExecStart": [started("/opt/dnnready/bin/dnnready run --keep-environment mkl -- a")]}, "mkl"),
        ({"ExecStart": [started("/opt/dnnready/stacks/edges/current/venv/bin/python a.py")]}, "edges"),
        ({"DropInPaths": ["/etc/systemd/system/a.service.d/dnnready-onednn.conf /x/z.conf"]}, "onednn"),
        ({"ExecStart": [started("/usr/bin/python3 a.py")]}, ""),
        ({"ExecStart": [started("/usr/bin/echo run onednn -- is what one types")]}, ""),
        ({"ExecStart": [started("/opt/dnnready/bin/dnnready watch onednn")]}, ""),
        ({}, ""),
    ],
)
def test_whose_it_is(shown, stack):
    names = ["onednn", "pytorch", "mkl", "edges"]
    assert [name for name in names if belongs(shown, PREFIX, name)] == ([stack] if stack else [])


def test_variables_in_the_order_of_systemd(tmp_path):
    file = tmp_path / "camera.env"
    file.write_text("# a comment\nB=file\nC='two words'\nGONE=1\n; another\n", encoding="utf-8")
    shown = properties(
        "Id=camera.service\n"
        'Environment=A=unit B=unit "D=x y"\n'
        f"EnvironmentFiles={file} (ignore_errors=yes)\n"
        "EnvironmentFiles=/nowhere/at/all (ignore_errors=yes)\n"
        "UnsetEnvironment=GONE A=other\n"
        "FragmentPath=/etc/systemd/system/camera.service\n"
        "DropInPaths=/d/a.conf /d/b.conf\n"
        f"ExecStart={started('/opt/dnnready/bin/dnnready run onednn -- x')}\n"
    )
    service = described(shown, "onednn", {"LANG": "C", "A": "manager"})
    assert service.variables == {"LANG": "C", "A": "unit", "B": "file", "C": "two words", "D": "x y"}
    assert service.files == (str(file), "/d/b.conf", "/d/a.conf", "/etc/systemd/system/camera.service")
    assert service.through_run


def test_run_that_keeps_the_environment_lets_the_unit_win():
    shown = {"Id": ["a.service"], "ExecStart": [started("/p/bin/dnnready run --keep-environment onednn -- x")]}
    assert not described(shown, "onednn", {}).through_run


def test_a_place_is_a_line_of_a_file(tmp_path):
    unit = tmp_path / "a.service"
    unit.write_text('[Service]\n# Environment=A=0\nEnvironment="A=1" B=2\n', encoding="utf-8")
    assert place("B", [str(tmp_path / "none"), str(unit)]) == f"{unit}:3"
    assert place("A", [str(unit)]) == f"{unit}:3"
    assert place("C", [str(unit)]) == ""


def test_lines_that_are_no_assignments_are_passed_over():
    assert assignments(["A=1", "no", "9=1", "=1", "B="]) == {"A": "1", "B": ""}
