"""All tablets of one's groups at once: how each stands, what is open about it, its latest good call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.calls.call import Call, CallParticipant, CallQuality, CallRole
from care.calls.life import Cause
from care.clients import Client
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.municipality import Group
from care.path_tests import PathResult, PathTest
from care.sorting import swedish
from care.tasks import Task, TaskKind
from scheduler.ticks.presence import present_since
from server.security.actor import Actor
from server.security.relation import listed
from server.tablets.standing import Standing, stand

#: So far back a good call still says something about a tablet.
CALLS_BACK = timedelta(days=14)
#: A test of the way says something about it for so long.
PATH_HOLDS = timedelta(days=7)
#: Values in one question.
_AT_ONCE = 900
#: Tests that say nothing about the tablet.
_TELLING = [one for one in PathResult if one.tells]


@dataclass(slots=True)
class Row:
    """One tablet of the fleet."""

    device: Device
    clients: list[Client]
    group: str
    standing: Standing
    #: The most urgent open task about it.
    task: Task | None = None
    #: When the latest call on it that ended as it should did so.
    good_call: datetime | None = None
    path: PathResult | None = None

    @property
    def names(self) -> list[str]:
        return [client.short_name for client in self.clients]

    @property
    def phone(self) -> str | None:
        """A number to the home; none of a protected identity stands in a list."""
        return next((one.phone for one in self.clients if one.phone and not one.is_protected), None)

    @property
    def battery(self) -> int | None:
        """Per cent; None when the page does not know."""
        known = self.device.health.get("battery")
        return round(known["level"] * 100) if known else None


@dataclass(slots=True)
class Fleet:
    rows: list[Row] = field(default_factory=list)

    def count(self, *standings: Standing) -> int:
        return sum(row.standing in standings for row in self.rows)

    @property
    def unwell(self) -> int:
        return sum(row.standing.needs_somebody for row in self.rows)


async def tablet_homes(session: AsyncSession, who: Actor, now: datetime) -> list[tuple[Device, Client, str]]:
    """Every tablet in use of one's groups with each person it is for, and the group's name."""
    found = await session.execute(
        select(Device, Client, Group.name)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .join(Group, Group.id == Client.group_id)
        .where(
            Device.revoked_at.is_(None),
            DeviceAssignment.start <= now,
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
            listed(who, Action.DEVICE_READ),
        )
        .order_by(DeviceAssignment.start, DeviceAssignment.id)
    )
    return [(device, client, group) for device, client, group in found]


async def gather_fleet(
    session: AsyncSession, homes: Sequence[tuple[Device, Client, str]], now: datetime
) -> Fleet:
    """Those of `homes`, the worst first, by group and name."""
    by_device: dict[UUID, list[tuple[Device, Client, str]]] = defaultdict(list)
    for home in homes:
        by_device[home[0].id].append(home)
    since = await present_since(session)
    paths = await latest_paths(session, by_device.keys(), now)
    tasks = await _tasks(session, by_device.keys())
    calls = await good_calls(session, {client.id for _, client, _ in homes}, now)
    rows = []
    for device_id, found in by_device.items():
        device, clients = found[0][0], [client for _, client, _ in found]
        path = paths.get(device_id)
        times = [at for client in clients if (at := calls.get(client.id)) is not None]
        rows.append(
            Row(
                device, clients, found[0][2], stand(device, now, present_since=since, path=path),
                tasks.get(device_id), max(times, default=None), path,
            )
        )  # fmt: skip
    rows.sort(key=lambda row: (row.standing.rank, row.group, swedish(row.names[0])))
    return Fleet(rows)


async def latest_paths(
    session: AsyncSession, devices: Collection[UUID], now: datetime
) -> dict[UUID, PathResult]:
    """The latest test of each that tells anything about the tablet."""
    found: dict[UUID, PathResult] = {}
    for ids in _portions(devices):
        rows = await session.execute(
            select(PathTest.device_id, PathTest.result)
            .where(
                PathTest.device_id.in_(ids),
                PathTest.asked_at >= now - PATH_HOLDS,
                PathTest.result.in_(_TELLING),
            )
            .order_by(PathTest.asked_at)
        )
        found.update({device_id: result for device_id, result in rows if result is not None})
    return found


async def _tasks(session: AsyncSession, devices: Collection[UUID]) -> dict[UUID, Task]:
    """The most urgent open task of each; of a silent area that of the area."""
    found: dict[UUID, Task] = {}
    open_ones = await session.scalars(
        select(Task)
        .where(Task.closed_at.is_(None), or_(Task.device_id.is_not(None), Task.kind == TaskKind.AREA_SILENT))
        .order_by(Task.deadline.desc())
    )
    wanted = {str(one): one for one in devices}
    for task in open_ones:
        if task.device_id is not None:
            found[task.device_id] = task
        else:
            for text in task.facts.get("devices", []):
                if text in wanted:
                    found[wanted[text]] = task
    return found


async def good_calls(session: AsyncSession, clients: Collection[UUID], now: datetime) -> dict[UUID, datetime]:
    """When each client's latest call that ended as it should did so, of the last fortnight."""
    found: dict[UUID, datetime] = {}
    for ids in _portions(clients):
        rows = await session.execute(
            select(CallParticipant.client_id, func.max(Call.ended_at))
            .join(Call, Call.id == CallParticipant.call_id)
            .where(CallParticipant.client_id.in_(ids), *was_good(now))
            .group_by(CallParticipant.client_id)
        )
        found.update({one: ended for one, ended in rows if one is not None and ended is not None})
    return found


@dataclass(frozen=True, slots=True)
class GoodCall:
    """The latest call that went as it should, and how it was on its worse side."""

    ended_at: datetime
    #: Milliseconds, per cent and number; None when nobody measured.
    round_trip_ms: float | None
    loss_percent: float | None
    freezes: int | None


async def latest_good_call(
    session: AsyncSession, clients: Collection[UUID], now: datetime
) -> GoodCall | None:
    """The latest good call with one of `clients` of the last fortnight, with its figures."""
    call = await session.scalar(
        select(Call)
        .join(CallParticipant, CallParticipant.call_id == Call.id)
        .where(CallParticipant.client_id.in_(clients), *was_good(now))
        .order_by(Call.ended_at.desc())
        .limit(1)
    )
    if call is None or call.ended_at is None:
        return None
    sides = list(await session.scalars(select(CallQuality).where(CallQuality.call_id == call.id)))
    return GoodCall(
        call.ended_at,
        max((one.round_trip_ms for one in sides if one.round_trip_ms is not None), default=None),
        max((one.loss_percent for one in sides if one.loss_percent is not None), default=None),
        max((one.freezes for one in sides if one.freezes is not None), default=None),
    )


def was_good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Calls of the last fortnight in which both saw or heard each other and one of them hung up."""
    # Ids sort by time: the database reads the last fortnight only, however long the history is.
    first = new_id(int((now - CALLS_BACK).timestamp() * 1000))
    return (
        Call.id >= first,
        Call.cause == Cause.HUNG_UP,
        Call.connected_at.is_not(None),
        CallParticipant.role == CallRole.CLIENT,
    )


def _portions(ids: Collection[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
