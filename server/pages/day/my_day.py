"""Min dag: one time line of a worker's visits and calls, the next one on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from care.access.rights import Action, Relation
from care.clients import Client, ContactPerson
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.errors import Fault
from care.staff import Staff
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.account.wishes import about, own_wishes
from server.pages.contact import early_ring
from server.pages.contact.alone import company
from server.pages.contact.card import language_word
from server.pages.contact.row_state import CALLS, RowState, may_ring, next_change, row_state
from server.pages.contact.row_words import (
    CAUSE_WORDS,
    Translate,
    change_parts,
    is_news,
    next_call_text,
    reason_text,
    services_text,
    when_text,
)
from server.pages.day.list import DayList, read_day
from server.pages.faces import Face, client_face
from server.pages.needs.alert_answers import note_opened
from server.pages.needs.handovers import own_hand_overs
from server.pages.needs.onward import link
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import note_list, right

routes = web.RouteTableDef()

#: What may still be asked of the worker.
_OPEN = (Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.AWAITING, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Doorstep:
    """What one needs on the way to a visit; of a protected identity only how one gets in."""

    address: str | None
    has_digital_lock: bool
    door_note: str | None
    person: ContactPerson | None


@dataclass(frozen=True, slots=True)
class DayRow:
    """A row as the list and the card on top show it."""

    contact: PlannedContact
    face: Face
    first_name: str
    what: str
    state: RowState
    #: Small facts after what is done: changed and why, with whom, in which group.
    notes: tuple[str, ...]
    next_call: str | None
    #: For a visit.
    doorstep: Doorstep | None
    important: str | None
    knows: bool
    may_ring: bool
    #: Why this video row may not be rung now; then there is no call button.
    no_call: str | None
    is_call: bool
    is_open: bool
    #: The system that registers this visit; then there is no check-in here.
    registered_in: str | None
    may_receipt: bool

    @property
    def start(self) -> datetime:
        """When it began, or is to begin."""
        return self.contact.actual_start or self.contact.start


@routes.get("/min-dag", name="my_day")
@right(Action.OWN_DAY_READ)
async def my_day(request: web.Request) -> web.StreamResponse:
    """The list of the shift; only its changing part for htmx."""
    who = actor(request)
    if who.staff_id is None:
        raise Fault(
            "my_day.not_staff", "Min dag finns för den som är inlagd som personal.", status=404, place="staff"
        )
    await note_opened(request)
    clock = request.app[CLOCK]
    async with request.app[DATABASE].read() as session:
        day = await read_day(session, who.staff_id, clock)
        wishes = await own_wishes(session, who.staff_id, clock.now())
        hand_overs = await own_hand_overs(request, session, who.staff_id, clock)
        near = await company(request, session)
    clients = [(one.id, one.group_id) for one in day.clients.values()]
    clients += about(wishes) + hand_overs.clients()
    note_list(request, Action.OWN_DAY_READ, clients, Relation.ASSIGNED)
    rows = [view_row(request, day, contact, who.staff_id) for contact in day.contacts]
    top = top_row(rows, clock.now())
    moments = [next_change(contact, clock.now()) for contact in day.contacts]
    return render(
        request,
        "_my_day.html" if "HX-Request" in request.headers else "my_day.html",
        day=day.span.day,
        rows=rows,
        wishes=wishes,
        hand_overs=hand_overs,
        top=top,
        done=day.done,
        total=len(day.counted),
        needs=sum(row.state.needs_person for row in rows),
        ask_pulse=_asks_pulse(day, clock.now()),
        reasons=early_ring.REASONS,
        next_change=min((one for one in moments if one is not None), default=None),
        call_route=link(request, "call", id=top.contact.id) if top else None,
        receipt=lambda contact: link(request, "receipt", id=contact.id),
        company=lambda client_id: near.beside(client_id) if near else None,
        ring=lambda contact: link(request, "call", id=contact.id),
    )


def top_row(rows: list[DayRow], now: datetime) -> DayRow | None:
    """What to do now: what is under way, else the call whose time it is, else the first that is open."""
    open_rows = [row for row in rows if row.is_open]
    underway = [row for row in open_rows if row.contact.status is Status.UNDERWAY]
    ringing = [row for row in open_rows if row.may_ring and now <= row.contact.window_end]
    coming = [row for row in open_rows if now <= row.contact.window_end]
    return next(iter(underway + ringing + coming + open_rows), None)


def _asks_pulse(day: DayList, now: datetime) -> bool:
    """After the last row or the end of the shift; never twice, never on a day without work."""
    has_begun = any(one.id in day.elsewhere and one.start <= now for one in day.contacts)
    if day.has_answered or not (has_begun or any(one.status.is_done for one in day.contacts)):
        return False
    is_over = day.span.shift_end is not None and now >= day.span.shift_end
    return is_over or all(one.status not in _OPEN or one.id in day.receipted for one in day.contacts)


def view_row(request: web.Request, day: DayList, contact: PlannedContact, staff_id: UUID) -> DayRow:
    """The row in words, for the reader's language."""
    language = request.get(LANGUAGE, "sv")
    clock, _ = request.app[CLOCK], translations(language).gettext
    client, no_call = day.clients[contact.client_id], day.no_call.get(contact.id)
    system, is_receipted = day.elsewhere.get(contact.id), contact.id in day.receipted
    news = [entry for entry in day.history[contact.id] if is_news(entry)]
    notes = []
    if news and not contact.status.is_end:
        parts = change_parts(
            news[-1],
            names={**day.names, str(staff_id): _("dig")},
            zone=clock.zone,
            today=clock.today(),
            language=language,
            _=_,
        )
        notes.append(_with_reason(parts, reason_text(news[-1], language, _) or _cause(contact, _), _))
    elif contact.status.is_end and _cause(contact, _):
        notes.append(_cause(contact, _) or "")
    if not contact.status.is_end:
        notes += able_notes(client, day, contact, language, _)
    others = [one for one in day.staff[contact.id] if one.id != staff_id]
    if others:
        notes.append(_("tillsammans med %(name)s") % {"name": others[0].short_name})
    if contact.group_id not in {shift.group_id for shift in day.span.shifts} and day.span.shifts:
        notes.append(_("hjälp i %(group)s") % {"group": day.groups.get(contact.group_id, "")})
    return DayRow(
        contact=contact,
        face=client_face(request.app, client, photo_consent=client.id in day.photo),
        first_name=client.first_name,
        what=services_text(contact.lines, language),
        state=row_state(
            contact,
            clock.now(),
            is_changed=bool(news),
            lacks_receipt=contact.id in day.without_receipt,
            is_elsewhere=system is not None,
            is_receipted=is_receipted,
        ),
        notes=tuple(notes),
        next_call=_next_call(request, day, contact, staff_id, _),
        doorstep=_doorstep(client, day) if contact.channel is Channel.PHYSICAL else None,
        important=client.important_to_me,
        knows=client.id in day.known,
        may_ring=may_ring(contact, clock.now()) and no_call is None,
        no_call=_(no_call.sentence) % no_call.values if no_call else None,
        is_call=contact.channel in CALLS,
        is_open=contact.status in _OPEN and not is_receipted,
        registered_in=system,
        may_receipt=system is not None and contact.status is not Status.PLANNED,
    )


