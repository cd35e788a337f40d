"""Asking for a path test: by a person who presses "Prova vägen nu", or by the night."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.ring import live_calls
from care.devices import Device
from care.ids import new_id
from care.outbox import announce
from care.path_tests import PathResult, PathTest
from care.storage.insert import insert_missing
from server.tablets.home import clients_of
from server.tablets.standing import is_on

#: A test that nobody ran within this time is over.
RUN_WITHIN = timedelta(minutes=2)


async def latest_test(session: AsyncSession, device_id: UUID) -> PathTest | None:
    """The latest test of the tablet, whatever came of it."""
    found: PathTest | None = await session.scalar(
        select(PathTest)
        .where(PathTest.device_id == device_id)
        .order_by(PathTest.asked_at.desc(), PathTest.id.desc())
        .limit(1)
    )
    return found


async def ask_for_path_test(
    session: AsyncSession, device: Device, now: datetime, *, account_id: UUID | None
) -> None:
    """Have the node that the tablet is connected to test the way; one test at a time.

    Without contact, and while a call goes on, the result is there at once.
    """
    latest = await latest_test(session, device.id)
    if latest is not None and latest.ended_at is None and now - latest.asked_at < RUN_WITHIN:
        return
    test = PathTest(id=new_id(), device_id=device.id, asked_at=now, asked_by_id=account_id, facts={})
    session.add(test)
    if not is_on(device, now):
        test.ended_at, test.result = now, PathResult.NO_CONTACT
    elif await live_calls(session, device_id=device.id):
        test.ended_at, test.result = now, PathResult.CALL_FIRST
    await session.flush()
    if test.ended_at is None:
        here = await clients_of(session, device.id, now)
        group_id, client_id = (here[0].group_id, here[0].id) if here else (None, None)
        await announce(
            session, now, "device.changed", group_id=group_id, client_id=client_id, device=device.id,
            path_test=test.id,
        )  # fmt: skip


async def claim_night(session: AsyncSession, device_id: UUID, once_key: str, now: datetime) -> UUID | None:
    """Make the test of a night, or None when another node has made it."""
    made = await insert_missing(
        session,
        PathTest,
        [{"id": new_id(), "device_id": device_id, "once_key": once_key, "asked_at": now, "facts": {}}],
    )
    return made.pop() if made else None


async def end_forgotten(session: AsyncSession, now: datetime) -> None:
    """Tests that nobody ran: the tablet had no contact, or the server stopped in the middle."""
    await session.execute(
        update(PathTest)
        .where(PathTest.ended_at.is_(None), PathTest.asked_at < now - RUN_WITHIN)
        .values(ended_at=now, result=PathResult.OURS)
        .execution_options(synchronize_session=False)
    )
