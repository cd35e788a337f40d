""" "Planera samtal": make, change, end and repeat a call or reminder beside the visits, in one form."""

from __future__ import annotations

from collections import defaultdict
from gettext import NullTranslations
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.access.rights import Action
from care.clients import CareScope, Client, KnownStaff
from care.clock import Clock
from care.contacts.rule import ContactRule
from care.contacts.step import Hand
from care.errors import Fault, not_found
from care.ids import read_id
from care.recurrence import Pattern, pattern_of
from care.services import DigitalClass, GoalType, Law, Service
from care.sorting import swedish
from care.staff import Staff, Title
from care.words import NN_
from scheduler.conflicts import Conflict, Severity, conflicts_of_wish
from scheduler.rules import Applied, RuleWish, change_rule, check_wish, create_rule, end_rule, fetch_rule
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import Form, query, read_form
from server.pages.plan_call_form import (
    CHANNELS,
    WEEKDAY_WORDS,
    WINDOWS,
    Filled,
    fresh,
    of_form,
    of_rule,
    wish_of,
)
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, nameless, note_list, right

routes = web.RouteTableDef()
#: Where the form itself says what is wrong; everything else is said above it.
FIELDS = frozenset(
    {"client", "channel", "service", "services", "at", "minutes", "window", "pattern", "recurrence",
     "first_day", "last_day", "staff", "ordered_by", "nurse"}
)  # fmt: skip


@routes.get("/planera", name="plan_call")
@right(Action.CONTACT_PLAN)
async def page(request: web.Request) -> web.StreamResponse:
    """An empty form; ``?brukare=`` chooses the client and shows what is planned for them already."""
    async with request.app[DATABASE].read() as session:
        client_id = query(request).id("brukare", needed=False)
        if client_id is not None:
            await _client(request, session, client_id)
        return await _show(request, session, fresh(request.app[CLOCK], client_id))


@routes.get("/planera/{id}", name="plan_call_rule")
@right(Action.CONTACT_PLAN)
async def rule_page(request: web.Request) -> web.StreamResponse:
    """The form of a planned call that comes again."""
    async with request.app[DATABASE].read() as session:
        rule = await _rule(request, session)
        return await _show(request, session, of_rule(rule), rule=rule)


@routes.post("/planera", name="plan_call_make")
@right(Action.CONTACT_PLAN)
async def make(request: web.Request) -> web.StreamResponse:
    """Save a new one, unless something is in the way."""
    return await _save(request, await read_form(request), None)


@routes.post("/planera/{id}", name="plan_call_change")
@right(Action.CONTACT_PLAN)
async def change(request: web.Request) -> web.StreamResponse:
    """Save the change, or end it (``do`` = end)."""
    form = await read_form(request)
    async with request.app[DATABASE].read() as session:
        rule = await _rule(request, session)
    return await (_end if form.text("do") == "end" else _save)(request, form, rule)


async def _end(request: web.Request, form: Form, rule: ContactRule) -> web.StreamResponse:
    clock, hand = request.app[CLOCK], Hand("page", actor(request).account_id)
    try:
        async with request.app[DATABASE].write() as session:
            applied = await end_rule(session, rule.id, _version(form), clock=clock, hand=hand)
    except Fault as fault:
        return await _again(request, of_rule(rule), rule, fault)
    async with request.app[DATABASE].read() as session:
        said = _said(request, applied, ended=True)
        return await _show(request, session, fresh(clock, rule.client_id), said=said)


async def _again(
    request: web.Request, filled: Filled, rule: ContactRule | None, fault: Fault
) -> web.StreamResponse:
    """The form as it was filled in, with what is wrong."""
    if fault.status not in (409, 422):
        raise fault
    async with request.app[DATABASE].read() as session:
        return await _show(request, session, filled, rule=rule, fault=fault)


async def _save(request: web.Request, form: Form, rule: ContactRule | None) -> web.StreamResponse:
    clock, hand = request.app[CLOCK], Hand("page", actor(request).account_id)
    found: list[Conflict] = []
    try:
        wish = wish_of(form, rule)
        async with request.app[DATABASE].write() as session:
            client = await _client(request, session, wish.client_id)
            await check_wish(session, wish, clock, is_new=rule is None)
            await _check_staff(session, client, wish, rule)
            found = await conflicts_of_wish(session, wish, clock, rule.id if rule else None)
            stops = [one for one in found if one.severity is Severity.STOP]
            if not stops and (not found or form.flag("anyway")):
                if rule is None:
                    rule, applied = await create_rule(session, wish, clock=clock, hand=hand)
                else:
                    applied = await change_rule(
                        session, rule.id, _version(form), wish, clock=clock, hand=hand
                    )
                return await _show(
                    request, session, fresh(clock, client.id), said=_said(request, applied, ended=False)
                )
    except Fault as fault:
        return await _again(request, of_form(form), rule, fault)
    async with request.app[DATABASE].read() as session:
        return await _show(request, session, of_form(form), rule=rule, conflicts=found)


