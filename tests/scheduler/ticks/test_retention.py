"""What was to be kept for a short time only is gone when its time is over, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from care.accounts import SignIn
from care.calls.call import Call, CallQuality, CallRole
from care.clock import StandingClock
from care.devices import Pairing
from care.ids import new_id
from care.outbox import OutboxEvent, announce, last_number
from care.pulse import ClientPulse, ClientPulseAsked, Face, StaffPulseAsked
from care.storage.database import Database
from scheduler.ticks.retention import retention
from tests.builders import make_account, make_client, make_staff, make_town


async def count(database: Database, table: type) -> int:
    async with database.read() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


async def test_that_somebody_was_asked_is_forgotten_the_next_day(
    database: Database, clock: StandingClock
) -> None:
    """Who was asked today is remembered today; the answers, which name nobody, stay."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        anna = await make_staff(session, town)
        session.add(ClientPulseAsked(client_id=client.id, date=clock.today()))
        session.add(StaffPulseAsked(staff_id=anna.id, date=clock.today()))
        session.add(ClientPulse(group_id=town.group.id, date=clock.today(), face=Face.HAPPY))
    assert await retention(database, clock) == 0
    clock.move(timedelta(hours=24))
    assert await retention(database, clock) == 2
    assert await count(database, ClientPulseAsked) == await count(database, StaffPulseAsked) == 0
    assert await count(database, ClientPulse) == 1


async def test_old_sessions_invitations_and_facts_are_removed(
    database: Database, clock: StandingClock
) -> None:
    """Ended sessions after a month, unused invitations after a day, facts after a week; numbers go on."""
    now = clock.now()
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        account = await make_account(session)
        for name, expires, revoked in (
            ("live", now + timedelta(days=1), None),
            ("just ended", now - timedelta(days=1), None),
            ("old", now - timedelta(days=31), None),
            ("revoked", now + timedelta(days=1), now - timedelta(days=31)),
        ):
            session.add(
                SignIn(
                    id=new_id(), account_id=account.id, token_hash=name, created_at=now, last_seen_at=now,
                    expires_at=expires, revoked_at=revoked,
                )
            )  # fmt: skip
        invitations: list[tuple[datetime | None, datetime | None]] = [
            (now + timedelta(minutes=5), None),
            (now - timedelta(days=2), None),
            (now - timedelta(days=2), now - timedelta(days=2)),
            (None, None),
        ]
        for invited_until, used in invitations:
            session.add(
                Pairing(
                    id=new_id(), client_id=client.id, secret_hash="s", code_hash="c", created_at=now,
                    expires_at=invited_until, used_at=used,
                )
            )  # fmt: skip
        await announce(session, now - timedelta(days=8), "old")
        await announce(session, now, "new")
    assert await retention(database, clock) == 4
    async with database.read() as session:
        assert set(await session.scalars(select(SignIn.token_hash))) == {"live", "just ended"}
        assert list(await session.scalars(select(OutboxEvent.topic))) == ["new"]
        assert await last_number(session) == 2
    assert await count(database, Pairing) == 3


async def test_how_calls_went_over_the_network_is_kept_for_ninety_days(
    database: Database, clock: StandingClock
) -> None:
    """The figures go; that there was a call stays."""
    async with database.write() as session:
        for days in (91, 89):
            call = Call(id=new_id(), rung_at=clock.now() - timedelta(days=days))
            session.add(call)
            await session.flush()
            session.add(CallQuality(id=new_id(), call_id=call.id, role=CallRole.WORKER, loss_percent=1.0))
    assert await retention(database, clock) == 1
    assert await count(database, CallQuality) == 1
    assert await count(database, Call) == 2
