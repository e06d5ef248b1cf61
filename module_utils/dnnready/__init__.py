"""The logic of dnnready: plain typed Python on the standard library, Python 3.9 and newer.

The same files serve the Ansible modules (through AnsiballZ), the plugins on the controller
and the program `dnnready` on the device (as a zipapp), so imports inside are relative.
"""

from __future__ import annotations

__version__ = "0.1.0"
