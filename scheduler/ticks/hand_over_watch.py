"""*hand-over watch*: nothing open belongs to somebody who has gone home (`scheduler.handing_over`)."""

from __future__ import annotations

from care.clock import Clock
from care.storage.database import Database
from scheduler.handing_over import (
    fetch_from_queue,
    hand_on,
    has_work,
    name_receivers,
    open_things,
    queue_unanswered,
    read_people,
)


async def hand_over_watch(database: Database, clock: Clock) -> int:
    """Name receivers, hand on, and queue what nobody took; how many things were touched."""
    async with database.read() as session:
        things = await open_things(session)
        if not await has_work(session, things, await read_people(session, things, clock), clock):
            return 0
    async with database.write() as session:
        things = await open_things(session)
        people = await read_people(session, things, clock)
        count = await name_receivers(session, things, people, clock)
        count += await hand_on(session, things, people, clock)
        count += await queue_unanswered(session, things, people, clock)
        count += await fetch_from_queue(session, things, people, clock)
    return count
