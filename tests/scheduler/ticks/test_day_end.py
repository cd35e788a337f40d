"""When the day is over: what could wait is missed, safety stays open, what nobody knows is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Account, Role, SignIn
from care.clock import StandingClock
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.outbox import OutboxEvent
from care.programs import AccessToken
from care.storage.database import Database
from scheduler.ticks.day_end import day_end
from scheduler.ticks.due import due
from scheduler.ticks.presence import presence
from tests.builders import make_account, make_client, make_contact, make_town, moment


async def rows(database: Database, *specs: dict[str, Any]) -> list[PlannedContact]:
    made = []
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        for spec in specs:
            given = {"code": "HE-STA", "start": "2026-12-01 13:00", "status": Status.DUE, **spec}
            made.append(
                await make_contact(
                    session, client, town.services[given.pop("code")], given.pop("start"), **given
                )
            )
    return made


async def read(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


@pytest.mark.parametrize("status", [Status.DUE, Status.AWAITING], ids=lambda s: s.value)
async def test_a_cleaning_that_never_began_is_missed(
    database: Database, clock: StandingClock, status: Status
) -> None:
    """After midnight, with its cause; by the state machine it has stood before a person first."""
    (row,) = await rows(database, {"status": status})
    clock.set(moment("2026-12-01 23:59"))
    assert await day_end(database, clock) == 0
    clock.set(moment("2026-12-02 00:00"))
    assert await day_end(database, clock) == 1
    after = await read(database, row)
    assert (after.status, after.cause, after.deadline) == (Status.MISSED, "not_started", None)
    async with database.read() as session:
        steps = [
            (line.status_before, line.status_after)
            for line in await session.scalars(select(ContactHistory).order_by(ContactHistory.id))
        ]
    assert steps == [("due", "awaiting"), ("awaiting", "missed")][0 if status is Status.DUE else 1 :]
    assert await day_end(database, clock) == 0


async def test_a_known_cause_is_kept(database: Database, clock: StandingClock) -> None:
    """A social call that nobody answered is missed because of that."""
    (row,) = await rows(database, {"code": "SO-SAM", "status": Status.AWAITING, "cause": "no_answer"})
    clock.set(moment("2026-12-02 00:00"))
    await day_end(database, clock)
    assert (await read(database, row)).cause == "no_answer"


async def test_safety_rows_stay_open(database: Database, clock: StandingClock) -> None:
    """P1 and P2 are closed by a person and by nobody else, however long it takes."""
    made = await rows(
        database,
        {"code": "PV-MOR"},
        {"code": "TI-DAG", "status": Status.AWAITING},
        {"code": "TI-DAG", "status": Status.UNKNOWN},
    )
    clock.move(timedelta(days=30))
    assert await day_end(database, clock) == 0
    assert [(await read(database, row)).status for row in made] == [row.status for row in made]


async def test_what_has_begun_or_still_may_is_left(database: Database, clock: StandingClock) -> None:
    """Under way, begun, or with a window into the new day."""
    made = await rows(
        database,
        {"status": Status.UNDERWAY},
        {"actual_start": moment("2026-12-01 13:05"), "status": Status.AWAITING},
        {"start": "2026-12-01 23:50"},
        {"start": "2026-12-02 13:00"},
    )
    clock.set(moment("2026-12-02 00:05"))
    assert await day_end(database, clock) == 0
    assert [(await read(database, row)).status for row in made] == [row.status for row in made]


async def test_what_fell_into_an_absence_of_the_system_is_unknown(
    database: Database, clock: StandingClock
) -> None:
    """Nobody could have entered it: it is not missed in silence, a person must say what became of it."""
    during, before = await rows(
        database,
        {"start": "2026-12-01 13:00", "status": Status.PLANNED},
        {"start": "2026-12-01 10:00", "status": Status.PLANNED},
    )
    clock.set(moment("2026-12-01 12:00"))
    await presence(database, clock)
    await due(database, clock)
    clock.set(moment("2026-12-02 03:00"))
    await presence(database, clock)
    await due(database, clock)
    await day_end(database, clock)
    lost = await read(database, during)
    assert (lost.status, lost.cause) == (Status.UNKNOWN, "system_was_away")
    assert lost.deadline is not None
    assert (await read(database, before)).status is Status.MISSED


async def test_who_had_their_last_day_is_signed_out_at_midnight(
    database: Database, clock: StandingClock
) -> None:
    """Sessions and tokens end and who listens is told, once, at the local midnight in winter and summer."""
    for last, night in (("2026-12-01", "2026-12-02 00:00"), ("2027-07-01", "2027-07-02 00:00")):
        clock.set(moment(f"{last} 12:00"))
        async with database.write() as session:
            account = await make_account(session, None, f"siv{last}")
            account.last_day = clock.today()
            stays = await make_account(session, None, f"bo{last}")
            for one in (account, stays):
                session.add_all(held(one, clock.now()))
        clock.set(moment(night) - timedelta(seconds=1))
        assert await day_end(database, clock) == 0
        clock.set(moment(night))
        assert await day_end(database, clock) == 1
        assert await day_end(database, clock) == 0
        async with database.read() as session:
            for who, ended in ((account, moment(night)), (stays, None)):
                signed_in = select(SignIn.revoked_at).where(SignIn.account_id == who.id)
                speaks = select(AccessToken.revoked_at).where(AccessToken.account_id == who.id)
                found = [*await session.scalars(signed_in), *await session.scalars(speaks)]
                assert found == [ended, ended]
            told = await session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "account.changed"))
            assert [one.payload for one in told].count({"account": str(account.id)}) == 1


def held(account: Account, now: datetime) -> list[SignIn | AccessToken]:
    """An open session and a token, both good for long."""
    later = now + timedelta(days=300)
    return [
        SignIn(
            id=new_id(), account_id=account.id, token_hash=f"s{account.id.hex}", created_at=now,
            last_seen_at=now, expires_at=later,
        ),
        AccessToken(
            id=new_id(), account_id=account.id, name="Planeringen", token_hash=account.id.hex,
            role=Role.COORDINATOR, actions=["plan.read"], created_at=now, expires_at=later,
        ),
    ]  # fmt: skip
