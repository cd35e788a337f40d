"""Takes in what a worker did without cover, deed by deed; a person decides where it meets another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care import carried
from care.access.rights import Action
from care.carried import CarriedDeed, DeedKind, Doubt, Outcome
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.step import fetch, staff_of
from care.errors import Fault, not_found
from care.ids import read_id
from care.pulse import OnPlan
from care.receipts import NOTE_LENGTH, Result
from care.staff import Shift
from care.tasks import TaskKind, close_task, open_task, standing_task
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.contact.deeds import card_address, opened
from server.pages.contact.receipt import RESULT_WORDS, lines_of, may_be_receipted
from server.pages.contact.receipting import barred_of, keep_receipts
from server.pages.day.carried_words import DOUBT_WORDS, may_count
from server.pages.day.list import read_span
from server.pages.day.staff_pulse import group_of, keep
from server.pages.form import read_form
from server.pages.needs.onward import onward
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()

#: Milliseconds since 1970, as a phone's clock may show them however wrong it is.
_Clock = Annotated[int, msgspec.Meta(ge=0, le=32_503_680_000_000)]
_Offset = Annotated[int, msgspec.Meta(ge=-32_503_680_000_000, le=32_503_680_000_000)]
#: A person who decides has until the end of the next day or so.
_DECIDE_WITHIN = timedelta(hours=24)


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """What came of one line."""

    line: UUID
    result: Result
    note: Annotated[str, msgspec.Meta(max_length=NOTE_LENGTH)] = ""
    follow_up: bool = False


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """One deed as the phone tells it. `at` is what the phone's clock showed."""

    key: UUID
    kind: str
    at: _Clock
    contact: UUID | None = None
    #: How much the phone's clock was off when it last had contact; None when it never had.
    offset: _Offset | None = None
    lines: Annotated[list[Line], msgspec.Meta(max_length=50)] = []
    answer: OnPlan | None = None


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that waits in the phone, and what its clock shows now."""

    sent: _Clock
    #: Whose they are: a phone may have changed hands meanwhile.
    account: UUID
    deeds: Annotated[list[Sent], msgspec.Meta(max_length=200)]


@routes.post("/min-dag/med", name="day_carried_take")
@right(Action.CONTACT_PERFORM)
async def take(request: web.Request) -> web.StreamResponse:
    """Enter each deed in a transaction of its own; how each went, in the order they were sent."""
    now = request.app[CLOCK].now()
    try:
        batch = msgspec.json.decode(await request.read(), type=Batch)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Fault(
            "form.unreadable",
            "Det som skickades gick inte att läsa. Öppna sidan igen och gör om det.",
            status=400,
        ) from None
    if batch.account != actor(request).account_id:
        raise Fault(
            "carried.other_account",
            "Det här skrevs in av någon annan. Det skickas när den personen loggar in.",
            status=409,
            place="account",
        )
    sent_at = _instant(batch.sent)
    results = [await _enter(request, one, sent_at, now) for one in batch.deeds]
    return web.json_response({"results": results})


def _instant(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


async def _enter(request: web.Request, sent: Sent, sent_at: datetime, now: datetime) -> dict[str, Any]:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    answer: dict[str, Any] = {"key": str(sent.key), "outcome": Outcome.REFUSED.value, "sentence": ""}
    try:
        if sent.kind == "pulse":
            answer["outcome"] = (await _pulse(request, sent, sent_at, now)).value
            return answer
        deed = await _deed(request, sent, sent_at, now)
    except Fault as fault:
        return {**answer, "sentence": fault.say(say)}
    answer["outcome"] = deed.outcome.value
    if deed.outcome is Outcome.DECIDE and deed.doubt is not None:
        answer["sentence"] = say(DOUBT_WORDS[deed.doubt])
        answer["contact"] = str(deed.contact_id)
    return answer


async def _pulse(request: web.Request, sent: Sent, sent_at: datetime, now: datetime) -> Outcome:
    """Kept without name and time as ever; once a person and day, so no key is needed."""
    who = actor(request)
    moment = carried.server_time(_instant(sent.at), sent_at, now, None)
    # The list that was open when it was answered, which may be yesterday's.
    clock = StandingClock(moment.at, request.app[CLOCK].zone)
    if who.staff_id is None or sent.answer is None or not who.may(Action.OWN_PULSE_WRITE):
        raise not_found("sida")
    async with request.app[DATABASE].write() as session:
        span = await read_span(session, who.staff_id, clock)
        group_id = await group_of(session, who.staff_id, span)
        is_new = await keep(session, who.staff_id, group_id, span.day, sent.answer)
    return Outcome.DONE if is_new else Outcome.SAME


async def _deed(request: web.Request, sent: Sent, sent_at: datetime, now: datetime) -> CarriedDeed:
    who = actor(request)
    try:
        kind = DeedKind(sent.kind)
    except ValueError:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="kind") from None
    phone_at = _instant(sent.at)
    known = timedelta(milliseconds=sent.offset) if sent.offset is not None else None
    moment = carried.server_time(phone_at, sent_at, now, known)
    async with request.app[DATABASE].write() as session:
        contact = await session.get(PlannedContact, sent.contact) if sent.contact is not None else None
        if contact is None:
            raise not_found("kontakt")
        await allow(request, session, Action.CONTACT_PERFORM, contact=contact)
        contact = await fetch(session, contact.id)
        barred = await barred_of(session, request, contact) if kind is DeedKind.RECEIPT else frozenset()
        said = await _said(session, sent, contact, barred) if kind is DeedKind.RECEIPT else {}
        deed, is_new = await carried.take(
            session,
            {
                "key": sent.key, "account_id": who.account_id, "staff_id": who.staff_id,
                "contact_id": contact.id, "kind": kind, "phone_at": phone_at, "at": moment.at,
                "received_at": now, "outcome": Outcome.DONE, "said": said,
            },
        )  # fmt: skip
        if not is_new:
            return deed
        doubt = moment.doubt
        if doubt is None and await _is_outside(session, who.staff_id, moment.at):
            doubt = Doubt.OUTSIDE_SHIFT
        if doubt is not None:
            carried.put_off(deed, doubt)
        elif kind is not DeedKind.RECEIPT:
            await carried.perform(session, deed, contact, now=now)
        elif not await may_be_receipted(session, contact):
            carried.put_off(deed, Doubt.STEP)
        elif await carried.conflicting(session, deed):
            carried.put_off(deed, Doubt.RECEIPTED)
        else:
            written = await keep_receipts(
                session, request, contact, deed.given(), barred, at=deed.at, phone_at=deed.phone_at
            )
            deed.outcome = Outcome.DONE if written else Outcome.SAME
        if deed.outcome is Outcome.DECIDE:
            await _ask(session, contact, who.staff_id, now)
    return deed


async def _said(
    session: AsyncSession, sent: Sent, contact: PlannedContact, barred: frozenset[UUID]
) -> dict[str, Any]:
    own = {line.id for line in await lines_of(session, contact.id)}
    if not sent.lines or any(one.line not in own or one.result not in RESULT_WORDS for one in sent.lines):
        raise Fault("receipt.missing", "Välj hur det gick.", place="lines")
    if any(one.line in barred for one in sent.lines):
        raise Fault(
            "receipt.delegation",
            "Bara den som har delegering kan kvittera det här. Spara resten utan det, så ber vi någon annan.",
            place="lines",
        )
    return {
        str(one.line): {
            "result": one.result.value, "note": one.note.replace("\0", "").strip(), "follow_up": one.follow_up
        }
        for one in sent.lines
    }  # fmt: skip


async def _is_outside(session: AsyncSession, staff_id: UUID | None, at: datetime) -> bool:
    if staff_id is None:
        return False
    days = [at.date() + timedelta(days=days) for days in (-1, 0, 1)]
    shifts = await session.scalars(select(Shift).where(Shift.staff_id == staff_id, Shift.date.in_(days)))
    return carried.is_outside(at, shifts.all())


def _once(contact: PlannedContact) -> str:
    return f"carried:{contact.id}"


async def _ask(session: AsyncSession, contact: PlannedContact, staff_id: UUID | None, now: datetime) -> None:
    owners = await staff_of(session, contact.id)
    await open_task(
        session, TaskKind.FOLLOW_UP, group_id=contact.group_id, at=now, deadline=now + _DECIDE_WITHIN,
        once_key=_once(contact), client_id=contact.client_id, contact_id=contact.id,
        owner_id=staff_id or contact.owner_id or (owners[0] if owners else None), facts={"why": "carried"},
    )  # fmt: skip


class Choice(StrEnum):
    MINE = "mine"
    THEIRS = "theirs"


@routes.post("/kontakt/{id}/utan-tackning/{deed}", name="carried_decide")
@right(Action.CONTACT_PERFORM)
async def decide(request: web.Request) -> web.StreamResponse:
    """A person decides which of two counts. Both stay in the record."""
    choice = (await read_form(request)).one_of("choice", Choice)
    who, now = actor(request), request.app[CLOCK].now()
    async with opened(request, Action.CONTACT_PERFORM) as (session, contact):
        deed_id = read_id(request.match_info["deed"])
        deed = await session.get(CarriedDeed, deed_id) if deed_id is not None else None
        if deed is None or deed.contact_id != contact.id:
            raise not_found("kontakt")
        carried.decide(deed, Outcome(choice.value), at=now, account_id=who.account_id)
        if choice is Choice.MINE:
            if not await may_count(session, deed, contact):
                raise Fault(
                    "carried.cannot_count",
                    "Det går inte att använda de här uppgifterna. Skriv in kontakten i efterhand i stället.",
                    status=409,
                    place="choice",
                )
            barred = await barred_of(session, request, contact)
            given = {line: said for line, said in deed.given().items() if line not in barred}
            await keep_receipts(
                session, request, contact, given, barred,
                at=deed.at, phone_at=deed.phone_at, account_id=deed.account_id, staff_id=deed.staff_id,
            )  # fmt: skip
        await session.flush()
        if not await carried.undecided(session, [contact.id]):
            task = await standing_task(session, _once(contact))
            if task is not None:
                await close_task(session, task, "done", at=now, account_id=who.account_id)
    return onward(request, card_address(request, contact))
