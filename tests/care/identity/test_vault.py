"""The vault: what is sealed stays sealed, and the key file is nobody else's."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.errors import Fault
from care.identity.vault import Vault, forget, open_vault, rotate


def code(fault: pytest.ExceptionInfo[Fault]) -> str:
    return fault.value.code


def test_a_fresh_key_file_is_readable_by_the_owner_alone(tmp_path: Path) -> None:
    """Made with mode 0600, and nothing else is left in the folder."""
    path = tmp_path / "keys" / "personal.key"
    open_vault(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_was_sealed_opens_again_with_the_same_file(tmp_path: Path) -> None:
    """Across restarts, and the sealed text does not contain the number."""
    path = tmp_path / "key"
    sealed = open_vault(path).seal("19400107-9120", about="client 1")
    assert b"9120" not in sealed
    assert open_vault(path).unseal(sealed, about="client 1") == "19400107-9120"


def test_two_processes_at_once_get_the_same_key(tmp_path: Path) -> None:
    """The first key file stands; nobody seals with a key that is thrown away."""
    path = tmp_path / "key"
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: open_vault(path), range(16)))
    sealed = [vault.seal("x", about="a") for vault in vaults]
    assert all(open_vault(path).unseal(text, about="a") == "x" for text in sealed)


def test_a_value_moved_to_another_row_does_not_open(tmp_path: Path) -> None:
    """The owner's id is part of the seal."""
    vault = open_vault(tmp_path / "key")
    with pytest.raises(Fault) as fault:
        vault.unseal(vault.seal("19400107-9120", about="a"), about="b")
    assert code(fault) == "vault.broken"


@given(st.binary(max_size=60))
def test_any_garbage_is_a_fault(raw: bytes) -> None:
    """Whatever stands in the column, only a fault comes out."""
    vault = Vault({"k0001": bytes(32)}, "k0001")
    for text in (raw, b"v1.k0001." + raw, b"v1.k0009.abcd"):
        with pytest.raises(Fault):
            vault.unseal(text, about="a")


def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(tmp_path: Path) -> None:
    """The key id in the value tells which key."""
    path = tmp_path / "key"
    before = open_vault(path)
    old = before.seal("19400107-9120", about="a")
    after = rotate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert after.unseal(old, about="a") == "19400107-9120"
    assert not after.is_current(old)
    assert after.is_current(after.seal("x", about="a"))
    assert before.unseal(after.seal("x", about="a"), about="a") == "x", "an open vault learns of the new key"


def test_a_key_that_is_in_no_file_is_said_to_be_missing(tmp_path: Path) -> None:
    """Not "broken": the right key file can be put back. A file made anew never takes an old key's id."""
    path = tmp_path / "key"
    sealed = open_vault(path).seal("x", about="a")
    path.unlink()
    with pytest.raises(Fault) as fault:
        open_vault(path).unseal(sealed, about="a")
    assert code(fault) == "vault.unknown_key"


def test_forgotten_keys_open_nothing_and_the_current_one_cannot_be_forgotten(tmp_path: Path) -> None:
    """After a rotation the old key can be taken away."""
    path = tmp_path / "key"
    first = open_vault(path)
    old = first.seal("x", about="a")
    rotate(path)
    kept = forget(path, [first.current, open_vault(path).current])
    assert list(kept.keys) == [kept.current]
    assert kept.unseal(kept.seal("y", about="a"), about="a") == "y"
    with pytest.raises(Fault) as fault:
        kept.unseal(old, about="a")
    assert code(fault) == "vault.unknown_key"


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """chmod 644 by mistake is said in words, not worked around."""
    path = tmp_path / "key"
    open_vault(path)
    path.chmod(0o644)
    with pytest.raises(Fault) as fault:
        open_vault(path)
    assert code(fault) == "vault.key_file_open"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"current":"k1","keys":{}}', b'{"current":"k0001","keys":{"k0001":"AAAA"}}', b"\xff\xfe"],
)
def test_a_broken_key_file_is_refused(tmp_path: Path, body: bytes) -> None:
    """It is never replaced by a fresh key, which would make every stored number unreadable."""
    path = tmp_path / "key"
    path.write_bytes(body)
    path.chmod(0o600)
    with pytest.raises(Fault) as fault:
        open_vault(path)
    assert code(fault) == "vault.key_file_broken"
    assert path.read_bytes() == body


def test_the_keys_are_not_printed(tmp_path: Path) -> None:
    """Neither repr nor str of a vault shows a key."""
    assert "keys, current k0001" in repr(open_vault(tmp_path / "key"))
