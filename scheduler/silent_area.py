"""The rows of homes whose tablets fell silent together: what nobody knows, and what may need a car.

Telephones may be as dead as tablets there (domain 6, scenario 6). So every call and reminder that should have
begun is *unknown*, never done, and those that somebody's safety hangs on stand in the area's task until they
have ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call
from care.clients import Client
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.devices import Device, DeviceAssignment
from care.ids import read_id
from care.services import Priority
from care.tasks import Task, tell_task

HAND = Hand("tick.device_watch")
#: Rows so far ahead are thought of now: a crew needs time to get there.
AHEAD = timedelta(hours=4)
#: Of a single silent tablet: the calls of so long are put on the telephone.
COMING = timedelta(hours=24)
#: What should have begun when the silence was noticed.
BEFORE = timedelta(minutes=15)
#: How soon somebody says what became of a row that nobody knows of.
ANSWER_WITHIN = timedelta(minutes=10)
#: All that goes through the air.
_DIGITAL = [one for one in Channel if one is not Channel.PHYSICAL]
#: What happens, or does not, without anybody of ours pressing a button elsewhere.
_ON_THE_LINE = frozenset({Channel.VIDEO, Channel.PROMPT, Channel.CAMERA_CHECK, Channel.DEVICE})
_OPEN = (Status.PLANNED, Status.DUE, Status.AWAITING, Status.UNKNOWN)
_SAFETY = [one for one in Priority if one.is_safety]
#: In `Task.facts`: rows that may need a car, and how many tablets are silent in which place.
CONTACTS, PLACES = "contacts", "places"


async def keep_up(session: AsyncSession, task: Task, now: datetime) -> int:
    """Bring the rows of a silent area up to date; how many became *unknown*."""
    since = datetime.fromisoformat(str(task.facts["since"]))
    homes = await _homes(session, task, now)
    silent = {client.id for client in await _homes(session, task, now, still_silent=True)}
    rows = list(
        await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.client_id.in_({client.id for client in homes}),
                PlannedContact.channel.in_(_DIGITAL),
                PlannedContact.status.in_(_OPEN),
                PlannedContact.start >= since - BEFORE,
                PlannedContact.start <= now + AHEAD,
            )
            .order_by(PlannedContact.start, PlannedContact.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    tried = await _tried(session, [row.id for row in rows])
    count = 0
    for row in rows:
        # A tablet that is back may be rung, however long the last one of the area stays away.
        is_lost = (
            row.client_id in silent
            and row.channel in _ON_THE_LINE
            and row.start <= now
            and row.id not in tried
        )
        if is_lost and row.status in (Status.PLANNED, Status.DUE):
            await step(
                session, row, Status.UNKNOWN, at=now, hand=HAND, cause=Cause.NETWORK_AWAY,
                deadline=now + ANSWER_WITHIN,
            )  # fmt: skip
            count += 1
    contacts = [str(row.id) for row in rows if row.priority in _SAFETY]
    places = Counter(client.place for client in homes if client.place and not client.is_protected)
    facts = {**task.facts, CONTACTS: contacts, PLACES: dict(sorted(places.items()))}
    if facts != task.facts:
        task.facts = facts
        await session.flush()
        await tell_task(session, task, now)
    return count


async def coming(session: AsyncSession, client_id: UUID, now: datetime) -> list[str]:
    """The ids of a client's next calls and reminders, which need a telephone while the tablet is silent."""
    rows = await session.scalars(
        select(PlannedContact.id)
        .where(
            PlannedContact.client_id == client_id,
            PlannedContact.channel.in_((Channel.VIDEO, Channel.PROMPT)),
            PlannedContact.status.in_((Status.PLANNED, Status.DUE)),
            PlannedContact.start >= now - BEFORE,
            PlannedContact.start <= now + COMING,
        )
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    return [str(one) for one in rows]


async def _homes(
    session: AsyncSession, task: Task, now: datetime, *, still_silent: bool = False
) -> list[Client]:
    devices = [key for text in task.facts.get("devices", []) if (key := read_id(str(text)))]
    found = await session.scalars(
        select(Client)
        .join(DeviceAssignment, DeviceAssignment.client_id == Client.id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(
            Device.silent_since.is_not(None) if still_silent else true(),
            DeviceAssignment.device_id.in_(devices),
            DeviceAssignment.start <= now,
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
        )
        .order_by(Client.id)
    )
    return list(found.unique())


async def _tried(session: AsyncSession, contacts: Collection[UUID]) -> set[UUID]:
    """Those that somebody has rung: what came of that is known, and goes its own way."""
    return set(await session.scalars(select(Call.contact_id).where(Call.contact_id.in_(contacts))))
