""" "Systemet var borta": every outage with its contacts, until somebody has said what became of each.

What was done is entered with its own times and marked as entered afterwards; what nobody knows is left to a
named person. Tablets that were silent on their own are listed beside: their homes had no calls either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from care.access.rights import Action
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.performing import enter_late
from care.contacts.step import fetch
from care.errors import Fault, not_found, stale
from care.ids import read_id
from care.tasks import Task, TaskKind
from scheduler.outages import Outage, check_of, leave_to, outages
from scheduler.resolving import fetch_task
from scheduler.silences import Silence, silences
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.contact.deeds import read_times
from server.pages.contact.standing import standings
from server.pages.form import Form, read_form
from server.pages.needs.needs import at_work
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, nameless, note_list, right
from server.security.hand import hand

routes = web.RouteTableDef()
#: In one form: a day of the largest group.
MOST = 500


class Answer(StrEnum):
    """What is said of a row that fell into an outage."""

    NOT_YET = ""
    DONE = "done"
    FOLLOW = "follow"


@dataclass(slots=True)
class Given:
    """What was sent and could not be saved, to be shown again."""

    outage: UUID | None = None
    form: Form | None = None
    #: Row → what is wrong with it, in words; the page as a whole is `None`.
    wrong: dict[UUID | None, str] = field(default_factory=dict)
    saved: int = 0

    def text(self, name: str, otherwise: str = "") -> str:
        """What stood in that field."""
        return otherwise if self.form is None or name not in self.form else self.form.text(name)


@routes.get("/systemet-var-borta", name="outages")
@right(Action.TASK_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """The latest outage first, what waits in it first."""
    return await _show(request, Given())


@routes.post("/systemet-var-borta/{id}", name="outage_save")
@right(Action.CONTACT_RESOLVE)
async def save(request: web.Request) -> web.StreamResponse:
    """``row`` many times; for each ``do-<row>`` = done (``start-``, ``end-``, ``phone-``) or follow (``to``).

    Rows that are right are saved whatever is wrong with the others; those are shown again with why.
    """
    form = await read_form(request)
    task_id = read_id(request.match_info["id"])
    if task_id is None:
        raise not_found("uppgift")
    given = Given(task_id, form)
    async with request.app[DATABASE].read() as session:
        task = await session.get(Task, task_id)
        if task is None or task.kind is not TaskKind.SYSTEM_WAS_AWAY:
            raise not_found("uppgift")
        await allow(request, session, Action.CONTACT_RESOLVE, group=task.group_id, thing=f"task:{task.id}")
    for row_id in dict.fromkeys(form.ids("row")[:MOST]):
        try:
            answer = form.one_of(f"do-{row_id}", Answer, Answer.NOT_YET)
            if answer is not Answer.NOT_YET:
                await _save_row(request, task_id, row_id, answer, form)
                given.saved += 1
        except Fault as fault:
            if fault.status not in (409, 422):
                raise
            given.wrong[row_id] = fault.say(translations(request[LANGUAGE]).gettext)
    if given.wrong:
        return await _show(request, given, status=422)
    return go_to(address_of(request, "outages") + f"#a-{task_id}")


async def _save_row(request: web.Request, task_id: UUID, row_id: UUID, answer: Answer, form: Form) -> None:
    clock = request.app[CLOCK]
    async with request.app[DATABASE].write() as session:
        task = await fetch_task(session, task_id)
        row = await session.get(PlannedContact, row_id)
        if row is None:
            raise not_found("kontakt")
        await allow(request, session, Action.CONTACT_RESOLVE, contact=row)
        row = await fetch(session, row_id)
        check_of(task, row)
        if row.version != form.number(f"version-{row_id}", least=1, most=10**9):
            raise stale("kontakten")
        if answer is Answer.FOLLOW:
            to = form.id("to")
            if to not in {one.id for one in await at_work(request, session, [row.group_id])}:
                raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="to")
            await leave_to(session, task, row, to, clock=clock, hand=hand(request))
            return
        start, end = read_times(form, row, clock.zone, first=f"start-{row_id}", last=f"end-{row_id}")
        by_phone = row.channel is not Channel.PHONE and form.flag(f"phone-{row_id}")
        await enter_late(session, row, start, end, at=clock.now(), hand=hand(request), by_phone=by_phone)


async def _show(request: web.Request, given: Given, *, status: int = 200) -> web.StreamResponse:
    clock = request.app[CLOCK]
    now = clock.now()
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.TASK_READ)
        ids = [group.id for group in groups]
        found = await outages(session, ids, now)
        silent = await silences(session, ids, now)
        rows = _rows(found, silent)
        hidden = await nameless(request, session, [row.client for row in rows])
        states = await standings(session, rows, now)
        people = {
            one.task.group_id: await at_work(request, session, [one.task.group_id])
            for one in found
            if one.left
        }
    note_list(request, Action.TASK_READ, sorted(_shown(found, silent, hidden)))
    return render(
        request,
        "outages.html",
        status=status,
        outages=found,
        silences=silent,
        states=states,
        hidden=hidden,
        people=people,
        names={group.id: group.name for group in groups},
        given=given,
        ends=lambda row: row.start + timedelta(minutes=row.minutes),
        may_answer=actor(request).may(Action.CONTACT_RESOLVE),
        may_close=actor(request).may(Action.TASK_CLOSE),
    )


def _rows(found: list[Outage], silent: list[Silence]) -> list[PlannedContact]:
    rows = [row for one in found for row in (*one.left, *one.followed, *one.done)]
    return rows + [row for one in silent for row in one.rows]


def _shown(found: list[Outage], silent: list[Silence], hidden: frozenset[UUID]) -> set[tuple[UUID, UUID]]:
    shown = {(row.client.id, row.client.group_id) for row in _rows(found, silent)}
    shown |= {(one.client.id, one.client.group_id) for one in silent if not one.client.is_protected}
    return {pair for pair in shown if pair[0] not in hidden}
