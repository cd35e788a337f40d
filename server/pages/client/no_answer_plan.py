"""What is agreed with one client for when nobody answers: risk, own minutes, whom to ring in which order."""

from __future__ import annotations

import hashlib

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client, ContactPerson, Risk, contact_persons
from care.errors import Fault, not_found, stale
from care.ids import new_id
from care.no_answer.case import NoAnswerPlan, how_many, plan_of
from care.no_answer.step import Step
from care.no_answer.times import CHANGEABLE, DEFAULTS, LONGEST, check_wish
from care.outbox import announce
from server.keys import CLOCK, DATABASE
from server.language import N_
from server.pages.client.changing import changing, find_client
from server.pages.contact.no_answer_words import HEADINGS
from server.pages.form import Form, read_form
from server.pages.needs.onward import link, onward
from server.pages.rendering import address_of, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
ADVICE = 300
RISKS: dict[Risk, tuple[str, str]] = {
    Risk.LOW: (N_("Låg"), N_("Som normal för det som rör trygghet.")),
    Risk.NORMAL: (N_("Normal"), N_("Någon åker efter 25 minuter utan svar.")),
    Risk.HIGH: (
        N_("Hög"),
        N_("Någon åker efter 10 minuter utan svar. De andra stegen görs under tiden."),
    ),
}


@routes.get("/brukare/{id}/inget-svar", name="no_answer_plan")
@right(Action.CLIENT_CHANGE)
async def plan_page(request: web.Request) -> web.StreamResponse:
    """The plan, with what holds for everybody beside it."""
    async with request.app[DATABASE].read() as session:
        client = await find_client(session, request)
        await allow(request, session, Action.CLIENT_CHANGE, client=client, thing="client:no_answer")
        plan = await plan_of(session, client.id)
        persons = [] if client.is_protected else await contact_persons(session, client.id)
        count = await how_many(session, client.id, request.app[CLOCK].now())
    return render(
        request,
        "no_answer_plan.html",
        client=client,
        plan=plan,
        persons=persons,
        unanswered=count,
        risks=RISKS,
        steps=[(step, HEADINGS[step], _default(client.risk, step), _own(plan, step)) for step in CHANGEABLE],
        most=LONGEST,
        longest=ADVICE,
        seen=seen(client, plan),
        client_href=link(request, "client", id=client.id),
    )


@routes.post("/brukare/{id}/inget-svar", name="no_answer_plan_save")
@right(Action.CLIENT_CHANGE)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep the plan. It holds from the next contact that nobody answers."""
    form, clock = await read_form(request), request.app[CLOCK]
    minutes = {step: number for step in CHANGEABLE if (number := _number(form, step)) is not None}
    check_wish(minutes)
    async with changing(request, Action.CLIENT_CHANGE, "client:no_answer") as (session, client):
        plan = await plan_of(session, client.id)
        if form.text("seen") != seen(client, plan):
            raise stale("uppgifterna")
        client.risk = form.one_of("risk", Risk)
        if plan is None:
            plan = NoAnswerPlan(id=new_id(), client_id=client.id)
            session.add(plan)
        plan.minutes = {step.value: number for step, number in minutes.items()}
        plan.at_once = form.flag("at_once")
        plan.advice = form.text("advice", longest=ADVICE) or None
        plan.changed_at, plan.changed_by_id = clock.now(), actor(request).account_id
        await session.flush()
        await announce(session, clock.now(), "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, link(request, "client", id=client.id) or "/")


@routes.post("/brukare/{id}/kontaktperson", name="contact_person_first")
@right(Action.CLIENT_CHANGE)
async def put_first(request: web.Request) -> web.StreamResponse:
    """Ring this contact person first; the others keep their order."""
    form, now = await read_form(request), request.app[CLOCK].now()
    chosen = form.id("person")
    async with changing(request, Action.CLIENT_CHANGE, "client:contact_persons") as (session, client):
        await order(session, client, chosen)
        await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, address_of(request, "no_answer_plan", id=client.id))


async def order(session: AsyncSession, client: Client, chosen: object) -> None:
    """Put one first. Raises `Fault` ``not_found`` for somebody else's."""
    persons = list(
        await session.scalars(
            select(ContactPerson)
            .where(ContactPerson.client_id == client.id)
            .order_by(ContactPerson.rank, ContactPerson.id)
        )
    )
    first = [one for one in persons if one.id == chosen]
    if not first:
        raise not_found("person")
    for rank, one in enumerate([*first, *(one for one in persons if one.id != chosen)]):
        one.rank = rank
    await session.flush()


def seen(client: Client, plan: NoAnswerPlan | None) -> str:
    """A mark of what the form showed, so that nobody overwrites what somebody else has just written."""
    text = f"{client.risk}\x1f" + (f"{plan.minutes}{plan.at_once}{plan.advice}" if plan else "")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _number(form: Form, step: Step) -> int | None:
    """Minutes, or None for an empty field: as for everybody."""
    if not form.text(step.value):
        return None
    try:
        return form.number(step.value, least=0, most=LONGEST)
    except Fault as fault:
        raise Fault(
            "no_answer.times", "Skriv minuter från 0 till %(most)s.", place=fault.place,
            values={"most": LONGEST},
        ) from None  # fmt: skip


def _default(risk: Risk, step: Step) -> int:
    level = Risk.NORMAL if risk is Risk.LOW else risk
    return DEFAULTS[level][step]


def _own(plan: NoAnswerPlan | None, step: Step) -> int | None:
    return plan.minutes.get(step.value) if plan is not None else None
