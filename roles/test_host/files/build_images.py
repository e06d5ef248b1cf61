"""Make the images of the test hosts: `build_images.py --cache DIR --mirror URL --images JSON …`.

An image is made by mmdebstrap, kept as a compressed tarball named after a digest of its recipe, and imported into
podman as `localhost/dnnready-test/<name>`. What is there and young enough is left alone. Two runs do not build at
once: the second waits, and finds the work done. Prints what was done as one JSON object.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

# As small as a registry's slim image: no manuals, no translations. Test hosts are thrown away, so nothing waits for
# the disk. dpkg and apt keep these settings inside the image, so what tests install stays small too.
OPTIONS = [
    "--variant=minbase",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    '--aptopt=Acquire::Languages "none"',
]
JOBS = 2


class BuildError(Exception):
    """A command that failed, with the end of what it said."""


def run(command: list[str]) -> str:
    """Standard output of a command.

    Raises:
        BuildError: when it exits with anything but 0.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise BuildError(f"{' '.join(command)} exited with {done.returncode}:\n{said}")
    return done.stdout


def proxy_options() -> list[str]:
    """The proxies of this machine's apt, which the images need too."""
    dump = run(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire::http::Proxy", "Acquire::https::Proxy"])
    return [f"--aptopt={line}" for line in dump.splitlines() if '""' not in line]


def imported(reference: str) -> tuple[str, str]:
    """Id of an image in podman's storage and the tarball that it was imported from; empty where there is none."""
    show = '{{.Id}} {{index .Labels "dnnready.tarball"}}'
    command = ["podman", "image", "inspect", "--format", show, reference]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    identity, _, tarball = done.stdout.strip().partition(" ")
    return (identity, tarball) if done.returncode == 0 else ("", "")


class Images:
    """The cache of images and what may be done to it."""

    def __init__(self, cache: Path, mirror: str, days: float, *, check: bool) -> None:
        self.cache = cache
        self.mirror = mirror
        self.oldest = time.time() - days * 86400
        self.check = check
        self.options = [*OPTIONS, *proxy_options()]

    def tarball(self, name: str, recipe: dict[str, Any]) -> Path:
        """Where the image of a recipe is kept."""
        made_of = json.dumps([recipe, self.mirror, self.options], sort_keys=True)
        return self.cache / f"{name}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.tar.zst"

    def built(self, name: str, recipe: dict[str, Any]) -> dict[str, Any]:
        """Build and import where needed; what was done."""
        started = time.monotonic()
        reference = f"localhost/dnnready-test/{name}"
        tarball = self.tarball(name, recipe)
        state = "current"
        if not tarball.is_file() or tarball.stat().st_mtime < self.oldest:
            state = "built"
            if not self.check:
                self.build(recipe, tarball)
        stamp = f"{tarball.name} {tarball.stat().st_mtime_ns}" if tarball.is_file() else "none yet"
        before, source = imported(reference)
        if source != stamp:
            state = "imported" if state == "current" else state
            if not self.check:
                command = json.dumps(recipe["command"])
                changes = [f"--change=CMD {command}", f'--change=LABEL dnnready.tarball="{stamp}"']
                run(["podman", "import", "--quiet", *changes, str(tarball), reference])
                if before:  # nameless now; podman keeps it as long as a container needs it
                    subprocess.run(["podman", "rmi", before], capture_output=True, check=False)
        return {"name": name, "state": state, "seconds": round(time.monotonic() - started, 1)}

    def build(self, recipe: dict[str, Any], tarball: Path) -> None:
        """Make the tarball of a recipe; it appears whole or not at all."""
        part = tarball.with_name(f"part-{tarball.name}")
        include = f"--include={','.join(recipe['packages'])}"
        run(["mmdebstrap", *self.options, include, recipe["suite"], str(part), self.mirror])
        part.replace(tarball)

    def pulled(self, name: str, source: str) -> dict[str, Any]:
        """Take an image from a registry; what was done."""
        started = time.monotonic()
        reference = f"localhost/dnnready-test/{name}"
        here = subprocess.run(["podman", "image", "exists", source], check=False).returncode == 0
        if not self.check:
            if not here:
                run(["podman", "pull", "--quiet", source])
            run(["podman", "tag", source, reference])
        state = "current" if here else "pulled"
        return {"name": name, "state": state, "seconds": round(time.monotonic() - started, 1)}

    def prune(self) -> None:
        """Remove tarballs of recipes that nobody has built for long."""
        for path in self.cache.glob("*.tar.zst"):
            if path.stat().st_mtime < self.oldest:
                path.unlink()


def main(arguments: Optional[list[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="directory of tarballs")
    parser.add_argument("--mirror", required=True, help="Debian mirror")
    parser.add_argument("--days", type=float, default=30, help="images older than this are built again")
    parser.add_argument("--images", type=json.loads, required=True, help="recipes by name: suite, packages, command")
    parser.add_argument("--registry", type=json.loads, default={}, help="references by name, instead of recipes")
    parser.add_argument("--check", action="store_true", help="say what would be done")
    parser.add_argument("--build", dest="check", action="store_false", help="do it (the default)")
    given = parser.parse_args(arguments)
    given.cache.mkdir(parents=True, exist_ok=True)
    images = Images(given.cache, given.mirror, given.days, check=given.check)

    def make(name: str) -> dict[str, Any]:
        if name in given.registry:
            return images.pulled(name, given.registry[name])
        return images.built(name, given.images[name])

    with (given.cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with ThreadPoolExecutor(min(JOBS, os.cpu_count() or 1)) as pool:
                done = list(pool.map(make, sorted({*given.images, *given.registry})))
        except BuildError as error:
            print(error, file=sys.stderr)
            return 1
        if not given.check:
            images.prune()
    print(json.dumps({"changed": any(one["state"] != "current" for one in done), "images": done}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
