"""Tablets that were silent on their own, while the system was there: from when to when, with their calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.devices import Device, DeviceAssignment
from care.ids import read_id
from care.tasks import Task, TaskKind
from scheduler.outages import SHOWN
from scheduler.ticks.device_watch import PART_OF_AREA

#: What needs the tablet in the home.
_ON_THE_TABLET = (Channel.VIDEO, Channel.PROMPT, Channel.CAMERA_CHECK)


@dataclass(slots=True)
class Silence:
    """One tablet that was not heard of; `end` is None while it is silent still."""

    label: str
    client: Client
    start: datetime
    end: datetime | None
    #: Calls and reminders of that time, with their clients.
    rows: list[PlannedContact] = field(default_factory=list)


async def silences(session: AsyncSession, group_ids: list[UUID], now: datetime) -> list[Silence]:
    """Those of the last week and those that are silent still; the latest first."""
    tasks = await session.scalars(
        select(Task).where(
            Task.group_id.in_(group_ids),
            Task.kind.in_([TaskKind.TABLET_SILENT, TaskKind.AREA_SILENT]),
            # Taken into the area's: told of there.
            or_(Task.outcome.is_(None), Task.outcome != PART_OF_AREA),
            or_(Task.closed_at.is_(None), Task.created_at >= now - SHOWN),
        )
    )
    found: list[Silence] = []
    for task in tasks:
        found += await _of(session, task, now)
    return sorted(found, key=lambda one: (one.start, one.label), reverse=True)


async def _of(session: AsyncSession, task: Task, now: datetime) -> list[Silence]:
    try:
        start = datetime.fromisoformat(str(task.facts.get("since")))
    except ValueError:
        return []
    devices = [task.device_id] if task.device_id else _devices(task)
    end = task.closed_at
    homes = await session.execute(
        select(Device.label, Client)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .where(
            Device.id.in_(devices),
            DeviceAssignment.start <= (end or now),
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > start),
        )
        .order_by(Device.label, DeviceAssignment.start)
    )
    found = [Silence(label, client, start, end) for label, client in homes]
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            PlannedContact.client_id.in_([one.client.id for one in found]),
            PlannedContact.channel.in_(_ON_THE_TABLET),
            PlannedContact.start.between(start - timedelta(minutes=1), end or now),
        )
        .options(selectinload(PlannedContact.client))
        .order_by(PlannedContact.start)
    )
    by_client: dict[UUID, list[PlannedContact]] = {}
    for row in rows:
        by_client.setdefault(row.client_id, []).append(row)
    for one in found:
        one.rows = by_client.get(one.client.id, [])
    return found


def _devices(task: Task) -> list[UUID]:
    return [key for text in task.facts.get("devices", []) if (key := read_id(str(text)))]