def able_notes(
    client: Client, day: DayList, contact: PlannedContact, language: str, _: Translate
) -> list[str]:
    """What the worker needs to be able to: the client's language, and what wants a delegation."""
    notes = []
    if client.language != "sv":
        spoken = {"language": language_word(client.language, language)}
        knows = client.language in day.languages
        notes.append((_("talar %(language)s, som du") if knows else _("talar %(language)s")) % spoken)
    if services := day.undelegated.get(contact.id):
        names = ", ".join(service.name_in(language) for service in services)
        notes.append(_("delegering saknas: %(services)s") % {"services": names})
    return notes


def _doorstep(client: Client, day: DayList) -> Doorstep:
    is_hidden = client.is_protected
    address = ", ".join(part for part in (client.address, client.place) if part)
    return Doorstep(
        address=None if is_hidden else address or None,
        has_digital_lock=client.has_digital_lock,
        door_note=None if is_hidden else client.door_note,
        person=day.persons.get(client.id),
    )


def _with_reason(parts: list[str], reason: str | None, _: Translate) -> str:
    text = ", ".join(parts)
    return _("%(change)s: %(reason)s") % {"change": text, "reason": reason} if reason else text


def _cause(contact: PlannedContact, _: Translate) -> str | None:
    word = CAUSE_WORDS.get(contact.cause or "")
    return _(word) if word else None


def _next_call(
    request: web.Request, day: DayList, contact: PlannedContact, staff_id: UUID, _: Translate
) -> str | None:
    """On a visit: what to promise when leaving."""
    call = day.next_call(contact)
    if contact.channel is not Channel.PHYSICAL or call is None or contact.status.is_end:
        return None
    clock = request.app[CLOCK]
    return next_call_sentence(
        call, day.staff[call.id], staff_id,
        when=when_text(call.start, clock.today(), clock.zone, request.get(LANGUAGE, "sv"), _), _=_,
    )  # fmt: skip


def next_call_sentence(
    call: PlannedContact, staff: list[Staff], staff_id: UUID | None, *, when: str, _: Translate
) -> str:
    """ "Nästa pratstund: i dag 14.30 med dig på video"."""
    who: Any = None
    if any(one.id == staff_id for one in staff):
        who = _("dig")
    elif staff:
        who = staff[0].first_name
    return next_call_text(
        is_social=any(line.goal_type == "social" for line in call.lines),
        channel=call.channel, when=when, who=who, _=_,
    )  # fmt: skip
