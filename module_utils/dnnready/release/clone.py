"""A second name or a second inode for the bytes of a file, without copying them."""

from __future__ import annotations

import errno
import fcntl
import os
import stat

#: ioctl_ficlone(2): the target shares the source's blocks until one of both is written (btrfs, xfs, bcachefs ...).
FICLONE = 0x40049409
#: What file systems, devices and sandboxes without it answer.
_NOT_HERE = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS, errno.EPERM, errno.EBADF)


class Cloner:
    """Makes reflinks where the file system can, hard links elsewhere; OSError where neither works.

    A reflink is preferred: who writes into one of the files in place does not change the other.
    """

    def __init__(self) -> None:
        self.kind = "reflink"

    def clone(self, source: str, target: str) -> None:
        """Make `target`, which must not exist, the same file: content, mode and time."""
        if self.kind == "reflink":
            try:
                _reflink(source, target)
                return
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                self.kind = "hard link"
        os.link(source, target, follow_symlinks=False)

    def replace(self, source: str, target: str) -> None:
        """Make `target`, which exists, the same file: at any moment its name leads to one of both."""
        temporary = os.path.join(os.path.dirname(target), f".dnnready-{os.getpid()}")
        try:
            self.clone(source, temporary)
            os.replace(temporary, target)
        except OSError:
            if os.path.lexists(temporary):
                os.unlink(temporary)
            raise


def _reflink(source: str, target: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(source, "rb") as origin:
        status = os.fstat(origin.fileno())
        copy = os.open(target, flags, 0o600)
        try:
            fcntl.ioctl(copy, FICLONE, origin.fileno())
            os.fchmod(copy, stat.S_IMODE(status.st_mode))
            os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        except OSError:
            os.unlink(target)
            raise
        finally:
            os.close(copy)
