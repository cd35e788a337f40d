"""Handing over by name on Min dag: what one leaves to whom with a word on the way, and "Jag tar över"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.handovers import HandOver, HandOverState
from care.ids import read_id
from care.staff import Shift, ShiftKind, Staff
from care.tasks import Task
from scheduler.handing_over import confirm
from server.keys import CLOCK, DATABASE
from server.language import N_
from server.pages.form import read_form
from server.pages.needs.tasks import HEADINGS
from server.pages.rendering import address_of, go_to
from server.security.actor import actor
from server.security.gate import nameless, right

routes = web.RouteTableDef()
LONGEST_NOTE = 300
#: Who has gone sees so long afterwards whether it was taken over.
SEEN_FOR = timedelta(hours=1)
_SHIFT_WORDS = {
    ShiftKind.DAY: N_("dag"),
    ShiftKind.EVENING: N_("kväll"),
    ShiftKind.NIGHT: N_("natt"),
}


class Did(StrEnum):
    """What is pressed."""

    NOTES = "notes"
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that goes from one to another."""

    id: UUID
    client: Client | None
    is_nameless: bool
    #: A heading of a task, or None for a row that has not happened.
    heading: str | None
    planned: datetime | None
    contact_id: UUID | None
    task_id: UUID | None
    note: str
    state: HandOverState


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything between the reader and one other person."""

    #: The other; None is the coordinator's queue.
    staff: Staff | None
    #: "kväll", for the shift of who takes over; empty when it is not known.
    shift: str
    leaves: datetime
    items: tuple[Item, ...]

    @property
    def is_taken(self) -> bool:
        return all(one.state is HandOverState.CONFIRMED for one in self.items)

    @property
    def is_queued(self) -> bool:
        return self.staff is None or any(one.state is HandOverState.QUEUED for one in self.items)


@dataclass(frozen=True, slots=True)
class HandOvers:
    leaving: tuple[Bundle, ...]
    coming: tuple[Bundle, ...]

    def clients(self) -> list[tuple[UUID, UUID]]:
        """Whose data they show: (client, group)."""
        return [
            (item.client.id, item.client.group_id)
            for bundle in (*self.leaving, *self.coming)
            for item in bundle.items
            if item.client is not None and not item.is_nameless
        ]


async def own_hand_overs(
    request: web.Request, session: AsyncSession, staff_id: UUID, clock: Clock
) -> HandOvers:
    """What the reader leaves around the end of work, and what others offer the reader."""
    now = clock.now()
    rows = list(
        await session.scalars(
            select(HandOver)
            .where(
                HandOver.state != HandOverState.OVER,
                or_(
                    (HandOver.from_id == staff_id) & (HandOver.leaves_at > now - SEEN_FOR),
                    (HandOver.to_id == staff_id) & (HandOver.state == HandOverState.OFFERED),
                ),
            )
            .order_by(HandOver.leaves_at, HandOver.id)
        )
    )
    if not rows:
        return HandOvers((), ())
    items = {one.id: item for one, item in zip(rows, await _items(request, session, rows), strict=True)}
    people = await _people(session, rows)
    shifts = await _shifts(session, rows)
    made: dict[tuple[bool, UUID | None, datetime], list[Item]] = {}
    for one in rows:
        is_mine = one.from_id == staff_id
        made.setdefault((is_mine, one.to_id if is_mine else one.from_id, one.leaves_at), []).append(
            items[one.id]
        )
    bundles = [
        (is_mine, Bundle(people.get(other) if other else None, shifts.get(other, ""), leaves, tuple(own)))
        for (is_mine, other, leaves), own in made.items()
    ]
    return HandOvers(
        tuple(one for is_mine, one in bundles if is_mine),
        tuple(one for is_mine, one in bundles if not is_mine),
    )


async def _items(request: web.Request, session: AsyncSession, rows: Sequence[HandOver]) -> list[Item]:
    clients = {
        one.id: one
        for one in await session.scalars(
            select(Client).where(Client.id.in_([row.client_id for row in rows if row.client_id]))
        )
    }
    tasks = {
        one.id: one
        for one in await session.scalars(
            select(Task).where(Task.id.in_([row.task_id for row in rows if row.task_id]))
        )
    }
    contacts = {
        one.id: one
        for one in await session.scalars(
            select(PlannedContact).where(
                PlannedContact.id.in_([row.contact_id for row in rows if row.contact_id])
            )
        )
    }
    hidden = await nameless(request, session, clients.values())
    found = []
    for row in rows:
        client = clients.get(row.client_id) if row.client_id else None
        task = tasks.get(row.task_id) if row.task_id else None
        contact = contacts.get(row.contact_id) if row.contact_id else None
        is_nameless = client is not None and client.id in hidden
        found.append(
            Item(
                row.id, client, is_nameless, HEADINGS[task.kind] if task else None,
                contact.start if contact else None, row.contact_id, row.task_id,
                "" if is_nameless else row.note or "", row.state,
            )
        )  # fmt: skip
    return found


async def _people(session: AsyncSession, rows: Sequence[HandOver]) -> dict[UUID, Staff]:
    ids = {key for row in rows for key in (row.from_id, row.to_id) if key is not None}
    return {one.id: one for one in await session.scalars(select(Staff).where(Staff.id.in_(ids)))}


async def _shifts(session: AsyncSession, rows: Sequence[HandOver]) -> dict[UUID | None, str]:
    """Receiver → the word of the shift that goes on when the other one leaves."""
    days = {row.leaves_at.date() + timedelta(days=more) for row in rows for more in (-1, 0, 1)}
    shifts = await session.scalars(
        select(Shift).where(
            Shift.staff_id.in_([row.to_id for row in rows if row.to_id]),
            Shift.date.in_(days),
            Shift.kind != ShiftKind.DIGITAL,
        )
    )
    return {
        shift.staff_id: _SHIFT_WORDS.get(shift.kind, "")
        for shift in shifts
        for row in rows
        if row.to_id == shift.staff_id and shift.start <= row.leaves_at < shift.end
    }


@routes.post("/min-dag/overlamning", name="own_hand_over")
@right(Action.OWN_DAY_READ)
async def answer(request: web.Request) -> web.StreamResponse:
    """``do`` = notes (``note-<id>`` of what one leaves), or take (everything ``from`` one person)."""
    who, form, clock = actor(request), await read_form(request), request.app[CLOCK]
    if who.staff_id is None:
        raise Fault(
            "my_day.not_staff", "Min dag finns för den som är inlagd som personal.", status=404, place="staff"
        )
    async with request.app[DATABASE].write() as session:
        if form.one_of("do", Did) is Did.TAKE:
            await confirm(session, who.staff_id, form.id("from"), clock)
        else:
            names = [name for name in form.fields if name.startswith("note-")][:100]
            notes = {
                read_id(name.removeprefix("note-")): form.text(name, longest=LONGEST_NOTE) for name in names
            }
            # One's own alone: another's id is as if it were not there.
            for one in await session.scalars(
                select(HandOver).where(
                    HandOver.id.in_([key for key in notes if key]), HandOver.from_id == who.staff_id
                )
            ):
                one.note = notes[one.id] or None
    return go_to(address_of(request, "my_day"))
