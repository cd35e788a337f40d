"""What stands in the way of a contact is said in words before it is saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import AbsenceKind, Client, ClientAbsence
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.step import Hand
from care.ids import new_id
from care.staff import Staff
from care.storage.database import Database
from scheduler.conflicts import Conflict, Plan, Severity, conflicts, conflicts_of_wish
from scheduler.rules import RuleWish, create_rule
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_digital,
    make_known,
    make_shift,
    make_staff,
    make_town,
    moment,
)

HAND = Hand("tests")


async def good(session: AsyncSession, clock: StandingClock) -> tuple[Town, Plan]:
    """A video call with Anna, who knows Ingrid and is at work, at 14.30 today: nothing is in the way."""
    town = await make_town(session)
    client = await make_client(session, town)
    await make_digital(session, client, clock.now())
    anna = await make_staff(session, town)
    await make_known(session, client, anna)
    await make_shift(session, anna)
    plan = Plan(
        client_id=client.id,
        channel=Channel.VIDEO,
        services=[town.services["SO-SAM"].id],
        starts=[moment("2026-12-01 14:30")],
        minutes=15,
        staff=[anna.id],
    )
    return town, plan


async def ask(database: Database, plan: Plan, clock: StandingClock) -> dict[str, Conflict]:
    async with database.read() as session:
        found = await conflicts(session, plan, clock)
    assert len({conflict.code for conflict in found}) == len(found)
    assert all(conflict.say().endswith(".") for conflict in found)
    return {conflict.code: conflict for conflict in found}


async def test_nothing_in_the_way(database: Database, clock: StandingClock) -> None:
    """A good plan gets no remarks."""
    async with database.write() as session:
        _, plan = await good(session, clock)
    assert await ask(database, plan, clock) == {}


async def test_a_busy_worker(database: Database, clock: StandingClock) -> None:
    """Overlap counts, touching ends do not; the row itself is not in its own way."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        other = await make_client(session, town, "Karl", "Ek")
        anna = await session.get_one(Staff, plan.staff[0])
        row = await make_contact(session, other, town.services["PV-MOR"], "2026-12-01 14:20", staff=[anna])
        await make_contact(session, other, town.services["PV-MOR"], "2026-12-01 14:45", staff=[anna])
    found = await ask(database, plan, clock)
    assert set(found) == {"worker_busy"}
    assert found["worker_busy"].severity is Severity.WARN
    assert found["worker_busy"].say() == "Anna L. är upptagen med något annat då."
    assert await ask(database, replace(plan, but=[row.id]), clock) == {}


async def test_a_worker_who_is_off_new_or_takes_no_video(database: Database, clock: StandingClock) -> None:
    """Each is said; not taking video is a stop."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        bo = await make_staff(session, town, "Bo", "Ek", may_video=False)
    found = await ask(database, replace(plan, staff=[bo.id]), clock)
    assert {code: conflict.severity for code, conflict in found.items()} == {
        "worker_no_video": Severity.STOP,
        "worker_off": Severity.WARN,
        "worker_new": Severity.WARN,
    }


async def test_a_worker_without_delegation(database: Database, clock: StandingClock) -> None:
    """Medicine is handed over by delegation only."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        town.services["HS-PAM"].delegation_required = True
        service = town.services["HS-PAM"].id
    found = await ask(database, replace(plan, services=[service], channel=Channel.PHYSICAL), clock)
    assert set(found) == {"worker_no_delegation"}
    assert found["worker_no_delegation"].severity is Severity.STOP


