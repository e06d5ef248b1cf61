"""What a release takes from others instead of installing it, and shares with them: real venvs and installers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dnnready.release import clone
from dnnready.release.clone import Cloner
from dnnready.release.distributions import digest_of, directories, read_record
from dnnready.release.install import install
from dnnready.release.lock import digest
from dnnready.release.means import Means
from dnnready.release.store import Store
from tests.unit.release.specs import spec
from tests.unit.release.tiny_wheels import Wheel, lock_of, make_wheel

PROJECT = Path(__file__).resolve().parents[2]
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
PACKAGES = Path("venv", "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
UV = str(Path(sys.executable).with_name("uv"))
LARGE = bytes(range(256)) * 64


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "prefix"


def build(prefix: Path, wheels: Path, text: str, stack: str = "app", *, force: bool = False, **changes: Any) -> Path:
    """A release of these requirements; `threads` makes it another one of the same lock."""
    means = changes.pop("means", Means(installer="uv", uv=UV, wheels=str(wheels)))
    made = spec(stack, python=sys.executable, tag=TAG, lock_sha256=digest(text), probes=[], **changes)
    store = Store(prefix, stack)
    assert install(store, made, text, "", force=force, means=means)
    return store.release(made["id"])


def manifest(release: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads((PROJECT / "docs/schema/manifest-1.json").read_text(encoding="utf-8")))
    return document


def records_are_true(release: Path) -> None:
    """Every listed file is there and is what its RECORD says."""
    packages = release / PACKAGES
    for _, info in directories(packages).values():
        for entry in read_record(packages, info):
            if entry.digest:
                assert digest_of(str(packages / entry.path)) == entry.digest, entry.path
                assert (packages / entry.path).stat().st_size == entry.size


def scripts_run(release: Path) -> None:
    """The commands of `with_script` belong to this venv."""
    done = subprocess.run([release / "venv/bin/scripted"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(release / "venv")
    carried = (release / "venv/bin/scripted-carried").read_text(encoding="utf-8")
    assert carried.startswith(f"#!{release}/venv/bin/python")


def tree(release: Path) -> dict[str, bytes]:
    """The files of a venv that both installers must make the same, by path."""
    own = {"INSTALLER", "RECORD", "REQUESTED", "uv_cache.json", "pyvenv.cfg"}
    files = [path for path in (release / "venv").rglob("*") if path.is_file() and not path.is_symlink()]
    return {
        str(path.relative_to(release)): path.read_bytes()
        for path in files
        if path.name not in own and path.parent.name != "bin" and path.suffix != ".pyc"
    }


def with_script(wheels: Path, name: str = "scripted") -> Wheel:
    """A wheel with a generated command, one that it carries, and a library."""
    stem = f"{name}-1.0"
    content = {
        f"{stem}.dist-info/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n".encode(),
        f"{stem}.data/scripts/{name}-carried": b"#!python\nprint('carried')\n",
        f"{name}_more/__init__.py": b"import sys\n\n\ndef main():\n    print(sys.prefix)\n",
        f"{name}_more/lib.so.1": LARGE,
        f"{name}_more/notes.txt": b"small",
    }
    content[f"{stem}.dist-info/entry_points.txt"] = f"[console_scripts]\n{name} = {name}_more:main\n".encode()
    return make_wheel(wheels, name, content=content)


def test_both_installers_make_the_same(wheels: Path, prefix: Path) -> None:
    text = lock_of(make_wheel(wheels, "tiny", requires=["scripted"]), with_script(wheels))
    first = build(prefix / "a", wheels, text, means=Means(installer="pip", wheels=str(wheels)))
    second = build(prefix / "b", wheels, text)
    assert manifest(first)["installer"]["name"] == "pip"
    assert manifest(second)["installer"]["name"] == "uv"
    assert manifest(first)["distributions"] == manifest(second)["distributions"]
    assert tree(first) == tree(second)
    assert len(tree(first)) > len(("tiny.py", "lib.so.1"))
    for release in (first, second):
        records_are_true(release)
        assert sorted(path.name for path in (release / "venv/bin").glob("scripted*")) == [
            "scripted",
            "scripted-carried",
        ]
        scripts_run(release)
        assert not (release / "tmp").exists()


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_changed_environment_installs_nothing(wheels: Path, prefix: Path, installer: str) -> None:
    text = lock_of(make_wheel(wheels, "tiny"), with_script(wheels))
    means = Means(installer=installer, uv=UV if installer == "uv" else "", wheels=str(wheels))
    old = build(prefix, wheels, text, means=means)
    python = str(old / "venv/bin/python")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([python, "-c", "import scripted_more"], env=environment, check=True)
    shutil.rmtree(wheels)
    new = build(prefix, wheels, text, means=means, options={"number": 1})
    (seeded,) = manifest(new)["seeded"]
    assert (seeded["stack"], seeded["id"]) == ("app", old.name)
    assert seeded["distributions"] == ["scripted", "tiny"]
    assert manifest(new)["installer"] == manifest(old)["installer"]
    assert tree(new) == tree(old)
    records_are_true(new)
    for name in ("scripted_more/lib.so.1", "scripted_more/__init__.py", "tiny.py"):
        assert os.path.samestat((old / PACKAGES / name).stat(), (new / PACKAGES / name).stat())
    assert list((new / PACKAGES / "scripted_more/__pycache__").iterdir()), "bytecode goes along"
    scripts_run(new)
    assert bytes(old) not in (new / "venv/bin/scripted").read_bytes()


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_update_moves_only_what_changed(wheels: Path, prefix: Path, installer: str) -> None:
    means = Means(installer=installer, uv=UV if installer == "uv" else "", wheels=str(wheels))
    kept, was = with_script(wheels), make_wheel(wheels, "tiny", content={"tiny_data.bin": LARGE})
    old = build(prefix, wheels, lock_of(kept, was), means=means)
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    changed = lock_of(kept, make_wheel(wheels, "tiny", "2.0", content={"tiny_data.bin": LARGE}))
    kept.path.unlink()
    new = build(prefix, wheels, changed, means=means)
    assert [one["distributions"] for one in manifest(new)["seeded"]] == [["scripted"]]
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before
    assert (new / PACKAGES / "tiny.py").read_text(encoding="utf-8") == "VERSION = '2.0'\n"
    assert manifest(new)["shared"] == {"files": 1, "bytes": len(LARGE)}
    assert os.path.samestat((old / PACKAGES / "tiny_data.bin").stat(), (new / PACKAGES / "tiny_data.bin").stat())
    records_are_true(new)


def test_another_stack_is_a_source_too_and_another_hash_is_not(wheels: Path, prefix: Path) -> None:
    same, other = with_script(wheels), make_wheel(wheels, "tiny", content={"tiny_data.bin": LARGE})
    build(prefix, wheels, lock_of(same, other), "first")
    replaced = make_wheel(wheels, "tiny", content={"tiny_data.bin": LARGE, "more.py": b""})
    new = build(prefix, wheels, lock_of(same, replaced), "second")
    assert [(one["stack"], one["distributions"]) for one in manifest(new)["seeded"]] == [("first", ["scripted"])]
    assert (new / PACKAGES / "more.py").exists()
    unshared = Means(installer="uv", uv=UV, wheels=str(wheels), share=False)
    fresh = build(prefix, wheels, lock_of(same, replaced), "third", force=True, means=unshared)
    assert manifest(fresh)["seeded"] == []
    assert "shared" not in manifest(fresh)
    assert (fresh / PACKAGES / "tiny_data.bin").stat().st_nlink == 1


def test_a_forced_build_takes_nothing_from_others_but_shares(wheels: Path, prefix: Path) -> None:
    text = lock_of(with_script(wheels))
    first, second = build(prefix, wheels, text), build(prefix, wheels, text, "other")
    library = second / PACKAGES / "scripted_more/lib.so.1"
    data = bytearray(LARGE)
    data[100] ^= 1
    library.write_bytes(data)  # in place: hard links spread it
    assert (first / PACKAGES / "scripted_more/lib.so.1").read_bytes() == bytes(data)
    healed = build(prefix, wheels, text, force=True)
    assert manifest(healed)["seeded"] == []
    assert (healed / PACKAGES / "scripted_more/lib.so.1").read_bytes() == LARGE
    assert manifest(healed)["shared"] == {"files": 0, "bytes": 0}
    records_are_true(healed)


def flipped(release: Path) -> None:
    path = release / PACKAGES / "scripted_more/lib.so.1"
    path.write_bytes(b"\x7f" + LARGE[1:])


def truncated(release: Path) -> None:
    path = release / PACKAGES / "scripted_more/__init__.py"
    path.write_bytes(path.read_bytes()[:-3])


def missing(release: Path) -> None:
    (release / PACKAGES / "scripted_more/notes.txt").unlink()


def replaced_by_a_link(release: Path) -> None:
    path = release / PACKAGES / "scripted_more/notes.txt"
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def record_cut(release: Path) -> None:
    path = release / PACKAGES / "scripted-1.0.dist-info/RECORD"
    path.write_bytes(path.read_bytes()[:40])


def record_leads_out(release: Path) -> None:
    path = release / PACKAGES / "scripted-1.0.dist-info/RECORD"
    path.write_text(path.read_text(encoding="utf-8") + "../../../../../../../escaped,,\n", encoding="utf-8")


def moved_script(release: Path) -> None:
    (release / "venv/bin/scripted").write_text("#!/elsewhere/venv/bin/python\n", encoding="utf-8")
    path = release / PACKAGES / "scripted-1.0.dist-info/RECORD"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "bin/scripted," not in line]
    path.write_text("\n".join([*lines, "../../../bin/scripted,,", ""]), encoding="utf-8")


@pytest.mark.parametrize(
    "damage", [flipped, truncated, missing, replaced_by_a_link, record_cut, record_leads_out, moved_script]
)
def test_damage_does_not_spread(wheels: Path, prefix: Path, damage: Callable[[Path], None]) -> None:
    text = lock_of(with_script(wheels), make_wheel(wheels, "tiny"))
    old = build(prefix, wheels, text)
    damage(old)
    new = build(prefix, wheels, text, options={"number": 1})
    assert [one["distributions"] for one in manifest(new)["seeded"]] == [["tiny"]]
    assert "scripted 1.0 is not taken from app" in (new / "log/install.log").read_text(encoding="utf-8")
    assert (new / PACKAGES / "scripted_more/lib.so.1").read_bytes() == LARGE
    records_are_true(new)
    done = subprocess.run([new / "venv/bin/scripted"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(new / "venv")


def test_a_seed_that_goes_meanwhile_is_done_without(
    wheels: Path, prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lock_of(with_script(wheels), make_wheel(wheels, "tiny"))
    old = build(prefix, wheels, text, "other")
    link, calls = Cloner.clone, []

    def clone_and_lose(cloner: Cloner, source: str, target: str) -> None:
        calls.append(source)
        if len(calls) == 3:
            shutil.rmtree(old)
        link(cloner, source, target)

    monkeypatch.setattr(Cloner, "clone", clone_and_lose)
    new = build(prefix, wheels, text)
    assert calls
    assert manifest(new)["seeded"] == []
    assert len(tree(new)) > len(calls)
    records_are_true(new)


def test_a_rejected_or_unfinished_release_is_no_source(wheels: Path, prefix: Path) -> None:
    text = lock_of(with_script(wheels))
    rejected, cut = build(prefix, wheels, text, "rejected"), build(prefix, wheels, text, "cut")
    (rejected / "rejected.json").write_text("{}", encoding="utf-8")
    document = manifest(cut)
    (cut / "manifest.json").write_text(json.dumps({**document, "state": "building"}), encoding="utf-8")
    assert manifest(build(prefix, wheels, text))["seeded"] == []


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts file systems, and takes them away."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    places: list[Path] = []

    def mount(name: str, *options: str) -> Path:
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mount {' '.join(options)}: {done.stderr.strip()}")
        places.append(place)
        return place

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.root
def test_another_file_system_is_no_source(wheels: Path, mounted: Callable[..., Path]) -> None:
    prefix = mounted("prefix", "-t", "tmpfs", "tmpfs")
    text = lock_of(with_script(wheels))
    build(prefix, wheels, text, "other")
    (prefix / "stacks/app").mkdir()
    mounted("prefix/stacks/app", "-t", "tmpfs", "tmpfs")
    new = build(prefix, wheels, text)
    assert manifest(new)["seeded"] == []
    assert manifest(new)["shared"] == {"files": 0, "bytes": 0}
    assert "cross-device" in (new / "log/install.log").read_text(encoding="utf-8")
    records_are_true(new)


@pytest.mark.root
def test_a_disk_that_is_full_in_the_middle_leaves_nothing(wheels: Path, mounted: Callable[..., Path]) -> None:
    prefix = mounted("prefix", "-t", "tmpfs", "-o", "size=8m", "tmpfs")
    many = {f"many/file{number}.py": b"x = 1\n" for number in range(150)}
    text = lock_of(make_wheel(wheels, "many", content=many), make_wheel(wheels, "tiny"))
    old = build(prefix, wheels, text)
    before = tree(old)
    disk = os.statvfs(prefix)
    subprocess.run(["mount", "-o", f"remount,nr_inodes={disk.f_files - disk.f_ffree + 100}", str(prefix)], check=True)
    with pytest.raises(Exception, match=r"disk is full|No space left"):
        build(prefix, wheels, text, options={"number": 1})
    assert [path.name for path in (prefix / "stacks/app/releases").iterdir()] == [old.name]
    assert tree(old) == before
    subprocess.run(["mount", "-o", "remount,nr_inodes=2000", str(prefix)], check=True)
    new = build(prefix, wheels, text, options={"number": 1})
    assert [one["id"] for one in manifest(new)["seeded"]] == [old.name]


@pytest.mark.root
def test_reflinks_where_the_file_system_has_them(wheels: Path, tmp_path: Path, mounted: Callable[..., Path]) -> None:
    image = tmp_path / "disk"
    if not shutil.which("mkfs.xfs"):
        pytest.skip("no mkfs.xfs")
    with open(image, "wb") as stream:
        stream.truncate(400 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], check=True)
    prefix = mounted("prefix", "-o", "loop", str(image))
    text = lock_of(with_script(wheels))
    old, new = (build(prefix, wheels, text, options={"number": number}) for number in range(2))
    first, second = (release / PACKAGES / "scripted_more/lib.so.1" for release in (old, new))
    assert manifest(new)["seeded"]
    assert first.stat().st_ino != second.stat().st_ino
    assert (first.stat().st_mtime_ns, first.stat().st_mode) == (second.stat().st_mtime_ns, second.stat().st_mode)
    first.write_bytes(b"changed in place")
    assert second.read_bytes() == LARGE
    assert clone.FICLONE
