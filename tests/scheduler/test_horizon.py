"""Rules become rows fourteen days ahead: once each, at the right wall time, for the right person."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from care.clients import CareScope
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.rule import ContactRule
from care.ids import new_id
from care.localtime import SWEDEN
from care.outbox import events_after
from care.services import Priority
from care.staff import Delegation
from care.storage.database import Database
from scheduler.horizon import horizon
from tests.builders import (
    LONG_AGO,
    make_client,
    make_consent,
    make_contact,
    make_digital,
    make_known,
    make_rule,
    make_shift,
    make_staff,
    make_town,
    moment,
)


async def rows(database: Database) -> list[PlannedContact]:
    async with database.read() as session:
        return list(await session.scalars(select(PlannedContact).order_by(PlannedContact.start)))


async def staff_of(database: Database, row: PlannedContact) -> list[object]:
    async with database.read() as session:
        return list(
            await session.scalars(
                select(Assignment.staff_id).where(Assignment.contact_id == row.id).order_by(Assignment.slot)
            )
        )


async def test_a_daily_rule_makes_fifteen_rows(database: Database, clock: StandingClock) -> None:
    """Today and the fourteen days after it, with window, priority, line, history and fact of each."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        rule = await make_rule(
            session, client, town.services["TI-DAG"], at="09:00", recurrence="FREQ=DAILY", window_before=15
        )
    assert await horizon(database, clock) == 15
    made = await rows(database)
    assert [row.rule_day for row in made] == [date(2026, 12, 1) + timedelta(days=n) for n in range(15)]
    first = made[0]
    assert first.start == moment("2026-12-01 09:00")
    assert (first.window_start, first.window_end) == (moment("2026-12-01 08:45"), moment("2026-12-01 09:30"))
    assert (first.owed_date, first.planned_date) == (date(2026, 12, 1), date(2026, 12, 1))
    assert (first.priority, first.origin, first.rule_id) == (Priority.P2, Origin.RULE, rule.id)
    assert (first.channel, first.first_channel) == (Channel.PHYSICAL, Channel.PHYSICAL)
    assert first.owner_id is None
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ContactLine)) == 15
        assert await session.scalar(select(func.count()).select_from(ContactHistory)) == 15
        line = await session.scalar(select(ContactLine).where(ContactLine.contact_id == first.id))
        assert line is not None
        assert (line.goal_type, line.minutes) == ("wellbeing_check", 15)
        facts = await events_after(session, 0)
    assert {fact.payload["event"] for fact in facts} == {"made"}
    assert len(facts) == 15


async def test_making_rows_again_makes_nothing(database: Database, clock: StandingClock) -> None:
    """However often it runs; the next day one row more."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        rule = await make_rule(session, client, town.services["TI-DAG"], recurrence="FREQ=DAILY")
    await horizon(database, clock)
    assert await horizon(database, clock) == 0
    clock.move(timedelta(days=1))
    assert await horizon(database, clock) == 1
    async with database.read() as session:
        kept = await session.get_one(ContactRule, rule.id)
    assert kept.made_until == date(2026, 12, 16)
    assert kept.version == 1, "who has the rule open in a form must not be thrown out by a clock"


async def test_also_when_the_mark_was_lost(database: Database, clock: StandingClock) -> None:
    """The database itself holds a rule's day unique: nothing is doubled."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        rule = await make_rule(session, client, town.services["TI-DAG"], recurrence="FREQ=DAILY")
    await horizon(database, clock)
    async with database.write() as session:
        (await session.get_one(ContactRule, rule.id)).made_until = None
    assert await horizon(database, clock) == 0
    assert len(await rows(database)) == 15
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ContactLine)) == 15


async def test_three_nodes_at_once_make_each_row_once(database: Database, clock: StandingClock) -> None:
    """Each row, its line and its fact exactly once."""
    async with database.write() as session:
        town = await make_town(session)
        for number in range(10):
            client = await make_client(session, town, f"Kund {number}")
            await make_rule(session, client, town.services["TI-DAG"], recurrence="FREQ=WEEKLY")
    nodes = [Database(database.url) for _ in range(3)]
    made = await asyncio.gather(*(horizon(node, clock) for node in nodes))
    for node in nodes:
        await node.close()
    await horizon(database, clock)
    assert sum(made) <= 30
    assert len(await rows(database)) == 30
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ContactLine)) == 30
        assert len(await events_after(session, 0)) == 30


@pytest.mark.parametrize(("today", "at"), [("2026-10-20", "02:30"), ("2027-03-20", "02:30")])
async def test_both_nights(sqlite_database: Database, today: str, at: str) -> None:
    """A night rule has one row each night, at its wall time; where that is skipped, at the first real one."""
    clock = StandingClock(datetime.fromisoformat(f"{today} 12:00"))
    async with sqlite_database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_rule(
            session, client, town.services["TI-DAG"], at=at, first_day=today, recurrence="FREQ=DAILY"
        )
    await horizon(sqlite_database, clock)
    local = [row.start.astimezone(SWEDEN) for row in await rows(sqlite_database)]
    assert len({when.date() for when in local}) == len(local) == 15
    odd = {when.date(): when.strftime("%H.%M") for when in local if when.strftime("%H.%M") != "02.30"}
    assert odd == ({date(2027, 3, 28): "03.00"} if today.startswith("2027") else {})


