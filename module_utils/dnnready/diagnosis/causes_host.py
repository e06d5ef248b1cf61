"""Causes of step 3: variables, limits and policies of the host."""

from __future__ import annotations

from .cause import Cause, Remedy

CAUSES = (
    Cause(
        "invalid_env_value",
        3,
        "A variable for threads or for the library has a value that is not accepted, so a default is used or the "
        "program stops.",
        (
            Remedy(
                "Correct or unset {variable} before the program starts: thread counts are whole numbers from 1 "
                "to the number of cores."
            ),
        ),
        "{variable} in /proc/PID/environ does not fit its grammar.",
        "environment",
    ),
    Cause(
        "mkl_threading_layer_conflict",
        3,
        "MKL is told to use Intel's OpenMP while GNU's libgomp is already in the process.",
        (Remedy("Set MKL_THREADING_LAYER=GNU before the program starts, or import numpy before the framework."),),
        "MKL_THREADING_LAYER is INTEL (or unset in a child process) while libgomp is mapped.",
        "environment",
    ),
    Cause(
        "onednn_not_enabled_at_runtime",
        3,
        "oneDNN is in the build but switched off, or the variable that switches it on is set too late.",
        (
            Remedy(
                "Set TF_ENABLE_ONEDNN_OPTS=1 in the environment before Python starts (PyTorch: leave "
                "torch.backends.mkldnn.enabled at"
                " True); setting it after the import has no effect."
            ),
        ),
        "ONEDNN_VERBOSE=1 prints no `exec,cpu,convolution` line during conv2d.",
        "environment",
    ),
    Cause(
        "thread_limit",
        3,
        "No further thread may be started: a process limit or a memory quota is reached (EAGAIN).",
        (
            Remedy(
                "Ask for fewer threads (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, fewer workers) or raise the limit"
                " (`ulimit -u`, TasksMax= of the service, pids.max of the container)."
            ),
        ),
        "The number of threads nears RLIMIT_NPROC or pids.max, or stack size times threads exceeds the memory quota.",
        "environment",
    ),
    Cause(
        "seccomp_blocks_threads",
        3,
        "The container's system call filter forbids the call that a newer glibc starts threads with (EPERM).",
        (
            Remedy(
                "Update the container runtime and libseccomp on the host (Docker 20.10.10 or newer), or use an "
                "image with an older"
                " system; `--security-opt seccomp=unconfined` proves it but is no cure."
            ),
        ),
        "Starting one thread in the container fails with EPERM and works with seccomp=unconfined.",
        "advice",
    ),
    Cause(
        "selinux_or_noexec",
        3,
        "A security policy, a hardened service or a mount without exec refuses to run code from a file or from memory.",
        (
            Remedy(
                "The folder is mounted noexec: install elsewhere, or point TMPDIR to a folder with exec.",
                lambda facts, _: facts.noexec,
                certain=True,
            ),
            Remedy(
                "This process may not make code at run time, which oneDNN must: remove "
                "MemoryDenyWriteExecute=yes from the service,"
                " or allow execmem in the policy.",
                lambda facts, _: None if facts.wx is None else not facts.wx,
                certain=True,
            ),
            Remedy(
                "Look at `findmnt -no OPTIONS -T FILE` for noexec and at `ausearch -m avc -ts recent` for "
                "denials; move the files to"
                " a folder with exec, relabel them (`restorecon -R`), or allow it in the policy."
            ),
        ),
        "findmnt shows noexec, or the audit log has a denial for this process at that time.",
        "permissions",
    ),
    Cause(
        "files_not_readable",
        3,
        "The user who runs the program may not read the framework's files, or not enter a folder above them.",
        (
            Remedy(
                "Give that user the right to read: `namei -l {library}` shows which folder or file refuses; "
                "`chmod -R a+rX` the environment, or install it with umask 022."
            ),
        ),
        "`namei -l {library}`; the same import works as root.",
        "permissions",
    ),
    Cause(
        "exec_stack",
        3,
        "glibc 2.41 and newer refuse a library that asks for an executable stack, which it does not need.",
        (
            Remedy(
                "Install a newer build of the package, or clear the mark: `patchelf --clear-execstack {library}`;"
                " as a stopgap start the program with GLIBC_TUNABLES=glibc.rtld.execstack=2."
            ),
        ),
        "`readelf -lW {library}` shows GNU_STACK with RWE, and `ldd --version` 2.41 or newer.",
        "release",
    ),
    Cause(
        "proc_sys_unavailable",
        3,
        "The sandbox hides the kernel's files about the CPU (/proc, /sys/devices/system/cpu, /dev/shm).",
        (
            Remedy(
                "Give the sandbox /proc and /sys read-only, or use a newer release of the framework that does "
                "without; where the"
                " program goes on, it is only a message."
            ),
        ),
        "Reading /sys/devices/system/cpu/possible fails in that environment.",
        "advice",
    ),
    Cause(
        "out_of_memory",
        3,
        "More memory was asked for than there is, or than a limit of the process or container allows.",
        (
            Remedy(
                "Use a smaller batch or image, fewer workers, or more memory; raise memory.max of the container "
                "or `ulimit -v`;"
                " where the install itself is killed: `pip install --no-cache-dir`."
            ),
        ),
        "The kernel log names an OOM kill, or {bytes} bytes exceed what is available.",
        "advice",
    ),
    Cause(
        "no_disk_space",
        3,
        "A disk, a quota or the temporary folder has no room for the download or the files.",
        (
            Remedy(
                "Take the CPU wheel, which is ten times smaller, install with `--no-cache-dir`, and set TMPDIR "
                "to a folder with room"
                " (`df -h` of the target, of /tmp and of the cache)."
            ),
        ),
        "`df -h` or `df -i` shows 100% for the target, TMPDIR or the cache.",
        "advice",
    ),
)
