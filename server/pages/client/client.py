"""The page of one client: what is needed for video, consents, who they know, absences, what comes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import standing as standing_opening
from care.access.rights import PARTS, Action, Part, Relation
from care.approved import MOST
from care.clients import Client, DecisionAbility, VideoWish
from care.consent import ConsentKind, has_consent
from care.contacts.contact import PlannedContact
from care.devices import InstallStep
from care.errors import Fault, stale
from care.localtime import to_wall
from care.outbox import announce
from care.reviews import CONSENT_STANDS, SUITABILITY_STANDS
from care.services import Law
from care.staff import Staff, Title
from scheduler.moving import consent_withdrawn, no_video_today
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.client import words
from server.pages.client.changing import changing, find_client, page_of
from server.pages.client.consents import consents_of
from server.pages.client.named import standing
from server.pages.client.record import Record, is_live, narrow, photo_consent, read_record
from server.pages.contact.card import language_word
from server.pages.contact.row_state import RowState
from server.pages.contact.row_words import Translate, services_text
from server.pages.contact.standing import standings
from server.pages.faces import Face, client_face, staff_face
from server.pages.form import Form, read_form
from server.pages.needs.onward import link, onward
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, readable_laws, right
from server.security.hand import hand

routes = web.RouteTableDef()
NOTE = 500
NAME = 120


@dataclass(frozen=True, slots=True)
class DayRows:
    """The rows of one day: what for, who comes, how it stands, and whether its card may be opened."""

    day: date
    rows: list[tuple[PlannedContact, str, str, RowState, bool]]


@routes.get("/brukare/{id}", name="client")
@right(Action.CLIENT_READ)
async def client_page(request: web.Request) -> web.StreamResponse:
    """The page."""
    clock, who = request.app[CLOCK], actor(request)
    async with request.app[DATABASE].read() as session:
        client = await find_client(session, request)
        relation = await allow(request, session, Action.CLIENT_READ, client=client)
        parts = PARTS[relation]
        record = narrow(await read_record(session, client, clock), parts, clock)
        laws = await readable_laws(request, session, client)
        states = await standings(session, record.rows, clock.now())
        opening = None
        if relation is Relation.EMERGENCY and who.account_id is not None:
            opening = await standing_opening(session, who.account_id, client.id, clock.now())
    language, now = request.get(LANGUAGE, "sv"), clock.now()
    _ = translations(language).gettext
    face = client_face(request.app, client, photo_consent=photo_consent(record, now))
    own = who.groups(Action.CLIENT_CHANGE)
    is_mine = own is None or client.group_id in own
    log_groups = who.groups(Action.LOG_READ)
    may_read_log = who.may(Action.LOG_READ) and (log_groups is None or client.group_id in log_groups)
    has_consent_right = who.groups(Action.CONSENT_CHANGE)
    planned_by = who.groups(Action.CONTACT_PLAN)
    may_plan = planned_by is None or client.group_id in planned_by
    return render(
        request,
        "client.html",
        record=record,
        parts=parts,
        client=client,
        opening=opening,
        face=Face(client.full_name, face.photo),
        missing=[_(no.sentence) % no.values for no in record.video.against] if record.video else [],
        consents=consents_of(record, now) if Part.CONSENTS in parts else [],
        most_approved=MOST,
        relatives_join=has_consent(record.consents, ConsentKind.RELATIVE_CALLS, now),
        words=words,
        spoken=language_word(client.language, language) if client.language != "sv" else None,
        tablets=[(one, is_live(one, now), _battery(one.health)) for one in record.tablets],
        install_steps=len(InstallStep),
        suits_late=record.suits is not None and record.suits.review_on <= clock.today(),
        review_on=(clock.today() + CONSENT_STANDS).isoformat(),
        assess_again=(clock.today() + SUITABILITY_STANDS).isoformat(),
        tablet_href=lambda one: link(request, "tablet", id=one.id) if who.may(Action.DEVICE_READ) else None,
        named=staff_face(request.app, record.named) if record.named else None,
        named_choices=_named_choices(record, _),
        named_before=standing(client),
        named_lacks_title=record.named is not None and record.named.title is not Title.ASSISTANT_NURSE,
        known=[(one, staff_face(request.app, one)) for one in record.known],
        days=_days(record, states, request, language, laws, only_own=relation is Relation.ASSIGNED),
        today=clock.today(),
        said_no_today=client.no_video_on == clock.today(),
        seen=seen(client),
        may_change=is_mine and who.may(Action.CLIENT_CHANGE),
        may_consent=who.may(Action.CONSENT_CHANGE)
        and (has_consent_right is None or client.group_id in has_consent_right),
        readers_href=link(request, "client_readers", id=client.id) if may_read_log else None,
        plan_href=link(request, "plan_call") if may_plan else None,
    )


def _named_choices(record: Record, _: Translate) -> list[tuple[str, str]]:
    """Everybody who could be named, whoever is named now, and the reasons for nobody."""
    people = list(record.candidates)
    if record.named is not None and record.named.id not in {one.id for one in people}:
        people.insert(0, record.named)
    return [
        ("", _("Inte bestämt")),
        *(
            (str(one.id), one.name if one.title is Title.ASSISTANT_NURSE else _without_title(one, _))
            for one in people
        ),
        *(
            (reason.value, _("Ingen: %(reason)s") % {"reason": _(word).lower()})
            for reason, word in words.NO_NAMED.items()
        ),
    ]


def _without_title(staff: Staff, _: Translate) -> str:
    return _("%(name)s, inte undersköterska") % {"name": staff.name}


def _battery(health: dict[str, Any]) -> int | None:
    battery = health.get("battery")
    level = battery.get("level") if isinstance(battery, dict) else None
    return round(level * 100) if isinstance(level, int | float) else None


def _days(
    record: Record,
    states: Mapping[UUID, RowState],
    request: web.Request,
    language: str,
    laws: frozenset[Law],
    *,
    only_own: bool,
) -> list[DayRows]:
    """The rows with a line that the reader may read, by those lines; with `only_own` one opens one's own."""
    clock, staff_id = request.app[CLOCK], actor(request).staff_id
    days: dict[date, DayRows] = {}
    for row in record.rows:
        lines = [line for line in row.lines if line.law in laws]
        if row.lines and not lines:
            continue
        day = to_wall(row.start, clock.zone).date()
        who = record.staff[row.id]
        opens = not only_own or staff_id in {one.id for one in who}
        names = ", ".join(one.short_name for one in who)
        days.setdefault(day, DayRows(day, [])).rows.append(
            (row, services_text(lines, language), names, states[row.id], opens)
        )
    return [days[day] for day in sorted(days)]