async def test_who_does_it(database: Database, clock: StandingClock) -> None:
    """The rule's own person when at work; else the best known who is at work and free; else nobody."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        anna = await make_staff(session, town)
        bo = await make_staff(session, town, "Bo", "Ek")
        cia = await make_staff(session, town, "Cia", "Dahl")
        await make_known(session, client, bo, cia)
        await make_shift(session, anna, "2026-12-01")
        await make_shift(session, bo, "2026-12-02")
        await make_shift(session, cia, "2026-12-02")
        await make_shift(session, bo, "2026-12-03")
        await make_shift(session, cia, "2026-12-03")
        await make_contact(session, client, town.services["PV-MOR"], "2026-12-03 09:10", staff=[bo])
        await make_shift(session, anna, "2026-12-04", absent_from=moment("2026-12-04 07:00"))
        await make_rule(
            session, client, town.services["TI-DAG"], recurrence="FREQ=DAILY", staff=anna, at="09:00"
        )
    await horizon(database, clock)
    made = [row for row in await rows(database) if row.rule_id is not None]
    assert await staff_of(database, made[0]) == [anna.id]
    assert await staff_of(database, made[1]) == [bo.id]
    assert await staff_of(database, made[2]) == [cia.id], "Bo has something else then"
    assert await staff_of(database, made[3]) == [], "Anna is away and nobody known works"
    assert await staff_of(database, made[4]) == [anna.id], "no roster is in for that day: the rule's word"
    assert [row.owner_id for row in made[:4]] == [anna.id, bo.id, cia.id, None]


async def test_video_asks_for_somebody_who_takes_video(database: Database, clock: StandingClock) -> None:
    """And health care for somebody with a delegation that holds on the day."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_consent(session, client)
        bo = await make_staff(session, town, "Bo", "Ek", may_video=False)
        cia = await make_staff(session, town, "Cia", "Dahl")
        await make_known(session, client, bo, cia)
        for day in ("2026-12-01", "2026-12-02"):
            await make_shift(session, bo, day)
            await make_shift(session, cia, day)
        town.services["HS-PAM"].delegation_required = True
        session.add(
            Delegation(id=new_id(), staff_id=bo.id, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 1))
        )
        await make_rule(session, client, town.services["SO-SAM"], channel=Channel.VIDEO)
        await make_rule(session, client, town.services["HS-PAM"], at="10:00", recurrence="FREQ=DAILY")
    await horizon(database, clock)
    social, *medicine = await rows(database)
    assert social.channel is Channel.VIDEO
    assert await staff_of(database, social) == [cia.id]
    assert [await staff_of(database, row) for row in medicine[:2]] == [[bo.id], []]


async def test_two_persons_when_two_are_needed(database: Database, clock: StandingClock) -> None:
    """The first is the rule's own, the second somebody known."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        anna = await make_staff(session, town)
        bo = await make_staff(session, town, "Bo", "Ek")
        await make_known(session, client, anna, bo)
        await make_shift(session, anna)
        await make_shift(session, bo)
        await make_rule(session, client, town.services["PV-MOR"], staff=anna, staff_needed=2)
    await horizon(database, clock)
    (row,) = await rows(database)
    assert row.staff_needed == 2
    assert await staff_of(database, row) == [anna.id, bo.id]


async def test_a_video_rule_without_consent_makes_visits(database: Database, clock: StandingClock) -> None:
    """What the rule leans on is gone: somebody comes instead, and the history says what was wished."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        other = await make_client(session, town, "Karl", "Ek")
        for one in (client, other):
            await make_rule(session, one, town.services["SO-SAM"], channel=Channel.VIDEO)
    await horizon(database, clock)
    channels = {row.client_id: row.channel for row in await rows(database) if row.rule_id}
    assert channels == {client.id: Channel.VIDEO, other.id: Channel.PHYSICAL}


async def test_no_hands_on_rule_makes_video(database: Database, clock: StandingClock) -> None:
    """Whatever a rule in the database says."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        await make_rule(
            session, client, town.services["PV-MOR"], channel=Channel.VIDEO, recurrence="FREQ=DAILY"
        )
    await horizon(database, clock)
    assert {row.channel for row in await rows(database) if row.rule_id} == {Channel.PHYSICAL}


async def test_rules_that_make_nothing(database: Database, clock: StandingClock) -> None:
    """Ended, past, far ahead, or of somebody whose care has ended."""
    async with database.write() as session:
        town = await make_town(session)
        service = town.services["TI-DAG"]
        client = await make_client(session, town)
        gone = await make_client(session, town, "Karl", "Ek", care_scope=CareScope.ENDED)
        daily = "FREQ=DAILY"
        await make_rule(session, client, service, recurrence=daily, ended_at=LONG_AGO)
        await make_rule(
            session, client, service, recurrence=daily, first_day="2026-01-01", last_day=date(2026, 11, 30)
        )
        await make_rule(session, client, service, recurrence=daily, first_day="2026-12-16")
        await make_rule(session, client, service, first_day="2026-11-30")
        await make_rule(session, gone, service, recurrence=daily)
    assert await horizon(database, clock) == 0
    assert await rows(database) == []


async def test_no_row_before_the_rule_was_made(database: Database, clock: StandingClock) -> None:
    """A rule made at 06.40 for 06.00 begins tomorrow."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        rule = await make_rule(session, client, town.services["TI-DAG"], at="06:00", recurrence="FREQ=DAILY")
        rule.created_at = clock.now()
    await horizon(database, clock)
    assert (await rows(database))[0].rule_day == date(2026, 12, 2)


async def test_a_long_absence_is_caught_up_from_today(database: Database, clock: StandingClock) -> None:
    """After forty days without a run there are rows from today on, also for hours that have passed."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_rule(session, client, town.services["TI-DAG"], at="06:00", recurrence="FREQ=DAILY")
    await horizon(database, clock)
    clock.move(timedelta(days=40))
    await horizon(database, clock)
    days = [row.rule_day for row in await rows(database)]
    assert len(days) == 15 + 15
    assert clock.today() in days
