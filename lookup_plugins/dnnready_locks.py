"""Lookup of the hash-locked sets: thin, the logic is in module_utils/dnnready."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.release.locks import find

DOCUMENTATION = """
name: dnnready_locks
short_description: The hash-locked sets that stacks can be built from
description:
  - Reads every C(<directory>/<set>/<tag>-<architecture>.txt) and says for whom each lock is.
  - A file that is no lock (no exact version, no hash, an option, a URL) is an error that names the line.
author: dnnready maintainers (@dnnready)
options:
  _terms:
    description:
      - Directories with lock sets. Of two locks for the same Python and architecture the earlier directory's counts.
    required: true
    type: list
    elements: path
  custom:
    description:
      - Stacks of the user by name. Where one has C(requirements_file), that file is its only lock.
      - "It serves every Python and architecture unless its first line says otherwise, as in
        C(# dnnready: python=cp311 architecture=x86_64)."
      - A relative path is searched as M(ansible.builtin.copy) does.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: Which Pythons the locks of PyTorch cover
  ansible.builtin.debug:
    msg: "{{ lookup('dnnready_locks', playbook_dir ~ '/locks').pytorch | map(attribute='tag') }}"
"""

RETURN = """
_raw:
  description:
    - "Locks by set. Each has tag (cp311, or any), architecture, glibc (the oldest that its wheels run on, or empty),
      path on the controller, sha256 of its text, download_bytes (or null)."
  type: list
  elements: dict
"""


class LookupModule(LookupBase):
    """The sets, as one dictionary."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Read the directories and the custom stacks' files."""
        self.set_options(var_options=variables, direct=kwargs)
        wanted = {
            name: definition["requirements_file"]
            for name, definition in self.get_option("custom").items()
            if definition.get("requirements_file")
        }
        files = {
            name: Path(self.find_file_in_search_path(variables, "files", path, ignore_missing=True) or path)
            for name, path in wanted.items()
        }
        try:
            return [find([Path(term) for term in terms], files)]
        except DnnreadyError as error:
            raise AnsibleLookupError(str(error)) from None  # Ansible would print it twice
