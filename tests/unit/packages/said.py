from dnnready.process import Completed


def completed(stderr="", stdout="", *, exit_code=100, timed_out=False):
    """A run of apt as process.run reports it."""
    return Completed(("apt-get",), exit_code, None, timed_out, stdout, stderr, 1.0, 0.1, 1)
