"""What is below a prefix, and whether its current release still convolves: one JSON object on standard output.

Runs inside a trial's world, as the first thing after a cut. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

#: Small documents whose content the judge reads, beside their digest.
DOCUMENTS = (".json", ".fact")


def value(path: str) -> str:
    """What a path holds: `dir`, a link's target, or the digest of a file."""
    if os.path.islink(path):
        return f"-> {os.readlink(path)}"
    if os.path.isdir(path):
        return "dir"
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def document(path: str) -> object:
    """The JSON in a file, or None where it is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return None


def main(prefix: str, stack: str) -> int:
    """Look, convolve, print."""
    paths = []
    for root, directories, files in os.walk(prefix):
        paths += [os.path.join(root, name) for name in (*directories, *files)]
    seen = {os.path.relpath(path, prefix): value(path) for path in sorted(paths)}
    documents = {
        name: document(os.path.join(prefix, name))
        for name in seen
        if name.endswith(DOCUMENTS) and "/venv/" not in name and not os.path.islink(os.path.join(prefix, name))
    }
    verify = subprocess.run(
        [os.path.join(prefix, "bin", "dnnready"), "verify", stack, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    proofs = json.loads(verify.stdout) if verify.stdout.strip() else []
    said = {"status": verify.returncode, "proofs": proofs, "errors": verify.stderr[-2000:]}
    sys.stdout.write(json.dumps({"files": seen, "documents": documents, "verify": said}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
