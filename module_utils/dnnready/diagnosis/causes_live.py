"""Causes that only a look at the host shows; no log has their signature."""

from __future__ import annotations

from .cause import Cause, Remedy

CAUSES = (
    Cause(
        "release_not_current",
        1,
        "The stack is not installed on this host, or its installation did not come to its end.",
        (Remedy("Provision the host: `ansible-playbook site.yml`."),),
        "`dnnready status` shows no current release.",
        "release",
    ),
    Cause(
        "isa_below_cpu",
        3,
        "The DNN library is kept below the instruction set that the CPU has, so convolutions are several times slower.",
        (Remedy("Take {variable} out of the environment."),),
        "The header of ONEDNN_VERBOSE=1 names a lower `isa:` than the CPU has.",
        "environment",
    ),
    Cause(
        "variable_set_too_late",
        3,
        "The program sets a variable after the library that reads it was loaded, so it has no effect.",
        (Remedy("Set {variable} before Python starts, or before the first import of the framework."),),
        "The assignment stands below the import; the library's header shows the old setting.",
        "advice",
        "model",
    ),
    Cause(
        "release_changed",
        3,
        "A file of the release was changed after it was proven, so the proof says nothing of it any more.",
        (Remedy("Write it as it was proven: `ansible-playbook playbooks/heal.yml`."),),
        "The environment file differs from the one in the manifest.",
        "environment",
    ),
    Cause(
        "not_dispatched",
        5,
        "The framework has the DNN library and does not give these convolutions to it.",
        (
            Remedy(
                "Use float32 and a shape that the framework hands over (docs/proof.md); look at `dnnready verify` "
                "for the reason."
            ),
        ),
        "ONEDNN_VERBOSE=1 prints lines of other primitives and no `convolution` line.",
    ),
    Cause(
        "reference_implementation",
        5,
        "The DNN library runs the convolution as plain C++ code: this build has no kernel for it on this CPU.",
        (Remedy("Use another data type, or a build with kernels for this CPU (on ARM: with Arm Compute Library)."),),
        "The exec line names `ref:any` or `gemm:ref`.",
    ),
    Cause(
        "wrong_result",
        5,
        "The convolution runs and its numbers are wrong.",
        (Remedy("Do not use this build here. Install another release, and test the memory of the machine."),),
        "The error against the float64 reference is above what rounding allows.",
        "release",
    ),
    Cause(
        "proof_not_trusted",
        5,
        "The convolution runs, but what speaks for the DNN library is contradicted by a second witness.",
        (Remedy("Look at the witnesses: `dnnready verify --json`."),),
        "The negative control or the second witness disagrees with the exec lines.",
    ),
    Cause(
        "probe_timed_out",
        5,
        "The convolution does not come to its end: a library waits or spins.",
        (Remedy("Give it more time on a slow device (--timeout), or look where it hangs: py-spy dump, gdb -p."),),
        "A process of it uses a whole CPU, or none, for minutes.",
    ),
    Cause(
        "probe_crashed",
        5,
        "The framework's process is ended by a signal, and nothing says why.",
        (Remedy("Collect what there is: `ansible-playbook playbooks/collect_logs.yml`."),),
        "The exit status names a signal; the kernel log may name the library.",
    ),
    Cause(
        "probe_failed",
        5,
        "The framework does not come to the convolution, for a reason that is not known here.",
        (Remedy("Read what it said, and collect the logs: `ansible-playbook playbooks/collect_logs.yml`."),),
        "`dnnready verify` shows the last line of the failure.",
    ),
)