def _version(form: Form) -> int:
    return form.number("version", least=1, most=10**9)


def _said(request: web.Request, applied: Applied, *, ended: bool) -> str:
    words = translations(request[LANGUAGE])
    parts = [words.gettext("Avslutad.") if ended else words.gettext("Sparat.")]
    told = (
        (applied.made, *NN_("%(num)s kontakt är inlagd.", "%(num)s kontakter är inlagda.")),
        (applied.changed, *NN_("%(num)s kontakt är ändrad.", "%(num)s kontakter är ändrade.")),
        (applied.cancelled, *NN_("%(num)s kontakt är borttagen.", "%(num)s kontakter är borttagna.")),
        (applied.kept, *NN_("%(num)s kontakt är kvar som den var.", "%(num)s kontakter är kvar som de var.")),
    )
    parts += [words.ngettext(one, many, count) % {"num": count} for count, one, many in told if count]
    return " ".join(parts)


async def _client(request: web.Request, session: AsyncSession, client_id: UUID) -> Client:
    client = await session.get(Client, client_id)
    if client is None:
        raise not_found("person")
    await allow(request, session, Action.CONTACT_PLAN, client=client)
    return client


async def _rule(request: web.Request, session: AsyncSession) -> ContactRule:
    key = read_id(request.match_info["id"])
    if key is None:
        raise not_found("upprepning")
    rule = await fetch_rule(session, key)
    await _client(request, session, rule.client_id)
    return rule


async def _show(
    request: web.Request,
    session: AsyncSession,
    filled: Filled,
    *,
    rule: ContactRule | None = None,
    conflicts: list[Conflict] | None = None,
    fault: Fault | None = None,
    said: str | None = None,
) -> web.Response:
    words = translations(request[LANGUAGE])
    clients = await _clients(request, session)
    if rule is not None:
        # Whatever the form says, and whether or not something new may be planned for them.
        chosen: Client | None = await session.get_one(Client, rule.client_id)
    else:
        chosen = next((one for one in clients if str(one.id) == filled.get("client")), None)
    stops = [one for one in conflicts or [] if one.severity is Severity.STOP]
    if fault is not None and fault.place not in FIELDS:
        stops.append(Conflict(fault.code, fault.sentence, Severity.STOP, dict(fault.values)))
    return render(
        request,
        "plan_call.html",
        status=(fault.status if fault else 422) if (fault or conflicts) else 200,
        messages=[{"kind": "good", "text": said}] if said else [],
        form=filled,
        rule=rule,
        clients=clients,
        chosen=chosen,
        channels=[(one.value, words.gettext(word), symbol) for one, word, symbol in CHANNELS],
        windows=[(str(one), words.gettext("%(num)s min före och efter") % {"num": one}) for one in WINDOWS],
        patterns=[
            (one.value, words.gettext(one.words))
            for one in Pattern
            if one is not Pattern.OWN or filled.get("pattern") == Pattern.OWN
        ],
        weekdays=[(str(number), words.gettext(word)) for number, word in enumerate(WEEKDAY_WORDS)],
        staff=await _staff(session, chosen) if chosen else [],
        nurses=await _nurses(session),
        services=await _services(session, request[LANGUAGE]),
        planned=await _planned(session, chosen.id, request.app[CLOCK], words, request[LANGUAGE])
        if chosen
        else [],
        stops=[_in_words(one, words) for one in stops],
        warnings=[
            (_in_words(one, words), one.starts[:4])
            for one in conflicts or []
            if one.severity is Severity.WARN
        ],
        error=_errors(fault, words),
    )


def _errors(fault: Fault | None, words: NullTranslations) -> defaultdict[str, str]:
    """What is wrong, by field; nothing for every other field."""
    found: defaultdict[str, str] = defaultdict(str)
    if fault is not None and fault.place:
        found[fault.place] = fault.say(words.gettext)
    return found


def _in_words(conflict: Conflict, words: NullTranslations) -> str:
    text = words.gettext(conflict.sentence)
    return text % conflict.values if conflict.values else text