async def test_somebody_who_has_left(database: Database, clock: StandingClock) -> None:
    """A worker who is no longer active is a stop."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        gone = await make_staff(session, town, "Gun", "Ek", active=False)
    found = await ask(database, replace(plan, staff=[gone.id]), clock)
    assert found["worker_gone"].severity is Severity.STOP


@pytest.mark.parametrize("channel", [Channel.VIDEO, Channel.PHYSICAL])
async def test_a_client_who_is_away(database: Database, clock: StandingClock, channel: Channel) -> None:
    """Nobody rings, and nobody drives, to an empty home without knowing."""
    async with database.write() as session:
        _, plan = await good(session, clock)
        session.add(
            ClientAbsence(
                id=new_id(),
                client_id=plan.client_id,
                kind=AbsenceKind.HOSPITAL,
                start=moment("2026-12-01 10:00"),
            )
        )
    found = await ask(database, replace(plan, channel=channel), clock)
    assert set(found) == {"client_is_home"}
    assert found["client_is_home"].severity is Severity.WARN


async def test_the_client_has_something_else(database: Database, clock: StandingClock) -> None:
    """A second contact at the same time is a warning."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        client = await session.get_one(Client, plan.client_id)
        await make_contact(session, client, town.services["HE-STA"], "2026-12-01 14:00")
    assert set(await ask(database, plan, clock)) == {"client_busy"}


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"services": "PV-MOR"}, "no_hands_needed", Severity.STOP),
        ({"staff_needed": 2}, "one_person_is_enough", Severity.STOP),
        ({"services": "HS-PAM"}, "nurse_allows", Severity.STOP),
        ({"starts": [moment("2026-12-01 06:00")]}, "time_passed", Severity.STOP),
        ({"starts": [moment("2026-12-20 12:00")]}, "not_only_digital", Severity.WARN),
    ],
)
async def test_the_hard_rules_are_said(
    sqlite_database: Database, clock: StandingClock, change: dict[str, Any], code: str, severity: Severity
) -> None:
    """What stands for long is a stop; what may differ on the day is a warning."""
    async with sqlite_database.write() as session:
        town, plan = await good(session, clock)
    if "services" in change:
        change = {"services": [town.services[change["services"]].id]}
    found = await ask(sqlite_database, replace(plan, **change), clock)
    assert found[code].severity is severity


async def test_stops_come_first(database: Database, clock: StandingClock) -> None:
    """What must be mended stands above what may be weighed."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        bo = await make_staff(session, town, "Bo", "Ek")
        services = [town.services["PV-MOR"].id]
    async with database.read() as session:
        found = await conflicts(session, replace(plan, staff=[bo.id], services=services), clock)
    severities = [conflict.severity for conflict in found]
    assert severities == sorted(severities)
    assert set(severities) == {Severity.STOP, Severity.WARN}


async def test_a_repeated_wish_says_when(database: Database, clock: StandingClock) -> None:
    """Anna works today only: she is off on the days whose roster is in and does not have her."""
    async with database.write() as session:
        town, plan = await good(session, clock)
        bo = await make_staff(session, town, "Bo", "Ek")
        await make_shift(session, bo, "2026-12-02")
        wish = RuleWish(
            client_id=plan.client_id,
            channel=Channel.VIDEO,
            services=plan.services,
            at=time(14, 30),
            minutes=15,
            first_day=date(2026, 12, 1),
            last_day=date(2026, 12, 3),
            recurrence="FREQ=DAILY",
            staff_id=plan.staff[0],
        )
    async with database.read() as session:
        (conflict,) = await conflicts_of_wish(session, wish, clock)
    assert conflict.code == "worker_off"
    assert conflict.starts == (moment("2026-12-02 14:30"),)


async def test_a_rule_is_not_in_its_own_way(database: Database, clock: StandingClock) -> None:
    """Changing a rule's length does not clash with the rows it has made."""
    async with database.write() as session:
        _, plan = await good(session, clock)
        wish = RuleWish(
            client_id=plan.client_id,
            channel=Channel.VIDEO,
            services=plan.services,
            at=time(14, 30),
            minutes=15,
            first_day=date(2026, 12, 1),
            staff_id=plan.staff[0],
        )
        rule, _ = await create_rule(session, wish, clock=clock, hand=HAND)
    longer = replace(wish, minutes=20)
    async with database.read() as session:
        assert {c.code for c in await conflicts_of_wish(session, longer, clock)} == {
            "client_busy",
            "worker_busy",
        }
        assert await conflicts_of_wish(session, longer, clock, rule.id) == []


async def test_unknown_ids_are_no_crash(database: Database, clock: StandingClock) -> None:
    """A form may hold anything; saving says what is wrong."""
    async with database.write() as session:
        _, plan = await good(session, clock)
    assert await ask(database, replace(plan, client_id=new_id()), clock) == {}
    assert await ask(database, replace(plan, starts=[]), clock) == {}
    assert "has_lines" in await ask(database, replace(plan, services=[new_id()], staff=[new_id()]), clock)
    await ask(database, replace(plan, starts=[clock.now() + timedelta(days=4000)]), clock)
