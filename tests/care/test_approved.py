"""Whom a client lets join: at most five, by consent, and taken away at once."""

from __future__ import annotations

from typing import Any

import pytest

from care.approved import MOST, approve, approved, lets_relatives_join
from care.clients import Protection
from care.clock import StandingClock
from care.consent import ConsentKind
from care.errors import Fault
from care.storage.database import Database
from tests.builders import make_client, make_consent, make_town


async def test_five_and_no_sixth(database: Database, clock: StandingClock) -> None:
    """The sixth is refused with the reason, and who is taken away makes room."""
    now = clock.now()
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        for name in ("Lisa", "Per", "Karin", "Olle", "Eva")[:MOST]:
            await approve(session, client, name=name, relation="vän", given_by=None, now=now, account_id=None)
        with pytest.raises(Fault) as fault:
            await approve(
                session, client, name="Nils", relation="vän", given_by=None, now=now, account_id=None
            )
        assert fault.value.code == "approved.full"
        first = (await approved(session, client.id))[0]
        first.removed_at = now
        await session.flush()
        await approve(session, client, name="Nils", relation="vän", given_by=None, now=now, account_id=None)
        assert [one.name for one in await approved(session, client.id)][-1] == "Nils"


async def test_the_same_person_once(database: Database, clock: StandingClock) -> None:
    """Two Lisas are two people when they are not both the daughter."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        more: dict[str, Any] = {"given_by": None, "now": clock.now(), "account_id": None}
        await approve(session, client, name="Lisa", relation="dotter", **more)
        await approve(session, client, name="Lisa", relation="granne", **more)
        with pytest.raises(Fault) as fault:
            await approve(session, client, name="lisa", relation="dotter", **more)
        assert fault.value.code == "approved.twice"


async def test_nobody_of_a_protected_identity(database: Database, clock: StandingClock) -> None:
    """A relative's name and place would tell who it is."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town, protection=Protection.CONFIDENTIALITY_MARK)
        with pytest.raises(Fault) as fault:
            await approve(
                session, client, name="Lisa", relation="dotter", given_by=None, now=clock.now(),
                account_id=None,
            )  # fmt: skip
        assert fault.value.code == "approved.protected"


async def test_consent_is_needed_and_is_over_when_withdrawn(database: Database, clock: StandingClock) -> None:
    """The list alone lets nobody in."""
    now = clock.now()
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        assert not await lets_relatives_join(session, client.id, now)
        consent = await make_consent(session, client, ConsentKind.RELATIVE_CALLS)
        assert await lets_relatives_join(session, client.id, now)
        consent.withdrawn_at = now
        await session.flush()
        assert not await lets_relatives_join(session, client.id, now)
