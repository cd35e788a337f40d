"""The home a tablet stands in: whose it is, and when it stops being theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment, DeviceEnd
from care.errors import Fault, not_found
from care.ids import new_id
from care.outbox import announce
from care.tasks import Task, TaskKind, close_task, open_task, tell_task

#: A tablet stands in one home: a person alone, or two who live together.
MOST_CLIENTS = 2
#: Of a tablet that is gone: the calls that are named, and how soon somebody looks at them.
CALLS_AHEAD = timedelta(days=7)
SEE_TO_WITHIN = timedelta(hours=1)


async def clients_of(session: AsyncSession, device_id: UUID, now: datetime) -> list[Client]:
    """Whose home the tablet stands in right now, the first assigned first."""
    return list(
        await session.scalars(
            select(Client)
            .join(DeviceAssignment, DeviceAssignment.client_id == Client.id)
            .where(DeviceAssignment.device_id == device_id, *_current(now))
            .order_by(DeviceAssignment.start, DeviceAssignment.id)
        )
    )


async def tablets_of(session: AsyncSession, client_id: UUID, now: datetime) -> list[Device]:
    """The tablets in use in a client's home."""
    return list(
        await session.scalars(
            select(Device)
            .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
            .where(DeviceAssignment.client_id == client_id, Device.revoked_at.is_(None), *_current(now))
            .order_by(Device.id)
        )
    )


async def own_client(session: AsyncSession, device_id: UUID, client_id: UUID, now: datetime) -> Client:
    """The client, when the tablet stands in that home. Raises `Fault` ``not_found``."""
    for client in await clients_of(session, device_id, now):
        if client.id == client_id:
            return client
    raise not_found("person")


async def move_in(session: AsyncSession, device: Device, client: Client, now: datetime) -> None:
    """Let `client` be seen on the tablet too. Raises `Fault` ``tablet.full`` or ``tablet.group``."""
    here = await clients_of(session, device.id, now)
    if any(one.id == client.id for one in here):
        return
    if len(here) >= MOST_CLIENTS:
        raise Fault("tablet.full", "En surfplatta kan visas för högst två personer.", place="client")
    if here and here[0].group_id != client.group_id:
        raise Fault(
            "tablet.group", "De två som delar surfplatta måste ha samma hemtjänstgrupp.", place="client"
        )
    session.add(DeviceAssignment(id=new_id(), device_id=device.id, client_id=client.id, start=now))
    await session.flush()
    await _tell(session, device, [*here, client], now)


async def move_out(session: AsyncSession, device: Device, client_id: UUID, now: datetime) -> None:
    """Stop showing one of two. Raises `Fault` ``tablet.last`` for the last one: revoke instead."""
    here = await clients_of(session, device.id, now)
    if [one.id for one in here] == [client_id]:
        raise Fault("tablet.last", "Koppla bort surfplattan i stället.", status=409, place="client")
    await _end(session, device.id, now, client_id)
    await _tell(session, device, here, now)


async def revoke(
    session: AsyncSession,
    device: Device,
    now: datetime,
    *,
    why: DeviceEnd = DeviceEnd.OTHER,
    account_id: UUID | None = None,
) -> None:
    """The tablet belongs to nobody from now on. Doing it twice changes nothing.

    It erases its day and its key at once, or as soon as it has contact. A lost one, and one given back
    while calls are planned, is a task for the group.
    """
    if device.revoked_at is not None:
        return
    here = await clients_of(session, device.id, now)
    device.revoked_at, device.end_why, device.ended_by_id = now, why, account_id
    await _end(session, device.id, now)
    for task in await session.scalars(
        select(Task).where(Task.device_id == device.id, Task.closed_at.is_(None))
    ):
        await close_task(session, task, "tablet_revoked", at=now)
    await _see_to_gone(session, device, here, now)
    group_id, client_id = (here[0].group_id, here[0].id) if here else (None, None)
    await announce(session, now, "device.revoked", group_id=group_id, client_id=client_id, device=device.id)


async def note_erased(session: AsyncSession, device_id: UUID, now: datetime) -> None:
    """A tablet that is no longer in use has been told so: it erases its day and its key then and there."""
    device = await session.get(Device, device_id)
    if device is None or device.revoked_at is None or device.erased_at is not None:
        return
    device.erased_at = now
    await session.flush()
    for task in await session.scalars(
        select(Task).where(Task.device_id == device_id, Task.kind == TaskKind.TABLET_GONE)
    ):
        task.facts = {**task.facts, "erased": now.isoformat()}
        await session.flush()
        await tell_task(session, task, now)


async def _see_to_gone(session: AsyncSession, device: Device, here: Sequence[Client], now: datetime) -> None:
    """Somebody looks for a lost tablet, and at the calls that now have nowhere to ring."""
    if device.end_why not in {DeviceEnd.LOST, DeviceEnd.RETURNED} or not here:
        return
    alone = [one.id for one in here if not await tablets_of(session, one.id, now)]
    rows = await session.scalars(
        select(PlannedContact.id)
        .where(
            PlannedContact.client_id.in_(alone),
            PlannedContact.status.in_((Status.PLANNED, Status.DUE)),
            PlannedContact.channel.in_((Channel.VIDEO, Channel.PROMPT)),
            PlannedContact.start >= now - timedelta(hours=1),
            PlannedContact.start < now + CALLS_AHEAD,
        )
        .order_by(PlannedContact.start)
    )
    contacts = [str(one) for one in rows]
    if device.end_why is DeviceEnd.RETURNED and not contacts:
        return
    await open_task(
        session,
        TaskKind.TABLET_GONE,
        group_id=here[0].group_id,
        at=now,
        deadline=now + SEE_TO_WITHIN,
        once_key=f"{TaskKind.TABLET_GONE.value}:{device.id}",
        client_id=here[0].id,
        device_id=device.id,
        facts={"why": device.end_why.value, "device": device.label, "contacts": contacts},
    )


async def ask_for_test(session: AsyncSession, device: Device, now: datetime) -> None:
    """Ask the tablet to show its test screen, sound its chime and report its health."""
    here = await clients_of(session, device.id, now)
    await _tell(session, device, here, now, test=True)


async def _tell(
    session: AsyncSession, device: Device, here: Sequence[Client], now: datetime, **more: bool
) -> None:
    group_id, client_id = (here[0].group_id, here[0].id) if here else (None, None)
    await announce(
        session, now, "device.changed", group_id=group_id, client_id=client_id, device=device.id, **more
    )


async def _end(session: AsyncSession, device_id: UUID, now: datetime, client_id: UUID | None = None) -> None:
    rows = select(DeviceAssignment).where(DeviceAssignment.device_id == device_id, *_current(now))
    if client_id is not None:
        rows = rows.where(DeviceAssignment.client_id == client_id)
    for row in await session.scalars(rows):
        row.end = now
    await session.flush()


def _current(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DeviceAssignment.start <= now,
        or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
    )
