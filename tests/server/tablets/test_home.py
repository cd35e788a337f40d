"""Whose home a tablet stands in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.devices import Device
from care.errors import Fault
from care.outbox import OutboxEvent
from server.tablets.home import ask_for_test, clients_of, move_in, move_out, revoke
from tests.builders import make_client, make_group
from tests.server.tablets.conftest import Home


async def test_two_may_share_a_tablet_and_no_more(home: Home) -> None:
    async with home.database.write() as session:
        karl, eva = (
            await make_client(session, home.town, "Karl"),
            await make_client(session, home.town, "Eva"),
        )
        tablet = await session.merge(home.tablet)
        await move_in(session, tablet, karl, home.clock.now())
        await move_in(session, tablet, karl, home.clock.now())
        with pytest.raises(Fault) as fault:
            await move_in(session, tablet, eva, home.clock.now())
    assert fault.value.code == "tablet.full"
    home.clock.move(timedelta(minutes=1))
    async with home.database.write() as session:
        await move_out(session, await session.merge(home.tablet), home.ingrid.id, home.clock.now())
    home.clock.move(timedelta(minutes=1))
    async with home.database.write() as session:
        assert [one.first_name for one in await clients_of(session, home.tablet.id, home.clock.now())] == [
            "Karl"
        ]
        with pytest.raises(Fault) as fault:
            await move_out(session, await session.merge(home.tablet), karl.id, home.clock.now())
    assert fault.value.code == "tablet.last"


async def test_two_of_different_groups_do_not_share(home: Home) -> None:
    """What one group plans must not stand on a screen of the other."""
    async with home.database.write() as session:
        group = await make_group(session, home.town.municipality, "Kälarne")
        karl = await make_client(session, home.town, "Karl", group_id=group.id)
        with pytest.raises(Fault) as fault:
            await move_in(session, await session.merge(home.tablet), karl, home.clock.now())
    assert fault.value.code == "tablet.group"


async def test_revoking_is_told_and_twice_is_once(home: Home) -> None:
    """The tablet hears of it by the outbox, wherever it is connected."""
    for _ in range(2):
        async with home.database.write() as session:
            device = await session.get(Device, home.tablet.id)
            assert device is not None
            await revoke(session, device, home.clock.now())
    async with home.database.read() as session:
        (event,) = await session.scalars(select(OutboxEvent))
        assert (event.topic, event.payload) == ("device.revoked", {"device": str(home.tablet.id)})
        assert await clients_of(session, home.tablet.id, home.clock.now()) == []


async def test_a_test_is_asked_for_by_the_outbox(home: Home) -> None:
    async with home.database.write() as session:
        await ask_for_test(session, await session.merge(home.tablet), home.clock.now())
    async with home.database.read() as session:
        (event,) = await session.scalars(select(OutboxEvent))
    assert event.topic == "device.changed"
    assert event.payload["test"] is True
