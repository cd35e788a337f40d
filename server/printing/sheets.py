"""What stands on the sheets of a day: the rows of each worker and client, and whom to ring (domain 2.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, ContactPerson
from care.clock import Clock
from care.sorting import swedish
from care.staff import Staff
from server.pages.contact.card import language_word
from server.pages.plan.day import DayPlan, PlanRow, WorkerDay, read_plan


@dataclass(slots=True)
class Home:
    """A client with whom to ring; nothing that tells where a protected identity lives."""

    client: Client
    spoken: str | None = None
    persons: list[ContactPerson] = field(default_factory=list)
    rows: list[PlanRow] = field(default_factory=list)

    @property
    def address(self) -> str:
        if self.client.is_protected:
            return ""
        return ", ".join(one for one in (self.client.address, self.client.place) if one)

    @property
    def phone(self) -> str | None:
        return None if self.client.is_protected else self.client.phone

    @property
    def door(self) -> str | None:
        return None if self.client.is_protected else self.client.door_note


@dataclass(frozen=True, slots=True)
class WorkerSheet:
    """A worker's page: the rows in order, and each home once."""

    worker: WorkerDay | None
    rows: list[PlanRow]
    homes: list[Home]


@dataclass(frozen=True, slots=True)
class DaySheets:
    """A group's day, ready to be printed."""

    workers: list[WorkerSheet]
    homes: list[Home]
    staff: list[tuple[Staff, WorkerDay]]

    @property
    def clients(self) -> list[tuple[UUID, UUID]]:
        """Whose data is shown: (client, group)."""
        return sorted((one.client.id, one.client.group_id) for one in self.homes)


async def read_sheets(
    session: AsyncSession, group_id: UUID, day: date, clock: Clock, language: str
) -> DaySheets:
    """Everything that is counted on `day` in the group."""
    plan = await read_plan(session, [group_id], day, clock, language)
    homes = await _homes(session, [row for row in plan.rows if row.is_counted], language)
    return DaySheets(
        _worker_sheets(plan, homes),
        sorted(homes.values(), key=lambda one: swedish(one.client.short_name)),
        _ringable(plan.workers),
    )


async def _homes(session: AsyncSession, rows: Sequence[PlanRow], language: str) -> dict[UUID, Home]:
    """Every client of `rows`, with the rows in order and the contact persons by rank."""
    homes: dict[UUID, Home] = {}
    for row in rows:
        client = row.client
        spoken = None if client.language == "sv" else language_word(client.language, language)
        homes.setdefault(client.id, Home(client, spoken)).rows.append(row)
    persons = await _persons(
        session, [one.client.id for one in homes.values() if not one.client.is_protected]
    )
    for key, home in homes.items():
        home.persons = persons.get(key, [])
    return homes


async def _persons(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[ContactPerson]]:
    found: dict[UUID, list[ContactPerson]] = defaultdict(list)
    for one in await session.scalars(
        select(ContactPerson).where(ContactPerson.client_id.in_(ids)).order_by(ContactPerson.rank)
    ):
        found[one.client_id].append(one)
    return found


def _worker_sheets(plan: DayPlan, homes: dict[UUID, Home]) -> list[WorkerSheet]:
    """What lacks somebody first, then a page each for those who have something to do."""
    loose = [row for row in plan.unstaffed if row.is_counted]
    found: list[tuple[WorkerDay | None, list[PlanRow]]] = [(None, loose)] if loose else []
    found += [(worker, [row for row in worker.rows if row.is_counted]) for worker in plan.workers]
    return [WorkerSheet(worker, rows, _of(rows, homes)) for worker, rows in found if rows]


def _of(rows: Sequence[PlanRow], homes: dict[UUID, Home]) -> list[Home]:
    """The homes of `rows`, each once, in the order they come first."""
    return [homes[key] for key in dict.fromkeys(row.client.id for row in rows)]


def _ringable(workers: Sequence[WorkerDay]) -> list[tuple[Staff, WorkerDay]]:
    """Colleagues at work with a number."""
    return [(one.staff, one) for one in workers if one.staff.phone]
