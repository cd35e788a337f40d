""" "Planera samtal": make, change, end and repeat a call or reminder beside the visits, in one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from gettext import NullTranslations
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.contacts.rule import ContactRule
from care.errors import Fault, not_found
from care.ids import read_id
from care.recurrence import Pattern
from care.words import NN_
from scheduler.conflicts import Conflict, Severity, conflicts_of_wish
from scheduler.rules import Applied, RuleWish, change_rule, check_wish, create_rule, end_rule, fetch_rule
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import Form, query, read_form
from server.pages.plan.call_choices import (
    clients_to_plan_for,
    nurses,
    planned_already,
    services_to_plan,
    staff_for,
)
from server.pages.plan.call_form import (
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
from server.security.gate import allow, right
from server.security.hand import hand

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
    clock, by = request.app[CLOCK], hand(request)
    try:
        async with request.app[DATABASE].write() as session:
            applied = await end_rule(session, rule.id, _version(form), clock=clock, hand=by)
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
    clock, by = request.app[CLOCK], hand(request)
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
                    rule, applied = await create_rule(session, wish, clock=clock, hand=by)
                else:
                    applied = await change_rule(session, rule.id, _version(form), wish, clock=clock, hand=by)
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
    clients = await clients_to_plan_for(request, session)
    if rule is not None:
        # Whatever the form says, and whether or not something new may be planned for them.
        chosen: Client | None = await session.get_one(Client, rule.client_id)
    else:
        chosen = next((one for one in clients if str(one.id) == filled.get("client")), None)
    stops = [one for one in conflicts or [] if one.severity is Severity.STOP]
    if fault is not None and fault.place not in FIELDS:
        stops.append(Conflict(fault.code, fault.sentence, Severity.STOP, dict(fault.values)))
    services = await services_to_plan(session, request[LANGUAGE])
    # Rules speak of codes; people of names.
    names = {one["code"]: one["name"] for one in services}
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
        staff=await staff_for(session, chosen) if chosen else [],
        nurses=await nurses(session),
        services=services,
        planned=await planned_already(session, chosen.id, request.app[CLOCK], words, request[LANGUAGE])
        if chosen
        else [],
        stops=[_in_words(one, words, names) for one in stops],
        warnings=[
            (_in_words(one, words, names), one.starts[:4])
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


def _in_words(conflict: Conflict, words: NullTranslations, names: Mapping[str, str]) -> str:
    text = words.gettext(conflict.sentence)
    values = {key: names.get(value, value) for key, value in conflict.values.items()}
    return text % values if values else text


async def _check_staff(
    session: AsyncSession, client: Client, wish: RuleWish, rule: ContactRule | None
) -> None:
    """Whoever is chosen stands in the list, or has it already: to be sent to a home opens its record."""
    if wish.staff_id is None or (rule is not None and rule.staff_id == wish.staff_id):
        return
    if str(wish.staff_id) not in {key for key, _, _ in await staff_for(session, client)}:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="staff")
