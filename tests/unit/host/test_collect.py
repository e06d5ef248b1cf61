"""The whole document of this machine."""

import json
import os
import sys

import pytest

from dnnready.errors import DnnreadyError
from dnnready.host import collect, cores, cpu, disk, gpu, interpreters, libc, memory, packages, prefix, user, wx
from dnnready.host import virtualization as virtual
from dnnready.process import run


def test_this_machine_keeps_to_the_schema(validator):
    document = collect("", ["libc6"], scope="user")
    validator.validate(json.loads(json.dumps(document)))
    assert document["target"] == f"{document['user']['data_home']}/dnnready"
    assert document["cores"]["affinity"] == sorted(os.sched_getaffinity(0))
    assert document["cpu"]["architecture"] == os.uname().machine


@pytest.mark.parametrize(
    "part",
    [
        (cores, "probe"), (cpu, "probe"), (disk, "_measure"), (disk, "_mount"), (gpu, "probe"), (interpreters, "probe"),
        (interpreters, "_describe"), (libc, "probe"), (libc, "libstdcxx"), (libc, "os_release"), (memory, "probe"),
        (memory, "limits"), (packages, "probe"), (prefix, "program"), (prefix, "stacks"), (user, "probe"),
        (virtual, "probe"), (virtual, "emulated"), (wx, "probe"),
    ],
    ids=lambda part: f"{part[0].__name__.rpartition('.')[2]}.{part[1]}",
)  # fmt: skip
def test_whatever_one_probe_meets_the_others_answer(part, validator, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("met something new")

    whole = collect("/opt/dnnready", [])
    monkeypatch.setattr(*part, fail)
    document = collect("/opt/dnnready", [])
    validator.validate(json.loads(json.dumps(document)))
    assert any("met something new" in entry["why"] for entry in document["unknown"])
    same = [key for key in whole if document[key] == whole[key]]
    assert len(same) >= len(whole) - 6


def test_a_wrong_parameter_is_the_callers_fault():
    with pytest.raises(DnnreadyError, match="no name"):
        collect("/opt/dnnready", ["--help"])


def python(code, *prefix_command):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = run([*prefix_command, sys.executable, "-c", code], env=environment, timeout=120)
    return done, (json.loads(done.stdout) if done.ok else None)


LOOK = "import json; from dnnready.host import collect; print(json.dumps(collect('/opt/dnnready', ['libc6'])))"


def test_bound_to_one_cpu():
    cpu_id = min(os.sched_getaffinity(0))
    done, document = python(LOOK, "taskset", "-c", str(cpu_id))
    assert document, done.stderr
    assert document["cores"]["affinity"] == [cpu_id]
    assert document["cores"]["effective"] == 1


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="hides /proc and /sys in a namespace of its own")
def test_without_proc_and_sys(validator):
    hide = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && mount -t tmpfs none /sys && exec "$@"', "sh"]
    done, document = python(LOOK, *hide)
    assert document, done.stderr
    validator.validate(document)
    assert document["kernel_files"] == {"proc": False, "sys_cpu": False}
    # CPUID, system calls and the C library still answer.
    assert document["cpu"]["isa"] == collect("/opt/dnnready", [])["cpu"]["isa"]
    assert document["memory"]["total_bytes"] > 0
    assert document["disk"]["target"]["free_bytes"] > 0
    assert {"cores.online", "cores.quota", "memory.limit_bytes", "disk.target.mount"} <= {
        entry["what"] for entry in document["unknown"]
    }


def test_a_look_is_cheap():
    code = "import json, resource, time; from dnnready.host import collect; h = collect('/opt/dnnready', ['libc6']); "
    code += "u = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]; "
    code += "print(json.dumps([sum(x.ru_utime + x.ru_stime for x in u), len(h['python'])]))"
    done, answer = python(code)
    assert answer, done.stderr
    cpu_seconds, pythons = answer
    # Measured 0.05 s and 0.02 s for every interpreter; a busy machine takes longer.
    assert cpu_seconds < 0.5 + 0.1 * pythons
