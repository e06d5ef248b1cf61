"""Acts of healing do what they say and can be taken back."""

import os
import stat

import pytest

from dnnready.errors import DnnreadyError
from dnnready.healing import own, system


def modes(root):
    return {
        os.path.join(folder, name): stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode)
        for folder, folders, files in os.walk(root)
        for name in (*folders, *files)
    }


def test_files_become_readable_and_the_old_modes_come_back(tmp_path):
    folder = tmp_path / "lib" / "inner"
    folder.mkdir(parents=True)
    for name, mode in (("a.so", 0o600), ("run", 0o700), ("right", 0o644)):
        (folder / name).write_text("")
        (folder / name).chmod(mode)
    (folder / "link").symlink_to("a.so")
    folder.chmod(0o700)
    before = modes(tmp_path)
    deed = own.make_readable(str(tmp_path / "lib"))
    after = modes(tmp_path)
    assert after[str(folder / "a.so")] == 0o644
    assert after[str(folder / "run")] == 0o755
    assert after[str(folder)] == 0o755
    assert after[str(folder / "link")] == before[str(folder / "link")]
    deed.undo()
    assert modes(tmp_path) == before


def test_a_program_may_be_run_again(tmp_path):
    program = tmp_path / "python"
    program.write_text("")
    program.chmod(0o600)
    deed = own.make_readable(str(program))
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    deed.undo()
    assert stat.S_IMODE(program.stat().st_mode) == 0o600


def test_a_line_becomes_a_comment_and_comes_back(tmp_path):
    file = tmp_path / "dnn.sh"
    file.write_bytes(b"# ours\nexport ONEDNN_MAX_CPU_ISA=SSE41\nexport OTHER=\xff\n")
    file.chmod(0o640)
    before = file.read_bytes()
    deed = system.remove_line(str(file), 2, "ONEDNN_MAX_CPU_ISA")
    assert file.read_bytes() == b"# ours\n# dnnready heal: export ONEDNN_MAX_CPU_ISA=SSE41\nexport OTHER=\xff\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    deed.undo()
    assert file.read_bytes() == before


def test_a_line_that_moved_is_left_alone(tmp_path):
    file = tmp_path / "dnn.sh"
    file.write_text("export OTHER=1\n")
    with pytest.raises(DnnreadyError, match="does not set"):
        system.remove_line(str(file), 1, "ONEDNN_MAX_CPU_ISA")
    assert file.read_text() == "export OTHER=1\n"


def test_a_failing_command_is_told_with_its_last_words(tmp_path):
    fails = tmp_path / "python"
    fails.write_text("#!/bin/sh\necho no such version >&2\nexit 1\n")
    fails.chmod(0o755)
    with pytest.raises(DnnreadyError, match="no such version"):
        system.pip([str(fails), "-m", "pip", "install", "torch"], {"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("options", "verdicts"),
    [
        ({}, ("accelerated",)),
        ({"onednn_convolution": "required"}, ("accelerated",)),
        ({"onednn_convolution": "auto"}, ("accelerated", "fallback")),
    ],
)
def test_accepted_is_what_the_stack_was_provisioned_for(options, verdicts):
    assert own.accepted(options) == verdicts
