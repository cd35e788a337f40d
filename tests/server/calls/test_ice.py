"""Credentials for our own relay, and when there must be one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

import pytest

from care.clients import Protection
from care.errors import Fault
from server.calls.ice import check_relay, ice_servers
from server.configuration import Turn
from tests.server.calls.conftest import House

TURN = Turn(urls=["turn:turn.example:3478?transport=udp"], secret="hemligt", minutes=10)
CALL = UUID("01a20025-94c3-73e9-b7f5-5f2a502b9be1")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_the_credential_is_what_coturn_expects() -> None:
    """User ``<end>:<label>``, password base64(HMAC-SHA1(secret, user)), good for ten minutes."""
    (server,) = ice_servers(TURN, CALL, NOW)
    ends, label = server["username"].split(":")
    assert int(ends) == int(NOW.timestamp()) + 600
    assert label == CALL.hex
    expected = hmac.new(b"hemligt", server["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == expected
    assert server["urls"] == TURN.urls


def test_no_relay_of_somebody_elses() -> None:
    """Without TURN of our own there is none at all."""
    assert ice_servers(None, CALL, NOW) == []


def test_a_protected_home_is_never_reached_directly() -> None:
    """With TURN the relay is forced; without it the call is refused in words."""
    assert check_relay(TURN, is_protected=True) is True
    assert check_relay(None, is_protected=False) is False
    with pytest.raises(Fault) as refused:
        check_relay(None, is_protected=True)
    assert refused.value.code == "call.no_relay"


async def test_a_protected_client_cannot_be_rung_without_relay(small_house: House) -> None:
    """The page says why, and nothing has rung."""
    async with small_house.database.write() as session:
        client = await session.get_one(type(small_house.ingrid), small_house.ingrid.id)
        client.protection = Protection.CONFIDENTIALITY_MARK
        client.named_care_worker_id = small_house.anna.id
    page = await small_house.page()
    refused = await page.ask("call", contact=small_house.contact_id, connection="w")
    assert refused["code"] == "call.no_relay"
