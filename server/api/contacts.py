"""Planned contacts: a day's, one with its history, and what is done with it."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy import false, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action, Part, Relation
from care.clients import Client, Protection
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.life import Status
from care.contacts.performing import DeclineCause, check_out, decline, enter_late
from care.errors import Fault, not_found
from care.localtime import read_day, to_instant
from care.services import Priority
from server.api.groups import chosen_groups
from server.api.operation import Nothing, operation
from server.exchange.extract.contacts import find_contact as extract
from server.exchange.extract.contacts import find_contacts
from server.exchange.extract.wanted import Wanted
from server.exchange.intake.importer import OWN_FORMAT, Importer
from server.keys import CLOCK, DATABASE
from server.pages.contact import early_ring
from server.pages.contact.contact import find_contact
from server.pages.contact.deeds import begin_row, move_row, opened, same_version
from server.pages.exchange.exchanger import exchanger
from server.security.gate import allow, nameless, note_list, parts_open, readable_laws
from server.security.hand import hand

routes = web.RouteTableDef()


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A planned contact, as `samtid export contacts --format json` writes it."""

    contact_id: UUID
    extern_id: str | None
    source: str
    #: null in a list, for a protected identity that one may not open.
    client_id: UUID | None
    group: str
    date: dt.date
    owed_date: dt.date
    channel: Channel
    services: list[str]
    priority: Priority
    window_start: datetime
    window_end: datetime
    start: datetime
    minutes: int
    staff: list[UUID]
    staff_needed: int
    status: Status
    actual_start: datetime | None
    actual_end: datetime | None


