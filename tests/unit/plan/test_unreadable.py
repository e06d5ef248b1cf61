"""What people read where a host lets nobody in: the words are those that Ansible and OpenSSH said in runs."""

import pytest

from dnnready.plan.unreadable import refused, unreadable

PREFIX = 'Data could not be sent to remote host "10.89.0.2". Make sure this host can be reached over ssh: '


@pytest.mark.parametrize(
    ("said", "become", "way_out"),
    [
        ("Incorrect sudo password", True, "ansible_become_password"),
        ("The module interpreter '/usr/bin/python3.99' was not found.", True, "ansible_python_interpreter"),
        ("The module interpreter '/usr/bin/python3.99' was not found.", False, "ansible_python_interpreter"),
        ("Missing sudo password", True, "-K"),
        ("sudo: a password is required", True, "dnnready_scope=user"),
        ("SyntaxError: invalid syntax", False, "ansible_python_interpreter"),
        (PREFIX + "Host key verification failed.", True, "known_hosts"),
        (PREFIX + "edge@10.89.0.2: Permission denied (publickey).", False, "authorized_keys"),
    ],
)
def test_the_way_out_fits_what_was_said(said, become, way_out):
    message = unreadable("edge-003", said, become=become)
    assert message.startswith(f"edge-003 cannot be read{' as root' if become else ''}: {said.rstrip('.')}. ")
    assert way_out in message
    assert "\n" not in message


def test_much_is_shortened():
    assert len(unreadable("h", "x\n" * 9000, become=True)) < 1000


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [
        (PREFIX + "ssh: connect to host 10.89.0.2 port 22: No route to host", False),
        (PREFIX + "ssh: connect to host 10.89.0.2 port 22: Connection refused", False),
        (PREFIX + "Connection timed out during banner exchange", False),
        (PREFIX + "ssh: Could not resolve hostname edge-1: Name or service not known", False),
        ("Timeout (12s) waiting for privilege escalation prompt:", False),
        (PREFIX + "Host key verification failed.", True),
        (PREFIX + "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", True),
        (PREFIX + "edge@10.89.0.2: Permission denied (publickey,password).", True),
        (PREFIX + "Received disconnect: 2: Too many authentication failures", True),
    ],
)
def test_a_host_that_refuses_is_not_off(said, is_refused):
    assert bool(refused(said)) is is_refused