_EDITED = (
    "video_wish",
    "decision_ability",
    "decision_by",
    "lives_alone",
    "cohabitant_name",
    "choking_risk",
    "has_hearing_aid",
    "phone",
    "important_to_me",
    "door_note",
)
#: What decides about video for long.
_DECIDES = ("video_wish", "decision_ability", "lives_alone")


def seen(client: Client) -> str:
    """A mark of what the form showed, so that nobody overwrites what somebody else has just written."""
    text = "\x1f".join(str(getattr(client, name)) for name in _EDITED)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@routes.post("/brukare/{id}/uppgifter", name="client_change")
@right(Action.CLIENT_CHANGE)
async def change(request: web.Request) -> web.StreamResponse:
    """Change what the rules for video look at, and what is good to know at the door."""
    form, now = await read_form(request), request.app[CLOCK].now()
    async with changing(request, Action.CLIENT_CHANGE, "client:facts") as (session, client):
        if form.text("seen") != seen(client):
            raise stale("uppgifterna")
        before = [getattr(client, name) for name in _DECIDES]
        _write(client, form, request.app[CLOCK].today())
        await session.flush()
        await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
        if before != [getattr(client, name) for name in _DECIDES]:
            await stop_what_is_not_allowed(session, request, client)
    return onward(request, page_of(request, client))


async def stop_what_is_not_allowed(session: AsyncSession, request: web.Request, client: Client) -> None:
    """The client's word may have changed: coming calls that it no longer allows become visits, at once.

    A call that goes on and is no longer allowed ends.
    """
    by = hand(request)
    await consent_withdrawn(session, client.id, clock=request.app[CLOCK], hand=by)
    await announce(
        session,
        request.app[CLOCK].now(),
        "consent.changed",
        group_id=client.group_id,
        client_id=client.id,
        kind=ConsentKind.DIGITAL_VISIT.value,
    )


def _write(client: Client, form: Form, today: date) -> None:
    client.video_wish = form.one_of("video_wish", VideoWish)
    _decide(client, form, today)
    client.lives_alone = not form.flag("lives_with")
    client.has_hearing_aid = form.flag("has_hearing_aid")
    client.choking_risk = form.flag("choking_risk")
    client.important_to_me = form.text("important_to_me", longest=NOTE) or None
    if not client.is_protected:
        # Neither is shown for a protected identity, so an empty field says nothing.
        client.phone = form.text("phone", longest=40) or None
        client.cohabitant_name = form.text("cohabitant_name", longest=NAME) or None
        client.door_note = form.text("door_note", longest=NOTE) or None


def _decide(client: Client, form: Form, today: date) -> None:
    """Who decides. Unclear stops all video until a named person has decided what holds (L3)."""
    ability = form.one_of("decision_ability", DecisionAbility)
    by = form.text("decision_by", longest=NAME) or None
    if ability is DecisionAbility.UNCLEAR:
        by = None
    elif client.decision_ability is DecisionAbility.UNCLEAR and by is None:
        raise Fault("client.decision_by", "Skriv vem som har tagit ställning.", place="decision_by")
    if (ability, by) != (client.decision_ability, client.decision_by):
        client.decision_on = today if by else None
    client.decision_ability, client.decision_by = ability, by


@routes.post("/brukare/{id}/inte-i-dag", name="no_video_today")
@right(Action.CONSENT_CHANGE)
async def not_today(request: web.Request) -> web.StreamResponse:
    """ "Vill inte ha video i dag": no reason is asked, today's calls become visits. ``undo`` ends it."""
    form, clock = await read_form(request), request.app[CLOCK]
    undo = form.flag("undo")
    async with changing(request, Action.CONSENT_CHANGE, "client:no_video_today") as (session, client):
        client.no_video_on = None if undo else clock.today()
        await session.flush()
        if not undo:
            by = hand(request)
            await no_video_today(session, client.id, clock=clock, hand=by)
            await stop_what_is_not_allowed(session, request, client)
        await announce(session, clock.now(), "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, page_of(request, client, "video"))
