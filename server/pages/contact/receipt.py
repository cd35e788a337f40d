"""The receipt of a contact: what came of each line. Two taps: the outcome, and save."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.access.rights import Action
from care.clients import Client
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.elsewhere import registered_in
from care.contacts.life import Status
from care.contacts.step import fetch
from care.errors import Fault, not_found
from care.ids import read_id
from care.receipts import NOTE_LENGTH, Given, Receipt, Result, valid_receipts
from care.services import GoalType, Law
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.contact.receipting import barred_of, keep_receipts
from server.pages.contact.row_words import span_text
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.gate import allow, right

routes = web.RouteTableDef()

RESULT_WORDS: dict[Result, str] = {
    Result.REACHED: N_("Uppnått"),
    Result.PARTLY: N_("Delvis"),
    Result.NOT_REACHED: N_("Inte uppnått"),
    Result.NOT_RELEVANT: N_("Inte aktuellt"),
}
#: What has happened, or is happening, can be receipted.
_BEGUN = frozenset({Status.UNDERWAY, Status.DONE, Status.DONE_PHONE})
#: Of a visit that another system registers nobody tells here that it has begun.
_PERHAPS_BEGUN = frozenset({Status.DUE, Status.AWAITING, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class LineView:
    """One line to receipt."""

    id: UUID
    service: str
    goal: str
    is_health_care: bool
    #: When the client pressed Klart, as long as nobody has said more.
    pressed_at: datetime | None
    #: Only somebody with a delegation may receipt it, and the reader has none.
    is_barred: bool
    result: str | None
    note: str
    follow_up: bool
    error: str | None


async def may_be_receipted(session: AsyncSession, contact: PlannedContact) -> bool:
    """Whether its time has come; what another system registers need not have been told of by it."""
    if contact.status in _BEGUN:
        return True
    return contact.status in _PERHAPS_BEGUN and await registered_in(session, contact) is not None


async def lines_of(session: AsyncSession, contact_id: UUID) -> Sequence[ContactLine]:
    return (
        await session.scalars(
            select(ContactLine)
            .where(ContactLine.contact_id == contact_id)
            .options(selectinload(ContactLine.service))
            .order_by(ContactLine.seq, ContactLine.id)
        )
    ).all()


async def goal_words(session: AsyncSession, language: str) -> dict[str, str]:
    """The words of every goal type, by code."""
    goals = await session.scalars(select(GoalType))
    return {goal.code: goal.name_sv if language == "sv" else goal.name_en for goal in goals}


@routes.get("/kontakt/{id}/kvittens", name="receipt")
@right(Action.CONTACT_PERFORM)
async def receipt_page(request: web.Request) -> web.StreamResponse:
    """The form, filled with what was said before; only the form for htmx and for the call page."""
    async with request.app[DATABASE].read() as session:
        contact, client = await _open(session, request)
        values = await _values(session, request, contact, client)
    return render(request, _template(request), **values)


@routes.post("/kontakt/{id}/kvittens", name="receipt_save")
@right(Action.CONTACT_PERFORM)
async def save_receipt(request: web.Request) -> web.StreamResponse:
    """Save it and go on; or the form again, with what is missing beside each line."""
    form = await read_form(request)
    clock = request.app[CLOCK]
    say = translations(request.get(LANGUAGE, "sv")).gettext
    async with request.app[DATABASE].write() as session:
        contact, client = await _open(session, request)
        contact = await fetch(session, contact.id)
        if not await may_be_receipted(session, contact):
            raise Fault(
                "receipt.not_done",
                "Kontakten har inte varit än. Kvittera när den är påbörjad eller klar.",
                status=409,
                place="status",
            )
        lines = await lines_of(session, contact.id)
        barred = await barred_of(session, request, contact)
        given, faults = _read(form, [line.id for line in lines], barred)
        if faults:
            errors = {line: fault.say(say) for line, fault in faults.items()}
            values = await _values(session, request, contact, client, said=_said(form, lines), errors=errors)
            return render(request, _template(request), status=422, **values)
        await keep_receipts(session, request, contact, given, barred, at=clock.now())
    if "HX-Request" in request.headers:
        return render(request, "_receipt_saved.html", client=client, contact=contact, home=_home(request))
    return go_to(_home(request))


def _home(request: web.Request) -> str:
    return address_of(request, "my_day" if "my_day" in request.app.router.named_resources() else "start")


def _template(request: web.Request) -> str:
    return "_receipt.html" if "HX-Request" in request.headers else "receipt.html"


async def _open(session: AsyncSession, request: web.Request) -> tuple[PlannedContact, Client]:
    contact_id = read_id(request.match_info["id"])
    contact = await session.get(PlannedContact, contact_id) if contact_id is not None else None
    client = await session.get(Client, contact.client_id) if contact is not None else None
    if contact is None or client is None:
        raise not_found("kontakt")
    await allow(request, session, Action.CONTACT_PERFORM, client=client, contact=contact)
    return contact, client


async def _values(
    session: AsyncSession,
    request: web.Request,
    contact: PlannedContact,
    client: Client,
    *,
    said: Mapping[UUID, dict[str, Any]] | None = None,
    errors: Mapping[UUID, str] | None = None,
) -> dict[str, Any]:
    language = request.get(LANGUAGE, "sv")
    say = translations(language).gettext
    lines = await lines_of(session, contact.id)
    goals = await goal_words(session, language)
    standing = await valid_receipts(session, [line.id for line in lines])
    barred = await barred_of(session, request, contact)
    views = [
        _line_view(
            line,
            standing.get(line.id),
            is_barred=line.id in barred,
            said=(said or {}).get(line.id),
            error=(errors or {}).get(line.id),
            goals=goals,
            language=language,
        )
        for line in lines
    ]
    return {
        "contact": contact,
        "client": client,
        "lines": views,
        "results": [(result.value, say(word)) for result, word in RESULT_WORDS.items()],
        "note_length": NOTE_LENGTH,
        "may_be_receipted": await may_be_receipted(session, contact),
        "is_corrected": bool(standing),
        "began": contact.actual_start,
        "times": span_text(contact.actual_start, contact.actual_end, request.app[CLOCK].zone, say)
        if contact.actual_start and contact.actual_end
        else None,
    }


def _line_view(
    line: ContactLine,
    standing: Receipt | None,
    *,
    is_barred: bool,
    said: dict[str, Any] | None,
    error: str | None,
    goals: Mapping[str, str],
    language: str,
) -> LineView:
    service = line.service
    before = {
        "result": standing.result.value if standing and standing.result in RESULT_WORDS else None,
        "note": (standing.note or "") if standing and not is_barred else "",
        "follow_up": standing.follow_up if standing else False,
    }
    return LineView(
        id=line.id,
        service=service.name_in(language),
        goal=goals.get(line.goal_type, line.goal_type),
        is_health_care=line.law is Law.HSL,
        pressed_at=standing.at if standing and standing.result is Result.PRESSED else None,
        is_barred=is_barred,
        error=error,
        **(said or before),
    )


def _said(form: Form, lines: Sequence[ContactLine]) -> dict[UUID, dict[str, Any]]:
    """What stands in the form, to be shown again beside what is missing."""
    return {
        line.id: {
            "result": str(form.fields.get(f"result-{line.id}", "")) or None,
            "note": str(form.fields.get(f"note-{line.id}", ""))[: 4 * NOTE_LENGTH],
            "follow_up": form.flag(f"follow_up-{line.id}"),
        }
        for line in lines
    }


def _read(
    form: Form, line_ids: Sequence[UUID], barred: Collection[UUID]
) -> tuple[dict[UUID, Given], dict[UUID, Fault]]:
    given: dict[UUID, Given] = {}
    faults: dict[UUID, Fault] = {}
    for line_id in line_ids:
        try:
            name = f"result-{line_id}"
            if line_id in barred:
                # Nothing that somebody has written is dropped in silence, nor kept as a receipt.
                if form.text(name) or form.text(f"note-{line_id}"):
                    raise Fault(
                        "receipt.delegation",
                        "Bara den som har delegering kan kvittera det här. Spara resten utan det, så ber vi "
                        "någon annan.",
                        place=name,
                    )
                continue
            result = form.one_of(name, Result) if form.text(name) else None
            if result is None or result not in RESULT_WORDS:
                raise Fault("receipt.missing", "Välj hur det gick.", place=name)
            given[line_id] = Given(
                result,
                form.text(f"note-{line_id}", longest=NOTE_LENGTH),
                form.flag(f"follow_up-{line_id}"),
            )
        except Fault as fault:
            faults[line_id] = fault
    return given, faults
