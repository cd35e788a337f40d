"""Visits that another system registers: not begun here, waited for until noon, unknown and never missed."""

from __future__ import annotations

import pytest

from care.clock import StandingClock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import read_in_by, registered_in, systems
from care.contacts.life import Status
from care.contacts.performing import check_in
from care.contacts.step import Hand, fetch
from care.errors import Fault
from care.localtime import SWEDEN
from care.municipality import Group
from care.storage.database import Database
from scheduler.ticks.day_end import day_end
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from tests.builders import make_client, make_contact, make_staff, make_town, moment

HAND = Hand("tests")


async def rows(database: Database) -> dict[Channel, PlannedContact]:
    """A visit that could wait (P4) and a call of a group that registers its visits in Phoniro."""
    async with database.write() as session:
        town = await make_town(session)
        (await session.get_one(Group, town.group.id)).visits_in = "Phoniro"
        anna = await make_staff(session, town)
        client = await make_client(session, town)
        return {
            channel: await make_contact(
                session, client, town.services[code], "2026-12-01 07:00", channel=channel, staff=[anna]
            )
            for channel, code in ((Channel.PHYSICAL, "HE-STA"), (Channel.VIDEO, "SO-SAM"))
        }


async def status(database: Database, row: PlannedContact) -> tuple[Status, str | None]:
    async with database.read() as session:
        now = await session.get_one(PlannedContact, row.id)
        return now.status, now.cause


async def test_only_visits_are_registered_elsewhere(database: Database, clock: StandingClock) -> None:
    """A visit is refused by name of the system; a call of the same group begins here as ever."""
    made = await rows(database)
    async with database.write() as session:
        visit = await fetch(session, made[Channel.PHYSICAL].id)
        assert await systems(session) == {visit.group_id: "Phoniro"}
        assert await registered_in(session, visit) == "Phoniro"
        with pytest.raises(Fault) as refused:
            await check_in(session, visit, at=clock.now(), hand=HAND)
        assert (refused.value.code, refused.value.values) == ("contact.elsewhere", {"system": "Phoniro"})
        call = await fetch(session, made[Channel.VIDEO].id)
        assert await check_in(session, call, at=clock.now(), hand=HAND)


async def test_silence_is_neither_red_nor_missed(database: Database, clock: StandingClock) -> None:
    """The call is red after its grace; the visit waits until noon of the next day, then is unknown."""
    made = await rows(database)
    clock.set(moment("2026-12-01 06:50"))
    await due(database, clock)
    clock.set(moment("2026-12-01 23:00"))
    await escalation(database, clock)
    assert (await status(database, made[Channel.VIDEO]))[0] is Status.AWAITING
    assert (await status(database, made[Channel.PHYSICAL]))[0] is Status.DUE
    clock.set(moment("2026-12-02 11:59"))
    await day_end(database, clock)
    await escalation(database, clock)
    assert (await status(database, made[Channel.PHYSICAL]))[0] is Status.DUE
    assert (await status(database, made[Channel.VIDEO]))[0] is Status.MISSED
    clock.set(moment("2026-12-02 12:00"))
    await escalation(database, clock)
    assert await status(database, made[Channel.PHYSICAL]) == (Status.UNKNOWN, Cause.NOT_READ_IN)
    await day_end(database, clock)
    assert (await status(database, made[Channel.PHYSICAL]))[0] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("start", "by"),
    [("2026-10-24 22:00", "2026-10-25 12:00"), ("2027-03-27 22:00", "2027-03-28 12:00")],
    ids=["autumn", "spring"],
)
def test_noon_is_noon_by_the_clock_also_after_a_night_of_another_length(start: str, by: str) -> None:
    """Twelve by the wall, fifteen or thirteen hours after ten in the evening."""
    assert read_in_by(moment(start), SWEDEN) == moment(by)
