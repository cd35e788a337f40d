"""What a path test leads to: its row, and a task for the morning when a night's tests have failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.devices import Device
from care.localtime import at, to_wall
from care.outbox import announce
from care.path_tests import PathResult, PathTest
from care.tasks import Task, TaskKind, close_task, open_task, standing_task
from server.tablets.home import clients_of

#: A failed night is tried once more before anybody is told.
ATTEMPTS = 2
#: So many tablets without a way and none with one: then it is the server's own network.
OURS_FROM = 5
#: The night's results are compared over so long.
A_NIGHT = timedelta(hours=14)
#: When somebody should have seen to it.
MORNING = time(10)
WORKS, PART_OF_ALL = "path_works", "part_of_all"


async def note_result(
    session: AsyncSession, test_id: UUID, result: PathResult, facts: Mapping[str, Any], clock: Clock
) -> None:
    """Keep what came of a test. Passing closes the task about it; the last failure of a night makes one."""
    test = await session.get(PathTest, test_id)
    if test is None or test.ended_at is not None:
        return
    now = clock.now()
    test.ended_at, test.result, test.facts = now, result, dict(facts)
    await session.flush()
    device = await session.get_one(Device, test.device_id)
    here = await clients_of(session, device.id, now)
    if not here:
        return
    if result.is_well:
        for key in (_single_key(device.id), _all_key(here[0].group_id)):
            task = await standing_task(session, key)
            if task is not None:
                await close_task(session, task, WORKS, at=now)
    elif result.tells and attempt_of(test) == ATTEMPTS:
        await _tell_somebody(session, device, here[0], result, clock)
    await announce(
        session, now, "device.changed", group_id=here[0].group_id, client_id=here[0].id, device=device.id
    )


def attempt_of(test: PathTest) -> int:
    """Which try of its night it is, from 1; 0 when a person asked for it."""
    return int(test.once_key.rsplit(":", 1)[-1]) if test.once_key else 0


async def _tell_somebody(
    session: AsyncSession, device: Device, client: Client, result: PathResult, clock: Clock
) -> None:
    now = clock.now()
    if await _is_everybody(session, now):
        key = _all_key(client.group_id)
        singles = await session.scalars(
            select(Task).where(
                Task.group_id == client.group_id,
                Task.kind == TaskKind.TABLET_PATH,
                Task.device_id.is_not(None),
                Task.closed_at.is_(None),
            )
        )
        for single in singles.all():
            await close_task(session, single, PART_OF_ALL, at=now)
        await open_task(
            session, TaskKind.TABLET_PATH, group_id=client.group_id, at=now, deadline=_morning(clock),
            once_key=key, facts={"result": result.value, "all": True},
        )  # fmt: skip
        return
    await open_task(
        session, TaskKind.TABLET_PATH, group_id=client.group_id, at=now, deadline=_morning(clock),
        once_key=_single_key(device.id), client_id=client.id, device_id=device.id,
        facts={"result": result.value, "device": device.label},
    )  # fmt: skip


async def _is_everybody(session: AsyncSession, now: datetime) -> bool:
    """Whether no tablet found a way this night, of several: then no home is to be visited for it."""
    rows = await session.execute(
        select(PathTest.result, func.count(PathTest.device_id.distinct()))
        .where(
            PathTest.asked_at >= now - A_NIGHT, PathTest.once_key.is_not(None), PathTest.result.is_not(None)
        )
        .group_by(PathTest.result)
    )
    counts = {result: number for result, number in rows if result is not None}
    with_a_way = sum(
        number for result, number in counts.items() if result.tells and result not in _WITHOUT_WAY
    )
    return with_a_way == 0 and counts.get(PathResult.NO_PATH, 0) >= OURS_FROM


#: Results that say nothing about whether there is a way from a home to the server.
_WITHOUT_WAY = frozenset({PathResult.NO_PATH, PathResult.NO_CONTACT, PathResult.NO_ANSWER, PathResult.UNABLE})


def _morning(clock: Clock) -> datetime:
    """The next ten o'clock."""
    now = clock.now()
    today = to_wall(now, clock.zone).date()
    first = at(today, MORNING, clock.zone)
    return first if first > now else at(today + timedelta(days=1), MORNING, clock.zone)


def _single_key(device_id: UUID) -> str:
    return f"{TaskKind.TABLET_PATH.value}:{device_id}"


def _all_key(group_id: UUID) -> str:
    return f"{TaskKind.TABLET_PATH.value}:all:{group_id}"
