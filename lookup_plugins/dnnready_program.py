"""The program `dnnready` for the devices, built on the controller."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any, Optional

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.archive import build
from dnnready.errors import DnnreadyError
from dnnready.files import sha256_file, write_atomic

DOCUMENTATION = """
name: dnnready_program
author: dnnready maintainers (@dnnready)
short_description: Build the program for the devices
version_added: 0.1.0
description:
  - Packs C(module_utils/dnnready) into one executable file and returns where it is.
  - The same sources give the same bytes on every controller, so the digest says whether a device has this program.
  - The file is kept in C($XDG_CACHE_HOME/dnnready/program) (default C(~/.cache)), or, where that cannot be written, in
    Ansible's own temporary directory for the time of the run. Nothing is written into the checkout.
options:
  interpreter:
    description:
      - Path of a Python 3.9 or newer on the device, or a name to look for on the device's PATH.
    type: str
    default: python3
"""

EXAMPLES = """
- name: Show the digest of the program
  ansible.builtin.debug:
    msg: "{{ lookup('dnnready_program', interpreter='/usr/bin/python3.11').sha256 }}"
"""

RETURN = """
_raw:
  description: The program.
  type: list
  elements: dict
  contains:
    path:
      description: Path of the file on the controller.
      type: str
      sample: /home/someone/.cache/dnnready/program/5d1c/dnnready
    sha256:
      description: Digest of the file.
      type: str
"""

PACKAGE = Path(__file__).resolve().parents[1] / "module_utils" / "dnnready"


class LookupModule(LookupBase):
    """Returns one dictionary, whatever the terms."""

    def run(self, terms: list[Any], variables: Optional[dict[str, Any]] = None, **kwargs: Any) -> list[dict[str, str]]:
        """Build, and keep by content."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("dnnready_program takes no terms, only `interpreter`.")
        try:
            content = build(PACKAGE, self.get_option("interpreter"))
            digest = hashlib.sha256(content).hexdigest()
            return [{"path": str(_kept(content, digest)), "sha256": digest}]
        except (DnnreadyError, OSError) as error:
            raise AnsibleLookupError(f"The program for the devices cannot be built: {error}") from error


def _kept(content: bytes, digest: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    try:
        return _stored(cache / "dnnready" / "program" / digest, content, digest)
    except (DnnreadyError, OSError, RuntimeError):  # RuntimeError: no home directory
        return _stored(Path(constants.DEFAULT_LOCAL_TMP) / "dnnready" / digest, content, digest)


def _stored(directory: Path, content: bytes, digest: str) -> Path:
    path = directory / "dnnready"
    if not path.is_file() or sha256_file(path) != digest:
        directory.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content, mode=0o755)
    return path
