"""Signatures, with the real ssh-keygen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.depot import signature
from dnnready.errors import DnnreadyError

DOCUMENT = b'{"schema":"dnnready/depot/1"}\n'


def make(directory: Path, name: str, kind: str = "ed25519") -> Path:
    key = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name} of test", "-f", str(key)], check=True)
    return key


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("keys")
    return {name: make(directory, name) for name in ("old", "new", "foreign")}


def public(key: Path) -> str:
    return key.with_name(f"{key.name}.pub").read_text()


def signed(tmp_path: Path, key: Path, content: bytes = DOCUMENT) -> bytes:
    document = tmp_path / "manifest.json"
    document.write_bytes(content)
    made = signature.sign(document, key)
    assert made == tmp_path / "manifest.json.sig"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "manifest.json.sig"]
    return made.read_bytes()


def test_what_was_signed_is_accepted_and_the_key_named(tmp_path: Path, keys: dict[str, Path]) -> None:
    good = signed(tmp_path, keys["old"])
    named = signature.verify(DOCUMENT, good, [public(keys["old"])], [], None)
    shown = subprocess.run(["ssh-keygen", "-lf", str(keys["old"])], capture_output=True, text=True, check=True).stdout
    assert named == shown.split()[1] == signature.fingerprint(public(keys["old"]))


def test_signing_again_replaces_the_signature(tmp_path: Path, keys: dict[str, Path]) -> None:
    signed(tmp_path, keys["old"])
    again = signed(tmp_path, keys["new"])
    assert signature.verify(DOCUMENT, again, [public(keys["new"])], [], None)


def test_rotation_is_two_lines(tmp_path: Path, keys: dict[str, Path]) -> None:
    both = ["# who may sign", public(keys["old"]), "", public(keys["new"])]
    for name in ("old", "new"):
        made = signed(tmp_path, keys[name])
        assert signature.verify(DOCUMENT, made, both, [], None) == signature.fingerprint(public(keys[name]))


def test_other_kinds_of_keys_sign_too(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    directory.mkdir()
    (tmp_path / "depot").mkdir()
    key = make(directory, "ecdsa", "ecdsa")
    assert signature.verify(DOCUMENT, signed(tmp_path / "depot", key), [public(key)], [], None)


def test_a_changed_document_is_refused(tmp_path: Path, keys: dict[str, Path]) -> None:
    good = signed(tmp_path, keys["old"])
    with pytest.raises(DnnreadyError, match="is not what was signed"):
        signature.verify(DOCUMENT.replace(b"1", b"2"), good, [public(keys["old"])], [], None)


def test_a_foreign_key_is_named(tmp_path: Path, keys: dict[str, Path]) -> None:
    foreign = signed(tmp_path, keys["foreign"])
    with pytest.raises(DnnreadyError) as error:
        signature.verify(DOCUMENT, foreign, [public(keys["old"])], [], None)
    assert signature.fingerprint(public(keys["foreign"])) in error.value.message
    assert "may not sign" in error.value.message


def test_a_revoked_key_is_refused_although_it_is_listed(tmp_path: Path, keys: dict[str, Path]) -> None:
    old = signed(tmp_path, keys["old"])
    with pytest.raises(DnnreadyError, match="revoked key: SHA256:"):
        signature.verify(DOCUMENT, old, [public(keys["old"])], [public(keys["old"])], None)
    new = signed(tmp_path, keys["new"])
    assert signature.verify(DOCUMENT, new, [public(keys["new"])], [public(keys["old"])], None)


def test_a_key_may_end_by_itself(tmp_path: Path, keys: dict[str, Path]) -> None:
    line = f'{signature.IDENTITY} valid-before="20300101" {public(keys["old"]).strip()}'
    old = signed(tmp_path, keys["old"])
    assert signature.verify(DOCUMENT, old, [line], [], 1861919000)  # an hour before 2029 ends
    with pytest.raises(DnnreadyError, match="does not count: key has expired"):
        signature.verify(DOCUMENT, old, [line], [], 1893456001)


def test_a_signature_for_something_else_is_refused(tmp_path: Path, keys: dict[str, Path]) -> None:
    document = tmp_path / "manifest.json"
    document.write_bytes(DOCUMENT)
    subprocess.run(["ssh-keygen", "-Y", "sign", "-f", keys["old"], "-n", "git", document], check=True)
    with pytest.raises(DnnreadyError, match="is not what was signed"):
        signature.verify(DOCUMENT, (tmp_path / "manifest.json.sig").read_bytes(), [public(keys["old"])], [], None)


def test_a_plain_key_may_sign_depots_only(keys: dict[str, Path]) -> None:
    assert signature.allowed(public(keys["old"])).startswith('dnnready-depot namespaces="dnnready-depot" ssh-ed25519 ')


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x00\xff"])
def test_no_signature_is_said(content: bytes, keys: dict[str, Path]) -> None:
    with pytest.raises(DnnreadyError, match="is not signed"):
        signature.verify(DOCUMENT, content, [public(keys["old"])], [], None)


def test_half_a_signature_is_refused(tmp_path: Path, keys: dict[str, Path]) -> None:
    with pytest.raises(DnnreadyError, match="is not what was signed"):
        signature.verify(DOCUMENT, signed(tmp_path, keys["old"])[:90], [public(keys["old"])], [], None)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, keys: dict[str, Path]) -> None:
    with pytest.raises(DnnreadyError, match="is no text"):
        signature.verify(b"\xff\xfe", signed(tmp_path, keys["old"]), [public(keys["old"])], [], None)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !!!!",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIFv0",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA",
    ],
)
def test_a_line_without_a_key_is_named(line: str, keys: dict[str, Path]) -> None:
    for signers, revoked in (([line], []), ([public(keys["old"])], [line])):
        with pytest.raises(DnnreadyError, match="This is no public key"):
            signature.verify(DOCUMENT, b"-----BEGIN SSH SIGNATURE-----", signers, revoked, None)


def test_nobody_may_sign() -> None:
    with pytest.raises(DnnreadyError, match="No key is named"):
        signature.verify(DOCUMENT, b"", ["# none"], [], None)


def test_without_ssh_keygen_the_package_is_named(
    tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = signed(tmp_path, keys["old"])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DnnreadyError) as error:
        signature.verify(DOCUMENT, made, [public(keys["old"])], [], None)
    assert "openssh-client" in error.value.hint


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DnnreadyError, match="There is no key"):
        signature.sign(tmp_path / "manifest.json", tmp_path / "none")


def test_a_key_that_wants_a_passphrase_does_not_hang(tmp_path: Path) -> None:
    key = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)], check=True)
    document = tmp_path / "manifest.json"
    document.write_bytes(DOCUMENT)
    with pytest.raises(DnnreadyError, match="Cannot sign"):
        signature.sign(document, key)
    assert not (tmp_path / "manifest.json.sig").exists()


def test_the_public_half_is_read(keys: dict[str, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.write_bytes(keys["old"].read_bytes())
    alone.chmod(0o600)
    expected = " ".join(public(keys["old"]).split()[:2])
    assert signature.public_key(keys["old"]) == signature.public_key(alone) == expected


def test_the_line_of_the_documentation_works(tmp_path: Path, keys: dict[str, Path]) -> None:
    line = f'dnnready-depot namespaces="dnnready-depot",valid-before="20300101" {public(keys["old"]).strip()}'
    old = signed(tmp_path, keys["old"])
    assert signature.verify(DOCUMENT, old, [line], [], 1790000000)
    with pytest.raises(DnnreadyError, match="key has expired"):
        signature.verify(DOCUMENT, old, [line], [], 1900000000)


@given(
    text=st.text(max_size=80)
    | st.builds(
        "{}ssh-ed25519 {}{}".format, st.text(max_size=8), st.text("AZaz09+/=", max_size=70), st.text(max_size=8)
    )
)
def test_any_text_is_one_line_with_a_key_or_refused(text: str) -> None:
    try:
        line = signature.allowed(text)
    except DnnreadyError:
        return
    assert len(line.splitlines()) == (1 if line else 0)
    assert not line or signature.fingerprint(line).startswith("SHA256:")
