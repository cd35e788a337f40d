"""The night's path tests: each tablet once, in its own dark hours, spread so that no two homes are disturbed.

Nothing of it is seen or heard. A failure is tried once more later in the same night before anybody is told.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.devices import DeviceAssignment
from care.localtime import to_wall
from care.night import Night
from care.path_tests import PathTest
from server.background import ended
from server.calls.hub import HUB
from server.calls.tablet import near_tablets
from server.keys import CLOCK, DATABASE
from server.tablets.path_test.asking import claim_night, end_forgotten
from server.tablets.path_test.outcome import ATTEMPTS, attempt_of
from server.tablets.path_test.running import PATH_TESTS

log = logging.getLogger("samtid.tablets")

#: Seconds between two looks.
ROUND = 60.0
#: Somebody may still be up when the night begins, and the second try must fit in before it ends.
AFTER, BEFORE_END = timedelta(minutes=30), timedelta(minutes=90)
AGAIN_AFTER = timedelta(minutes=40)
_AT_ONCE = 900


def turn(device_id: UUID, start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """When in the night from `start` to `end` it is the turn of a tablet: another minute each night."""
    first, last = start + AFTER, end - BEFORE_END
    if last <= first:
        return start
    night = to_wall(start, zone).date().isoformat()
    known = hashlib.sha256(device_id.bytes + night.encode()).digest()
    return first + (last - first) * (int.from_bytes(known[:4], "big") / 2**32)


def attempt_now(now: datetime, due: datetime, made: Collection[PathTest]) -> int:
    """Which try of the night is due now; 0 when none is. `made` are the night's tests until now."""
    if now < due:
        return 0
    if not made:
        return 1
    last = max(made, key=attempt_of)
    is_over = last.ended_at is not None and now >= last.ended_at + AGAIN_AFTER
    failed = last.result is not None and not last.result.is_well
    return attempt_of(last) + 1 if is_over and failed and attempt_of(last) < ATTEMPTS else 0


class Nightly:
    """Looks each minute which tablets of this node have their turn."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="path tests of the night")

    async def stop(self) -> None:
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            try:
                await self.once()
            except Exception:
                log.exception("the night's path tests could not be looked after")

    async def once(self) -> int:
        """Begin the tests whose turn it is; how many."""
        now, hub, tests = self._app[CLOCK].now(), self._app[HUB], self._app[PATH_TESTS]
        zone = self._app[CLOCK].zone
        database = self._app[DATABASE]
        lines = {
            key: line
            for key, line in hub.tablets.items()
            if line.is_welcome and not line.in_call and not tests.is_going(key)
        }
        async with database.read() as session:
            forgotten = await session.scalar(select(PathTest.id).where(PathTest.ended_at.is_(None)).limit(1))
            wanted = await self._wanted(session, list(lines), now, zone)
        if forgotten is not None:
            async with database.write() as session:
                await end_forgotten(session, now)
        for device_id, once_key in wanted.items():
            async with database.write() as session:
                test = await claim_night(session, device_id, once_key, now)
            if test is not None:
                tests.begin(lines[device_id], test)
        return len(wanted)

    async def _wanted(
        self, session: AsyncSession, devices: list[UUID], now: datetime, zone: ZoneInfo
    ) -> dict[UUID, str]:
        """Tablet → key of the test that is due."""
        due = {
            device_id: (night, at)
            for device_id, night in (await _nights(session, devices, now, zone)).items()
            if (at := turn(device_id, *night, zone)) <= now
        }
        if not due:
            return {}
        near = await near_tablets(session, now)
        made = await _made(session, list(due), now)
        wanted = {}
        for device_id, ((start, _), at) in due.items():
            own = [one for one in made.get(device_id, []) if one.asked_at >= start]
            attempt = attempt_now(now, at, own)
            # A row within ten minutes: the line is needed for something better.
            if attempt and device_id not in near:
                night = to_wall(start, zone).date().isoformat()
                wanted[device_id] = f"{device_id}:{night}:{attempt}"
        return wanted


async def _nights(
    session: AsyncSession, devices: list[UUID], now: datetime, zone: ZoneInfo
) -> dict[UUID, tuple[datetime, datetime]]:
    """The nights that it is just now, by tablet."""
    homes: dict[UUID, list[Client]] = defaultdict(list)
    for first in range(0, len(devices), _AT_ONCE):
        rows = await session.execute(
            select(DeviceAssignment.device_id, Client)
            .join(Client, Client.id == DeviceAssignment.client_id)
            .where(
                DeviceAssignment.device_id.in_(devices[first : first + _AT_ONCE]),
                DeviceAssignment.start <= now,
                or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
            )
        )
        for device_id, client in rows:
            homes[device_id].append(client)
    nights = {device_id: Night.of(home).around(now, zone) for device_id, home in homes.items()}
    return {device_id: night for device_id, night in nights.items() if night is not None}


async def _made(session: AsyncSession, devices: list[UUID], now: datetime) -> dict[UUID, list[PathTest]]:
    """The tests of the last day that the night has made, by tablet."""
    found: dict[UUID, list[PathTest]] = defaultdict(list)
    for first in range(0, len(devices), _AT_ONCE):
        rows = await session.scalars(
            select(PathTest).where(
                PathTest.device_id.in_(devices[first : first + _AT_ONCE]),
                PathTest.asked_at >= now - timedelta(days=1),
                PathTest.once_key.is_not(None),
            )
        )
        for one in rows:
            found[one.device_id].append(one)
    return found


NIGHTLY = web.AppKey("path_tests_nightly", Nightly)


def setup(app: web.Application) -> None:
    app[NIGHTLY] = Nightly(app)
    app.cleanup_ctx.append(_run)


async def _run(app: web.Application) -> AsyncIterator[None]:
    app[NIGHTLY].start()
    yield
    await app[NIGHTLY].stop()
