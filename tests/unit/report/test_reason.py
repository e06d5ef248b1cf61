import pytest

from dnnready.report.words import reason


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Task failed: Action failed", "Action failed"),
        (
            "Task failed: Failed to connect to the host via ssh: ssh: connect to host 192.0.2.7 port 22: timed out",
            "ssh: connect to host 192.0.2.7 port 22: timed out",
        ),
        (
            'Data could not be sent to remote host "192.0.2.7". Make sure this host can be reached over ssh: '
            "ssh: connect to host 192.0.2.7 port 22: Connection refused\r\n",
            "ssh: connect to host 192.0.2.7 port 22: Connection refused",
        ),
        ("first\nsecond", "first second"),
        ("", "no message"),
        (None, "no message"),
    ],
)
def test_what_ansible_says_of_every_message_is_left_out(message, told):
    assert reason(message) == told
