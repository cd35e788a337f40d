"""*device watch*: tablets that have fallen silent, one task each, or one for the whole area.

Five or more in one group that fell silent within the same quarter of an hour are a power cut or a dead mast,
not five chargers: one task says so (domain 6, scenario 6).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.facts import TABLET_SILENT_AFTER
from care.device_history import DeviceEventKind, note_event
from care.devices import Device, DeviceAssignment
from care.outbox import announce
from care.storage.database import Database
from care.tasks import Task, TaskKind, close_task, open_task, standing_task, tell_task
from scheduler.silent_area import coming, keep_up
from scheduler.ticks.presence import present_since

AREA_FROM = 5
SEE_TO_WITHIN = timedelta(hours=1)
#: Tablets ping at most this far apart, so silences of one cause begin this near each other.
_NEARLY = timedelta(minutes=2)
#: The outcomes of tasks that the tablets themselves close.
CAME_BACK = "came_back"
PART_OF_AREA = "part_of_area"

_heard = func.coalesce(Device.last_seen_at, Device.paired_at)


@dataclass(frozen=True, slots=True)
class _Silent:
    device_id: UUID
    label: str
    client_id: UUID
    group_id: UUID
    heard: datetime
    known: bool


async def device_watch(database: Database, clock: Clock) -> int:
    """Notice tablets that have fallen silent or come back; how many."""
    now = clock.now()
    async with database.read() as session:
        since = await present_since(session)
        # After an absence of our own, nobody could have been heard: everybody gets the time anew.
        listening = since is not None and now - since >= TABLET_SILENT_AFTER
        silent = await _silent(session, now) if listening else []
        fresh = any(not one.known and now - one.heard >= TABLET_SILENT_AFTER for one in silent)
        returned = await session.scalar(select(Device.id).where(*_returned(now)).limit(1)) is not None
        area = await session.scalar(_areas().with_only_columns(Task.id).limit(1))
    count = 0
    if returned:
        async with database.write() as session:
            count += await _welcome(session, now)
    if fresh:
        async with database.write() as session:
            count += await _notice(session, now)
    if area is not None or fresh:
        async with database.write() as session:
            for task in (await session.scalars(_areas().with_for_update())).all():
                count += await keep_up(session, task, now)
    return count


async def _silent(session: AsyncSession, now: datetime, *, lock: bool = False) -> list[_Silent]:
    """Paired tablets in homes that have been silent, or very nearly, for the whole time."""
    question = (
        select(Device.id, Device.label, Client.id, Client.group_id, _heard, Device.silent_since)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .where(
            Device.paired_at.is_not(None),
            Device.revoked_at.is_(None),
            DeviceAssignment.start <= now,
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
            _heard <= now - TABLET_SILENT_AFTER + _NEARLY,
        )
        .order_by(Device.id, DeviceAssignment.start)
    )
    if lock:
        question = question.with_for_update(of=Device)
    found: dict[UUID, _Silent] = {}
    for device_id, label, client_id, group_id, heard, known in await session.execute(question):
        # A tablet that two people share is one tablet.
        found.setdefault(device_id, _Silent(device_id, label, client_id, group_id, heard, known is not None))
    return list(found.values())


async def _notice(session: AsyncSession, now: datetime) -> int:
    groups: dict[UUID, list[_Silent]] = defaultdict(list)
    for one in await _silent(session, now, lock=True):
        groups[one.group_id].append(one)
    count = 0
    for group_id, silent in groups.items():
        fresh = [one for one in silent if not one.known and now - one.heard >= TABLET_SILENT_AFTER]
        if not fresh:
            continue
        together = _together(silent, fresh)
        area = await standing_task(session, _area_key(group_id))
        if area is not None or len(together) >= AREA_FROM:
            fresh = [one for one in together if not one.known]
            await _area(session, group_id, together, area, now)
        else:
            for one in fresh:
                await _single(session, one, now)
        await _mark(session, fresh, now)
        count += len(fresh)
    return count


def _together(silent: list[_Silent], fresh: list[_Silent]) -> list[_Silent]:
    """All that fell silent within a quarter of an hour of those that are newly so."""
    first = min(one.heard for one in fresh) - TABLET_SILENT_AFTER
    return [one for one in silent if one.heard >= first]


async def _single(session: AsyncSession, one: _Silent, now: datetime) -> None:
    await open_task(
        session,
        TaskKind.TABLET_SILENT,
        group_id=one.group_id,
        at=now,
        deadline=now + SEE_TO_WITHIN,
        once_key=_single_key(one.device_id),
        client_id=one.client_id,
        device_id=one.device_id,
        facts={
            "since": one.heard.isoformat(),
            "device": one.label,
            "contacts": await coming(session, one.client_id, now),
        },
    )


async def _area(
    session: AsyncSession, group_id: UUID, silent: list[_Silent], area: Task | None, now: datetime
) -> None:
    """One task for all; those that had tasks of their own are taken into it."""
    devices = sorted(str(one.device_id) for one in silent)
    if area is None:
        await open_task(
            session,
            TaskKind.AREA_SILENT,
            group_id=group_id,
            at=now,
            deadline=now + SEE_TO_WITHIN,
            once_key=_area_key(group_id),
            facts={"since": min(one.heard for one in silent).isoformat(), "devices": devices},
        )
    else:
        area.facts = {**area.facts, "devices": sorted({*area.facts["devices"], *devices})}
        await session.flush()
        await tell_task(session, area, now)
    for one in silent:
        own = await standing_task(session, _single_key(one.device_id))
        if own is not None:
            await close_task(session, own, PART_OF_AREA, at=now)


async def _mark(session: AsyncSession, silent: list[_Silent], now: datetime) -> None:
    await session.execute(
        update(Device)
        .where(Device.id.in_([one.device_id for one in silent]), Device.silent_since.is_(None))
        .values(silent_since=_heard)
        .execution_options(synchronize_session=False)
    )
    for one in silent:
        note_event(session, one.device_id, DeviceEventKind.SILENT, one.heard)
        await _tell(session, one.device_id, one.group_id, one.client_id, now)


def _returned(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Device.silent_since.is_not(None),
        or_(
            Device.revoked_at.is_not(None),
            (Device.last_seen_at > Device.silent_since) & (Device.last_seen_at > now - TABLET_SILENT_AFTER),
        ),
    )


async def _welcome(session: AsyncSession, now: datetime) -> int:
    """Tablets that are heard of again close their own tasks."""
    back = list(
        await session.scalars(
            update(Device)
            .where(*_returned(now))
            .values(silent_since=None)
            .returning(Device.id)
            .execution_options(synchronize_session=False)
        )
    )
    for device_id in back:
        note_event(session, device_id, DeviceEventKind.HEARD, now)
        own = await standing_task(session, _single_key(device_id))
        if own is not None:
            await close_task(session, own, CAME_BACK, at=now)
        home = (
            await session.execute(
                select(Client.group_id, Client.id)
                .join(DeviceAssignment, DeviceAssignment.client_id == Client.id)
                .where(DeviceAssignment.device_id == device_id)
                .order_by(DeviceAssignment.start.desc())
                .limit(1)
            )
        ).first()
        await _tell(session, device_id, home[0] if home else None, home[1] if home else None, now)
    if back:
        await _close_areas(session, now)
    return len(back)


async def _close_areas(session: AsyncSession, now: datetime) -> None:
    """An area is well again when none of its tablets is silent."""
    for area in (await session.scalars(_areas().with_for_update())).all():
        devices = [UUID(one) for one in area.facts["devices"]]
        silent = select(Device.id).where(Device.id.in_(devices), Device.silent_since.is_not(None)).limit(1)
        if await session.scalar(silent) is None:
            await close_task(session, area, CAME_BACK, at=now)


def _areas() -> Select[Task]:
    """The areas that are silent now."""
    return select(Task).where(Task.kind == TaskKind.AREA_SILENT, Task.closed_at.is_(None)).order_by(Task.id)


async def _tell(
    session: AsyncSession, device_id: UUID, group_id: UUID | None, client_id: UUID | None, now: datetime
) -> None:
    await announce(session, now, "device.changed", group_id=group_id, client_id=client_id, device=device_id)


def _single_key(device_id: UUID) -> str:
    return f"{TaskKind.TABLET_SILENT.value}:{device_id}"


def _area_key(group_id: UUID) -> str:
    return f"{TaskKind.AREA_SILENT.value}:{group_id}"
