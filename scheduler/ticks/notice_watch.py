"""*notice watch*: a changed plan that no screen has shown becomes "Ring och berätta".

One task for each client, however many changes; a tablet that shows them after all closes it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.notices import MINUTES_TO_SHOW, Notice
from care.storage.database import Database
from care.tasks import Task, TaskKind, close_task, open_task, standing_task, tell_task

TELL_WITHIN = timedelta(minutes=30)
SHOWN = "shown"


async def notice_watch(database: Database, clock: Clock) -> int:
    """Hand unseen notices over to people; how many clients' tasks were made, changed or closed."""
    now = clock.now()
    unseen = (
        Notice.shown_at.is_(None),
        Notice.told_at.is_(None),
        Notice.task_id.is_(None),
        Notice.made_at <= now - timedelta(minutes=MINUTES_TO_SHOW),
    )
    async with database.read() as session:
        late = await session.scalar(select(Notice.id).where(*unseen).limit(1)) is not None
        standing = await session.scalar(select(Task.id).where(*_STANDING).limit(1)) is not None
    count = 0
    if late:
        async with database.write() as session:
            notices = await session.scalars(
                select(Notice).where(*unseen).order_by(Notice.id).with_for_update(skip_locked=True)
            )
            count += await _hand_over(session, list(notices), now)
    if standing:
        async with database.write() as session:
            count += await _close_told(session, now)
    return count


_STANDING = (Task.kind == TaskKind.TELL_CLIENT, Task.closed_at.is_(None))


async def _hand_over(session: AsyncSession, notices: list[Notice], now: datetime) -> int:
    of_client: dict[UUID, list[Notice]] = defaultdict(list)
    for notice in notices:
        of_client[notice.client_id].append(notice)
    for client_id, own in of_client.items():
        key = f"{TaskKind.TELL_CLIENT.value}:{client_id}"
        task = await standing_task(session, key)
        if task is None:
            client = await session.get_one(Client, client_id)
            task = await open_task(
                session,
                TaskKind.TELL_CLIENT,
                group_id=client.group_id,
                at=now,
                deadline=now + TELL_WITHIN,
                once_key=key,
                client_id=client_id,
                contact_id=own[0].contact_id,
                change_id=own[0].change_id,
                facts={"notices": []},
            )
            # Another node may have made it in this very moment: then it stands now.
            task = task or await standing_task(session, key)
            if task is None:
                continue
        task.facts = {**task.facts, "notices": [*task.facts["notices"], *(str(one.id) for one in own)]}
        for notice in own:
            notice.task_id = task.id
        await session.flush()
        await tell_task(session, task, now)
    return len(of_client)


async def _close_told(session: AsyncSession, now: datetime) -> int:
    """Close the tasks whose every notice has been shown or told since."""
    waiting = (
        select(Notice.id)
        .where(Notice.task_id == Task.id, Notice.shown_at.is_(None), Notice.told_at.is_(None))
        .exists()
    )
    done = await session.scalars(select(Task).where(*_STANDING, ~waiting).with_for_update(skip_locked=True))
    count = 0
    for task in list(done):
        await close_task(session, task, SHOWN, at=now)
        count += 1
    return count