async def _clients(request: web.Request, session: AsyncSession) -> list[Client]:
    mine = actor(request).groups(Action.CONTACT_PLAN)
    rows = select(Client).where(Client.care_scope == CareScope.HOME_CARE)
    if mine is not None:
        rows = rows.where(Client.group_id.in_(mine))
    clients = list(await session.scalars(rows))
    hidden = await nameless(request, session, clients)
    clients = [one for one in clients if one.id not in hidden]
    note_list(request, Action.CLIENT_LIST, [(one.id, one.group_id) for one in clients])
    return sorted(clients, key=lambda one: (swedish(one.first_name), swedish(one.last_name)))


async def _staff(session: AsyncSession, client: Client) -> list[tuple[str, str, bool]]:
    """(id, name, known): whom the client knows first, then the others of the group."""
    known = list(
        await session.scalars(
            select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id).order_by(KnownStaff.rank)
        )
    )
    people = {
        one.id: one
        for one in await session.scalars(
            select(Staff).where(
                (Staff.group_id == client.group_id) | Staff.id.in_(known), Staff.active.is_(True)
            )
        )
    }
    first = [people[key] for key in known if key in people]
    rest = sorted((one for key, one in people.items() if key not in known), key=lambda one: swedish(one.name))
    return [(str(one.id), one.name, one in first) for one in (*first, *rest)]


async def _check_staff(
    session: AsyncSession, client: Client, wish: RuleWish, rule: ContactRule | None
) -> None:
    """Whoever is chosen stands in the list, or has it already: to be sent to a home opens its record."""
    if wish.staff_id is None or (rule is not None and rule.staff_id == wish.staff_id):
        return
    if str(wish.staff_id) not in {key for key, _, _ in await _staff(session, client)}:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="staff")


async def _nurses(session: AsyncSession) -> list[tuple[str, str]]:
    rows = await session.scalars(select(Staff).where(Staff.title == Title.NURSE, Staff.active.is_(True)))
    return sorted(((str(one.id), one.name) for one in rows), key=lambda one: swedish(one[1]))


async def _services(session: AsyncSession, language: str) -> list[dict[str, Any]]:
    """The catalogue, what suits the screen first."""
    goals = {
        goal.code: goal.name_en if language == "en" else goal.name_sv
        for goal in await session.scalars(select(GoalType))
    }
    order = {DigitalClass.DIGITAL_FIRST: 0, DigitalClass.DIGITAL_POSSIBLE: 1}
    rows = sorted(
        await session.scalars(
            select(Service).where(Service.active.is_(True), Service.digital_class != DigitalClass.EXTERNAL)
        ),
        key=lambda one: (order.get(one.digital_class, 2), swedish(one.name_sv)),
    )
    return [
        {
            "id": str(one.id),
            "name": one.name_in(language),
            "goal": goals.get(one.goal_type, one.goal_type),
            "minutes": one.video_minutes or one.standard_minutes,
            "hands": not one.digital_class.may_be_digital,
            "health": one.law is Law.HSL,
        }
        for one in rows
    ]


async def _planned(
    session: AsyncSession, client_id: UUID, clock: Clock, words: NullTranslations, language: str
) -> list[dict[str, Any]]:
    """What comes again for the client already."""
    rules = list(
        await session.scalars(
            select(ContactRule)
            .where(
                ContactRule.client_id == client_id,
                ContactRule.ended_at.is_(None),
                (ContactRule.last_day.is_(None)) | (ContactRule.last_day >= clock.today()),
            )
            .options(selectinload(ContactRule.lines))
            .order_by(ContactRule.at)
        )
    )
    rules = [one for one in rules if one.recurrence is not None or one.first_day >= clock.today()]
    services = {
        one.id: one
        for one in await session.scalars(
            select(Service).where(Service.id.in_([line.service_id for rule in rules for line in rule.lines]))
        )
    }
    wanted = [rule.staff_id for rule in rules if rule.staff_id]
    names = {
        one.id: one.first_name for one in await session.scalars(select(Staff).where(Staff.id.in_(wanted)))
    }
    listed = []
    for rule in rules:
        pattern, days = pattern_of(rule.recurrence)
        when = words.gettext(pattern.words)
        if days and pattern in (Pattern.WEEKLY, Pattern.EVERY_OTHER_WEEK):
            when += " " + ", ".join(words.gettext(WEEKDAY_WORDS[day]) for day in days)
        listed.append(
            {
                "id": rule.id,
                "channel": rule.channel.value,
                "at": rule.at.strftime("%H.%M"),
                "what": ", ".join(services[line.service_id].name_in(language) for line in rule.lines),
                "when": when,
                "once": rule.first_day if rule.recurrence is None else None,
                "who": names.get(rule.staff_id) if rule.staff_id else None,
            }
        )
    return listed
