"""Variables that a program sets: what is too late, what is wrong, what is neither."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.probe import Case
from dnnready.diagnosis.probes import program
from dnnready.diagnosis.target import Target


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ('import os\nos.environ["KMP_AFFINITY"] = "disabled"\nimport tensorflow as tf\n', []),
        ('import os\nimport tensorflow as tf\nos.environ["KMP_AFFINITY"] = "disabled"\n', ["variable_set_too_late"]),
        ('import os, torch\nos.environ.setdefault("OMP_NUM_THREADS", "2")\n', ["variable_set_too_late"]),
        ('import os\nos.environ["OMP_NUM_THREADS"] = "abc"\nimport torch\n', ["invalid_env_value"]),
        (
            'from torch import nn\nif True:\n    import os\n    os.putenv("OMP_NUM_THREADS", "2")\n',
            ["variable_set_too_late"],
        ),
        ('import torch, os\nos.environ["MY_OWN"] = "2"\n', []),
        ('import torch, os\ndef later():\n    os.environ["OMP_NUM_THREADS"] = "2"\n', []),
        ('import os\nos.environ["OMP_NUM_THREADS"] = compute()\nimport torch\n', []),
        ("print('no framework')\n", []),
    ],
)
def test_what_a_program_sets(tmp_path, text, causes):
    path = tmp_path / "app.py"
    path.write_text(text)
    seen = program.look(Case(Target("python", "x", directory=str(tmp_path), program="app.py"), {}))
    assert [each.cause for each in seen.suspicions] == causes
    assert bool(seen.said) is not bool(causes)


@pytest.mark.parametrize("text", ["def broken(:\n", "\0"])
def test_what_is_no_program_is_not_known(tmp_path, text):
    (tmp_path / "app.py").write_text(text)
    seen = program.look(Case(Target("python", "x", directory=str(tmp_path), program="app.py"), {}))
    assert not seen.suspicions and seen.unknown


def test_the_line_is_named(tmp_path):
    (tmp_path / "app.py").write_text('import os\nimport torch\nos.environ["OMP_NUM_THREADS"] = "2"\n')
    seen = program.look(Case(Target("python", "x", directory=str(tmp_path), program="app.py"), {}))
    assert "app.py:3 sets OMP_NUM_THREADS after `import torch` in line 2" in seen.suspicions[0].evidence[0]


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    with contextlib.suppress(SyntaxError, ValueError):
        program.read(text)
