"""A tablet proves who it is with a key that cannot leave it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from care.devices import Device
from care.errors import Fault
from care.ids import new_id
from server.tablets.home import revoke
from server.tablets.keys import check_number, device_for_hello, hello_text, read_key, verify
from tests.server.tablets.conftest import Home
from tests.server.tablets.keys import TabletKey

ORIGIN = "https://samtid.example"


def test_only_the_holder_of_the_key_can_sign_the_hello() -> None:
    """The right key verifies; another key, nonce, origin, version or tablet does not."""
    key, other, device = TabletKey(), TabletKey(), new_id()
    signature = key.sign(hello_text(1, ORIGIN, "nonce", device))
    assert verify(key.public, hello_text(1, ORIGIN, "nonce", device), signature)
    assert not verify(other.public, hello_text(1, ORIGIN, "nonce", device), signature)
    for text in (
        hello_text(1, ORIGIN, "another", device),
        hello_text(1, "https://samtid.elsewhere", "nonce", device),
        hello_text(2, ORIGIN, "nonce", device),
        hello_text(1, ORIGIN, "nonce", new_id()),
    ):
        assert not verify(key.public, text, signature)


@pytest.mark.parametrize("signature", ["", "?", "AAAA", "A" * 86, "A" * 200, "ä" * 86])
def test_what_is_no_signature_is_refused_quietly(signature: str) -> None:
    """Garbage is false, not an exception."""
    assert not verify(TabletKey().public, b"text", signature)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"kty": "RSA", "n": "1", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": "?", "y": 5},
    ],
)
def test_a_key_that_is_no_point_on_the_curve_is_refused(value: Any) -> None:
    """A fault in words, before anything is stored."""
    with pytest.raises(Fault, match="nyckel") as fault:
        read_key(value)
    assert fault.value.code == "tablet.key"


def test_a_private_half_sent_by_mistake_is_never_kept() -> None:
    """Only the four public members remain."""
    key = TabletKey().public
    assert read_key({**key, "d": "secret", "key_ops": ["verify"]}) == key


def test_two_tablets_show_different_numbers_nearly_always() -> None:
    """Four digits, the same for the same key."""
    key = TabletKey().public
    assert check_number(key) == check_number(dict(key))
    assert len(check_number(key)) == 4
    assert len({check_number(TabletKey().public) for _ in range(20)}) > 10


async def test_a_revoked_tablet_is_told_so_only_with_its_own_signature(home: Home) -> None:
    """Revoked and unknown differ only for the one who can sign; others learn nothing."""
    key = TabletKey()
    async with home.database.write() as session:
        home.tablet.public_key = key.public
        session.add(home.tablet)
    signature = key.sign(hello_text(1, ORIGIN, "n", home.tablet.id))

    async def hello(session: AsyncSession, device_id: UUID, signature: str) -> Device:
        return await device_for_hello(
            session, device_id, version=1, origin=ORIGIN, nonce="n", signature=signature
        )

    async with home.database.read() as session:
        found = await hello(session, home.tablet.id, signature)
        assert found.id == home.tablet.id
        with pytest.raises(Fault) as fault:
            await hello(session, new_id(), signature)
        assert fault.value.code == "device.unknown"
        with pytest.raises(Fault) as fault:
            await hello(session, home.tablet.id, TabletKey().sign(b"x"))
        assert fault.value.code == "device.unknown"
    async with home.database.write() as session:
        device = await session.merge(home.tablet)
        await revoke(session, device, home.clock.now())
    async with home.database.read() as session:
        with pytest.raises(Fault) as fault:
            await hello(session, home.tablet.id, signature)
        assert fault.value.code == "device.revoked"