class Past(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happened to a contact."""

    at: datetime
    event: str
    #: Which part of the system did it (page, api, tick.due …), and for whom.
    by: str
    account_id: UUID | None
    status_before: str | None
    status_after: str | None
    #: Field → [before, after].
    change: dict[str, Any]
    reason: str | None
    reason_en: str | None


class WholeContact(Contact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A planned contact with all that happened to it, oldest first: for its group and the client's own."""

    #: What a step must name: it is refused when somebody has changed the contact since.
    version: int
    origin: Origin
    cause: str | None
    owner_id: UUID | None
    deadline: datetime | None
    history: list[Past]


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which contacts."""

    #: Local day. Today when it is not given.
    date: msgspec.UnsetType | dt.date = msgspec.UNSET
    group: msgspec.UnsetType | UUID = msgspec.UNSET


class _Step(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="step", tag=str.lower, forbid_unknown_fields=True
):
    version: int


class CheckIn(_Step, frozen=True, kw_only=True, tag="check_in"):
    """It begins now. A call more than ten minutes early needs a reason."""

    reason: Literal["asked", "worried", "day", "test", "other"] | None = None


class CheckOut(_Step, frozen=True, kw_only=True, tag="check_out"):
    """It ends now."""


class Decline(_Step, frozen=True, kw_only=True, tag="decline"):
    """The client has said no, in words, to a person."""

    cause: DeclineCause


class EnterLate(_Step, frozen=True, kw_only=True, tag="enter_late"):
    """It took place, at times that somebody remembers."""

    start: datetime
    end: datetime
    by_phone: bool = False


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To another channel."""

    channel: Literal["physical", "video", "phone"]
    version: int


@operation(
    routes, "GET", "/contacts", name="api_contacts", action=Action.PLAN_READ, asked=Day, answer=list[Contact]
)
async def contacts(request: web.Request, asked: Day, sent: Nothing) -> list[dict[str, Any]]:  # noqa: ARG001
    """The planned contacts of a day, by start.

    The same JSON as `samtid export contacts --format json`, for one group or all of one's own.
    """
    day = request.app[CLOCK].today() if asked.date is msgspec.UNSET else asked.date
    # A day of another century than ours is nobody's.
    read_day(day.isoformat(), "date")
    wanted = None if asked.group is msgspec.UNSET else asked.group
    async with request.app[DATABASE].read() as session:
        groups = await chosen_groups(request, session, Action.PLAN_READ, wanted, "contacts")
        found = await find_contacts(session, Wanted(day, day, groups), _exporter(request))
        protected = await session.scalars(
            select(Client).where(Client.id.in_(found.opened), Client.protection != Protection.NONE)
        )
        hidden = {str(one) for one in await nameless(request, session, protected)}
    note_list(request, Action.PLAN_READ, list(found.opened.items()))
    return [
        {**record, "client_id": None} if record["client_id"] in hidden else record for record in found.records
    ]


@operation(
    routes,
    "GET",
    "/contacts/{id}",
    name="api_contact",
    action=Action.CONTACT_READ,
    asked=Nothing,
    answer=WholeContact,
)
async def contact(request: web.Request, asked: Nothing, sent: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """One planned contact with its history."""
    async with request.app[DATABASE].read() as session:
        row = await find_contact(session, request)
        await allow(request, session, Action.CONTACT_READ, contact=row)
        whole = await _whole(request, session, row)
        if not whole["services"] and await _has_lines(session, row):
            # Only what is done under a law that is not the reader's: as on the page, it is not there.
            raise not_found("kontakt")
        return whole


@operation(
    routes,
    "POST",
    "/contacts/{id}/steps",
    name="api_contact_step",
    action=Action.CONTACT_PERFORM,
    asked=Nothing,
    sent=CheckIn | CheckOut | Decline | EnterLate,
    answer=WholeContact,
)
async def take_step(
    request: web.Request,
    asked: Nothing,  # noqa: ARG001
    sent: CheckIn | CheckOut | Decline | EnterLate,
) -> dict[str, Any]:
    """Check in, check out, enter afterwards, or say that the client declined."""
    clock, by = request.app[CLOCK], hand(request)
    async with opened(request, Action.CONTACT_PERFORM) as (session, row):
        same_version(row, sent.version)
        match sent:
            case CheckIn():
                await begin_row(request, session, row, early_ring.sentence(sent.reason or ""))
            case CheckOut():
                await check_out(session, row, at=clock.now(), hand=by)
            case Decline():
                await decline(session, row, sent.cause, at=clock.now(), hand=by)
            case EnterLate():
                start = to_instant(sent.start, clock.zone, place="start")
                end = to_instant(sent.end, clock.zone, place="end")
                await enter_late(session, row, start, end, at=clock.now(), hand=by, by_phone=sent.by_phone)
        return await _whole(request, session, row)


@operation(
    routes,
    "POST",
    "/contacts/{id}/moves",
    name="api_contact_move",
    action=Action.CONTACT_MOVE,
    asked=Nothing,
    sent=Move,
    answer=WholeContact,
)
async def move(request: web.Request, asked: Nothing, sent: Move) -> dict[str, Any]:  # noqa: ARG001
    """Move a contact to another channel, when every rule allows it."""
    to = Channel(sent.channel)
    async with opened(request, Action.CONTACT_MOVE) as (session, row):
        same_version(row, sent.version)
        if row.channel is to:
            raise Fault("contact.channel_same", "Kontakten är redan så.", status=409, place="channel")
        await move_row(request, session, row, to)
        return await _whole(request, session, row)


def _exporter(request: web.Request) -> Importer:
    return exchanger(request, source=OWN_FORMAT, relation=Relation.OWN_GROUP, purpose="care", where="api")


async def _has_lines(session: AsyncSession, row: PlannedContact) -> bool:
    found = select(ContactLine.id).where(ContactLine.contact_id == row.id).limit(1)
    return await session.scalar(found) is not None


async def _whole(request: web.Request, session: AsyncSession, row: PlannedContact) -> dict[str, Any]:
    client = await session.get_one(Client, row.client_id)
    laws = await readable_laws(request, session, client)
    may_see = Part.HISTORY in await parts_open(request, session, row)
    history = await session.scalars(
        select(ContactHistory)
        .where(ContactHistory.contact_id == row.id if may_see else false())
        .order_by(ContactHistory.at, ContactHistory.id)
    )
    return {
        **await extract(session, row, _exporter(request), laws),
        "version": row.version,
        "origin": row.origin,
        "cause": row.cause,
        "owner_id": row.owner_id,
        "deadline": row.deadline,
        "history": [
            Past(
                one.at, one.event, one.by, one.account_id, one.status_before, one.status_after, one.change,
                one.reason, one.reason_en,
            )
            for one in history
        ],
    }  # fmt: skip
