"""Rules made, changed and ended by people: future untouched rows follow, everything else stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, DecisionAbility, VideoWish
from care.clock import StandingClock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.rule import ContactRule
from care.contacts.step import Hand, alter, fetch, step
from care.errors import Fault
from care.ids import new_id
from care.localtime import to_wall
from care.services import Priority
from care.staff import Staff
from care.storage.database import Database
from scheduler.horizon import horizon
from scheduler.rules import Applied, RuleWish, change_rule, create_rule, end_rule
from tests.builders import Town, make_client, make_digital, make_shift, make_staff, make_town

HAND = Hand("tests")
DAILY = "FREQ=DAILY"


class Scene:
    """A town, Ingrid with tablet and consent, Anna at work today."""

    def __init__(self, town: Town, client: Client, anna: Staff) -> None:
        self.town, self.client, self.anna = town, client, anna
        self.wish = RuleWish(
            client_id=client.id,
            channel=Channel.VIDEO,
            services=[town.services["SO-SAM"].id],
            at=time(14, 30),
            minutes=15,
            first_day=date(2026, 12, 1),
            recurrence=DAILY,
            staff_id=anna.id,
        )


async def scene(session: AsyncSession, clock: StandingClock) -> Scene:
    town = await make_town(session)
    client = await make_client(session, town)
    await make_digital(session, client, clock.now())
    anna = await make_staff(session, town)
    await make_shift(session, anna)
    return Scene(town, client, anna)


async def rule_rows(database: Database) -> list[PlannedContact]:
    async with database.read() as session:
        found = await session.scalars(
            select(PlannedContact).where(PlannedContact.rule_id.is_not(None)).order_by(PlannedContact.start)
        )
        return list(found)


async def made(database: Database, clock: StandingClock) -> tuple[Scene, ContactRule]:
    async with database.write() as session:
        set_up = await scene(session, clock)
        rule, applied = await create_rule(session, set_up.wish, clock=clock, hand=HAND)
        assert applied == Applied(made=15)
    return set_up, rule


async def test_rows_are_there_when_the_form_is_saved(database: Database, clock: StandingClock) -> None:
    """With the rule, in the same transaction; the next tick makes no more."""
    set_up, rule = await made(database, clock)
    rows = await rule_rows(database)
    assert len(rows) == 15
    assert {to_wall(row.start).time() for row in rows} == {time(14, 30)}
    assert rows[0].channel is Channel.VIDEO
    assert rows[0].owner_id == set_up.anna.id
    assert rule.priority is Priority.P3, "the most urgent of its services"
    assert await horizon(database, clock) == 0


async def test_several_services_share_the_minutes(database: Database, clock: StandingClock) -> None:
    """By their standard times, to the minute; each is a line of its own."""
    async with database.write() as session:
        set_up = await scene(session, clock)
        services = set_up.town.services
        wish = replace(
            set_up.wish, services=[services["SO-SAM"].id, services["MA-PAM"].id], minutes=21, recurrence=None
        )
        rule, _ = await create_rule(session, wish, clock=clock, hand=HAND)
        assert [line.minutes for line in rule.lines] == [16, 5]
    async with database.read() as session:
        lines = list(await session.scalars(select(ContactLine).order_by(ContactLine.seq)))
    assert [(line.goal_type, line.minutes) for line in lines] == [("social", 16), ("meal", 5)]


async def test_a_change_reaches_future_untouched_rows_only(database: Database, clock: StandingClock) -> None:
    """What was changed by hand, is due or has ended stays; the rest has new time, length, line and staff."""
    set_up, rule = await made(database, clock)
    rows = await rule_rows(database)
    async with database.write() as session:
        await alter(
            session, await fetch(session, rows[1].id), at=clock.now(), hand=HAND, touched=True, note="x"
        )
        await step(session, await fetch(session, rows[2].id), Status.CANCELLED, at=clock.now(), hand=HAND)
        await step(session, await fetch(session, rows[0].id), Status.DUE, at=clock.now(), hand=HAND)
    wish = replace(
        set_up.wish, at=time(10, 0), minutes=5, services=[set_up.town.services["MA-PAM"].id], staff_id=None
    )
    async with database.write() as session:
        applied = await change_rule(session, rule.id, rule.version, wish, clock=clock, hand=HAND)
    assert applied == Applied(made=0, changed=12, cancelled=0, kept=1)
    after = {row.id: row for row in await rule_rows(database)}
    for row in rows[:3]:
        assert to_wall(after[row.id].start).time() == time(14, 30)
    for row in rows[3:]:
        new = after[row.id]
        assert (to_wall(new.start).time(), new.minutes, new.priority) == (time(10), 5, Priority.P2)
        assert new.owner_id is None
        assert not new.touched
    async with database.read() as session:
        per_row = select(func.count()).select_from(ContactLine).group_by(ContactLine.contact_id)
        assert set(await session.scalars(per_row)) == {1}
        goal = select(ContactLine.goal_type).where(ContactLine.contact_id == rows[5].id)
        assert await session.scalar(goal) == "meal"
        staff = select(Assignment).where(Assignment.contact_id == rows[5].id)
        assert (await session.scalars(staff)).all() == []


async def test_other_days_and_back_again(database: Database, clock: StandingClock) -> None:
    """Days that fall away are cancelled, new ones made; a day that comes back has a row again."""
    set_up, rule = await made(database, clock)
    async with database.write() as session:
        weekly = replace(set_up.wish, recurrence="FREQ=WEEKLY;BYDAY=TU")
        applied = await change_rule(session, rule.id, rule.version, weekly, clock=clock, hand=HAND)
    assert applied == Applied(made=0, changed=3, cancelled=12, kept=0)
    cancelled = [row for row in await rule_rows(database) if row.status is Status.CANCELLED]
    assert {row.cause for row in cancelled} == {Cause.RULE_CHANGED}
    async with database.write() as session:
        kept = await session.get_one(ContactRule, rule.id)
        applied = await change_rule(session, rule.id, kept.version, set_up.wish, clock=clock, hand=HAND)
    assert applied == Applied(made=12, changed=3, cancelled=0, kept=0)
    open_rows = [row for row in await rule_rows(database) if row.status is Status.PLANNED]
    assert [row.rule_day for row in open_rows] == [date(2026, 12, 1) + timedelta(days=n) for n in range(15)]


async def test_todays_row_stays_when_its_new_time_has_passed(
    database: Database, clock: StandingClock
) -> None:
    """Nothing is planned for a time that has been: today is done as it was planned."""
    set_up, rule = await made(database, clock)
    clock.move(timedelta(hours=3))
    async with database.write() as session:
        wish = replace(set_up.wish, at=time(8, 0))
        applied = await change_rule(session, rule.id, rule.version, wish, clock=clock, hand=HAND)
    assert applied == Applied(changed=14, kept=1)
    assert to_wall((await rule_rows(database))[0].start).time() == time(14, 30)


async def test_an_ended_rule_takes_its_future_rows_away(database: Database, clock: StandingClock) -> None:
    """They are cancelled with the cause; touched ones stay and are counted; nothing is made any more."""
    _, rule = await made(database, clock)
    rows = await rule_rows(database)
    async with database.write() as session:
        await alter(
            session, await fetch(session, rows[4].id), at=clock.now(), hand=HAND, touched=True, note="x"
        )
    async with database.write() as session:
        applied = await end_rule(session, rule.id, rule.version, clock=clock, hand=HAND)
    assert applied == Applied(cancelled=14, kept=1)
    after = await rule_rows(database)
    assert [row.id for row in after if row.status is Status.PLANNED] == [rows[4].id]
    assert {row.cause for row in after if row.status is Status.CANCELLED} == {Cause.RULE_ENDED}
    clock.move(timedelta(days=3))
    assert await horizon(database, clock) == 0
    async with database.read() as session:
        kept = await session.get_one(ContactRule, rule.id)
    with pytest.raises(Fault, match=r"rule\.ended"):
        async with database.write() as session:
            await end_rule(session, rule.id, kept.version, clock=clock, hand=HAND)


async def test_a_rule_may_end_later(database: Database, clock: StandingClock) -> None:
    """Up to and including its last day it goes on."""
    _, rule = await made(database, clock)
    async with database.write() as session:
        applied = await end_rule(
            session, rule.id, rule.version, clock=clock, hand=HAND, last_day=date(2026, 12, 3)
        )
    assert applied == Applied(cancelled=12)
    left = [row.rule_day for row in await rule_rows(database) if row.status is Status.PLANNED]
    assert left == [date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)]


async def test_a_stale_form_is_refused(database: Database, clock: StandingClock) -> None:
    """Two people with the same form: the second is told, and nothing of hers is saved."""
    set_up, rule = await made(database, clock)
    async with database.write() as session:
        await change_rule(
            session, rule.id, rule.version, replace(set_up.wish, minutes=20), clock=clock, hand=HAND
        )
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            await change_rule(
                session, rule.id, rule.version, replace(set_up.wish, minutes=25), clock=clock, hand=HAND
            )
    assert (fault.value.code, fault.value.status) == ("stale", 409)
    assert {row.minutes for row in await rule_rows(database)} == {20}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": new_id()}, "not_found"),
        ({"services": []}, "rule.services"),
        ({"services": [new_id()]}, "rule.services"),
        ({"staff_id": new_id()}, "rule.staff"),
        ({"minutes": 0}, "rule.minutes"),
        ({"minutes": 100_000}, "rule.minutes"),
        ({"window_before": -1}, "rule.window"),
        ({"window_after": 100_000}, "rule.window"),
        ({"staff_needed": 3}, "rule.staff_needed"),
        ({"first_day": date(2026, 11, 30)}, "rule.past"),
        ({"recurrence": None, "at": time(6, 0)}, "rule.past"),
        ({"last_day": date(2026, 11, 30)}, "rule.days"),
        ({"recurrence": "FREQ=HOURLY"}, "recurrence.frequency"),
        ({"recurrence": None, "first_day": date(2027, 3, 28), "at": time(2, 30)}, "time.gap"),
        ({"channel": Channel.CAMERA_CHECK}, "rule.channel"),
        ({"staff_needed": 2}, "digital.one_person_is_enough"),
        ({"priority": Priority.P1}, "digital.not_bound_to_place"),
    ],
)
async def test_what_cannot_be_saved_is_said_in_words(
    sqlite_database: Database, clock: StandingClock, change: dict[str, Any], code: str
) -> None:
    """Each with its code, and nothing is saved."""
    with pytest.raises(Fault) as fault:
        async with sqlite_database.write() as session:
            set_up = await scene(session, clock)
            await create_rule(session, replace(set_up.wish, **change), clock=clock, hand=HAND)
    assert fault.value.code == code
    assert await rule_rows(sqlite_database) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"video_wish": VideoWish.NO}, "digital.client_wants_video"),
        ({"decision_ability": DecisionAbility.UNCLEAR}, "digital.decision_is_clear"),
        ({"lives_alone": False}, "digital.cohabitant_consents"),
    ],
)
async def test_video_is_not_planned_against_the_rules(
    sqlite_database: Database, clock: StandingClock, change: dict[str, Any], code: str
) -> None:
    """What stands in the way for long is refused when the form is saved."""
    with pytest.raises(Fault) as fault:
        async with sqlite_database.write() as session:
            set_up = await scene(session, clock)
            for name, value in change.items():
                setattr(set_up.client, name, value)
            await session.flush()
            await create_rule(session, set_up.wish, clock=clock, hand=HAND)
    assert fault.value.code == code


async def test_hands_on_is_never_planned_as_video(database: Database, clock: StandingClock) -> None:
    """The sentence names the service."""
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            set_up = await scene(session, clock)
            services = [set_up.town.services["SO-SAM"].id, set_up.town.services["PV-MOR"].id]
            wish = replace(set_up.wish, services=services, priority=Priority.P2)
            await create_rule(session, wish, clock=clock, hand=HAND)
    assert fault.value.code == "digital.no_hands_needed"
    assert "PV-MOR" in fault.value.say()


async def test_what_differs_from_day_to_day_does_not_stop_a_rule(
    database: Database, clock: StandingClock
) -> None:
    """A tablet that is silent just now, or a no for today, is asked about again on the day."""
    async with database.write() as session:
        set_up = await scene(session, clock)
        set_up.client.no_video_on = date(2026, 12, 1)
        await session.flush()
        rule, _ = await create_rule(session, set_up.wish, clock=clock, hand=HAND)
    assert rule.channel is Channel.VIDEO
