""" "Skriv ut dagen": the day on paper, a page each, for when nothing else works (domain 2.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client, ContactPerson
from care.errors import not_found
from care.sorting import swedish
from care.staff import Staff
from server.keys import CLOCK, DATABASE, FRAME, LANGUAGE
from server.pages.contact_card import language_word
from server.pages.form import query
from server.pages.own_groups import own_groups
from server.pages.plan import chosen_day, chosen_group
from server.pages.plan_day import DayPlan, PlanRow, WorkerDay, read_plan
from server.pages.rendering import render
from server.security.gate import allow, note_list, right

routes = web.RouteTableDef()


class Sheets(StrEnum):
    """What is printed: a page for each worker, a page for each client, or numbers to ring."""

    WORKERS = "personal"
    CLIENTS = "brukare"
    CALLS = "ring"


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


@routes.get("/utskrift", name="print_day")
@right(Action.PRINT_DAY)
async def page(request: web.Request) -> web.StreamResponse:
    """``?dag=&grupp=&vad=personal|brukare|ring``, of one group at a time."""
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    asked = query(request)
    what = asked.one_of("vad", Sheets, Sheets.WORKERS)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.PRINT_DAY)
        day = chosen_day(asked, clock.today())
        group_id = await chosen_group(request, session, asked, groups, Action.PRINT_DAY)
        group_id = group_id or (groups[0].id if groups else None)
        group = next((one for one in groups if one.id == group_id), None)
        if group is None:
            raise not_found("grupp")
        await allow(request, session, Action.PRINT_DAY, group=group.id, thing="print", purpose="paper")
        plan = await read_plan(session, [group.id], day, clock, language)
        homes = await _homes(session, [row for row in plan.rows if row.is_counted], language)
    note_list(
        request, Action.PRINT_DAY, sorted((one.client.id, one.client.group_id) for one in homes.values())
    )
    return render(
        request,
        "printing.html",
        what=what.value,
        day=day,
        group=group,
        groups=groups,
        municipality_name=request.app[FRAME].name,
        sheets=_worker_sheets(plan, homes) if what is Sheets.WORKERS else [],
        homes=sorted(homes.values(), key=lambda one: swedish(one.client.short_name))
        if what is not Sheets.WORKERS
        else [],
        staff=_ringable(plan.workers) if what is Sheets.CALLS else [],
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
