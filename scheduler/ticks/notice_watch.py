"""*notice watch*: a changed plan that no screen has shown becomes "Ring och berätta".

One task for each client, however many changes; a tablet that shows them after all closes it. A screen that is
dark at night has not failed: see `care.notices.hand_over_at`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.clients import Client
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.devices import Device, DeviceAssignment
from care.disruptions import Change
from care.night import Night
from care.notices import TO_SHOW, Notice, hand_over_at
from care.storage.database import Database
from care.tasks import Task, TaskKind, close_task, open_task, standing_task, tell_task

TELL_WITHIN = timedelta(minutes=30)
SHOWN = "shown"
_UNSEEN = (Notice.shown_at.is_(None), Notice.told_at.is_(None), Notice.task_id.is_(None))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A notice that no screen has shown, and what decides how long it may wait."""

    id: UUID
    client_id: UUID
    made_at: datetime
    #: The first moment at which the client would notice the change.
    starts: datetime


async def notice_watch(database: Database, clock: Clock) -> int:
    """Hand unseen notices over to people; how many clients' tasks were made, changed or closed."""
    now = clock.now()
    async with database.read() as session:
        late = await _late(session, now, clock.zone)
        standing = await session.scalar(select(Task.id).where(*_STANDING).limit(1)) is not None
    count = 0
    if late:
        async with database.write() as session:
            notices = await session.scalars(
                select(Notice)
                .where(*_UNSEEN, Notice.id.in_(late))
                .order_by(Notice.id)
                .with_for_update(skip_locked=True)
            )
            count += await _hand_over(session, list(notices), late, now)
    if standing:
        async with database.write() as session:
            count += await _close_told(session, now)
    return count


async def _late(session: AsyncSession, now: datetime, zone: ZoneInfo) -> dict[UUID, datetime]:
    """The notices that people take over now → when the client must have been told.

    One call tells everything: what a client has not seen goes along when one of it cannot wait.
    """
    of_client: dict[UUID, list[_Waiting]] = defaultdict(list)
    for one in await _unseen(session, now):
        of_client[one.client_id].append(one)
    homes = await _homes(session, of_client.keys(), now)
    late: dict[UUID, datetime] = {}
    for client_id, waiting in of_client.items():
        home = homes[client_id]
        # Where there is no screen, nothing is to be waited for; only the call itself waits for the morning.
        if home.has_tablet and not any(
            hand_over_at(one.made_at, one.starts, home.night, zone) <= now for one in waiting
        ):
            continue
        awake = home.night.over(now, zone)
        for one in waiting:
            deadline = awake + TELL_WITHIN
            late[one.id] = min(deadline, one.starts) if one.starts > now else min(deadline, now + TELL_WITHIN)
    return late


async def _unseen(session: AsyncSession, now: datetime) -> list[_Waiting]:
    rows = await session.execute(
        select(Notice.id, Notice.client_id, Notice.made_at, PlannedContact.start, Change.before)
        .join(PlannedContact, PlannedContact.id == Notice.contact_id)
        .outerjoin(Change, Change.id == Notice.change_id)
        .where(*_UNSEEN, Notice.made_at <= now - TO_SHOW)
    )
    return [
        _Waiting(
            notice_id,
            client_id,
            made_at,
            min(start, datetime.fromisoformat(before["start"])) if before and before.get("start") else start,
        )
        for notice_id, client_id, made_at, start, before in rows
    ]


@dataclass(frozen=True, slots=True)
class _Home:
    night: Night
    has_tablet: bool


async def _homes(session: AsyncSession, client_ids: Collection[UUID], now: datetime) -> dict[UUID, _Home]:
    """The night of each client: of everybody who shares the tablet, for it is dark when both sleep."""
    if not client_ids:
        return {}
    standing = (
        DeviceAssignment.start <= now,
        or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
    )
    own = aliased(DeviceAssignment)
    shared = await session.execute(
        select(own.client_id, Client)
        .join(Device, Device.id == own.device_id)
        .join(DeviceAssignment, DeviceAssignment.device_id == own.device_id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .where(
            own.client_id.in_(client_ids),
            own.start <= now,
            or_(own.end.is_(None), own.end > now),
            *standing,
            Device.revoked_at.is_(None),
            Device.paired_at.is_not(None),
        )
    )
    there: dict[UUID, list[Client]] = defaultdict(list)
    for client_id, client in shared:
        there[client_id].append(client)
    alone = await session.scalars(select(Client).where(Client.id.in_(set(client_ids) - there.keys())))
    homes = {client.id: _Home(Night.of([client]), False) for client in alone}
    return homes | {client_id: _Home(Night.of(home), True) for client_id, home in there.items()}


_STANDING = (Task.kind == TaskKind.TELL_CLIENT, Task.closed_at.is_(None))


async def _hand_over(
    session: AsyncSession, notices: list[Notice], deadlines: Mapping[UUID, datetime], now: datetime
) -> int:
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
                deadline=min(deadlines[one.id] for one in own),
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
