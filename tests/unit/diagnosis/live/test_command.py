"""Which Python a command line runs."""

import os
import sys

import pytest

from dnnready.diagnosis.targets import command

PATH = {"PATH": os.path.dirname(sys.executable)}


@pytest.mark.parametrize(
    ("words", "python", "script"),
    [
        (["/srv/venv/bin/python", "app.py"], "/srv/venv/bin/python", "app.py"),
        (["/srv/venv/bin/python3.11", "-u", "-X", "dev", "app.py", "-x"], "/srv/venv/bin/python3.11", "app.py"),
        (["/usr/bin/python3", "-m", "server"], "/usr/bin/python3", ""),
        (["/usr/bin/python3", "-c", "import torch"], "/usr/bin/python3", ""),
        (["/usr/bin/env", "A=1", "/usr/bin/python3", "app.py"], "/usr/bin/python3", "app.py"),
        (["/usr/bin/node", "app.js"], "", ""),
        (["/does/not/exist"], "", ""),
        ([], "", ""),
    ],
)
def test_named_in_the_command(words, python, script):
    found = command.read(words, PATH)
    assert (found.python, found.script) == (python, script)


def test_variables_given_by_env_count():
    assert command.read(["env", "OMP_NUM_THREADS=abc", "/usr/bin/python3"], PATH).variables == {
        "OMP_NUM_THREADS": "abc"
    }


def test_found_on_the_path():
    assert command.read([os.path.basename(sys.executable), "app.py"], PATH).python == sys.executable


def test_the_first_line_of_a_script(tmp_path):
    script = tmp_path / "serve"
    script.write_text("#!/srv/venv/bin/python -u\nprint()\n")
    found = command.read([str(script)], PATH)
    assert (found.python, found.script) == ("/srv/venv/bin/python", str(script))


def test_run_of_dnnready_is_the_stack_with_its_variables(tmp_path):
    release = tmp_path / "stacks" / "pytorch" / "releases" / "0123456789abcdef"
    (release / "venv" / "bin").mkdir(parents=True)
    (release / "environment").write_text("OMP_NUM_THREADS=4\n")
    (tmp_path / "stacks" / "pytorch" / "current").symlink_to("releases/0123456789abcdef")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dnnready").write_text("")
    found = command.read([str(tmp_path / "bin" / "dnnready"), "run", "pytorch", "--", "python", "app.py"], PATH)
    assert found.python == str(release / "venv" / "bin" / "python")
    assert found.variables == {"OMP_NUM_THREADS": "4"}
    assert found.script == "app.py"
