"""One emergency opening: who, whom, why, what was opened through it, and the manager's judgement."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import EmergencyOpening, judge, task_of
from care.access.finding import LONGEST, Finding
from care.access.log import AccessLog
from care.access.rights import Action
from care.accounts import display_names
from care.clients import Client
from care.errors import Fault, not_found
from care.ids import read_id
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.access_log.lines import in_words, is_emergency, people
from server.pages.access_log.review import REVIEW
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
#: An answer may leave a moment after the hour.
_AFTER = timedelta(minutes=1)


@routes.get("/logg/nodoppning/{id}", name="log_emergency")
@right(Action.LOG_REVIEW)
async def page(request: web.Request) -> web.StreamResponse:
    """The opening and its lines."""
    return await _show(request)


@routes.post("/logg/nodoppning/{id}", name="log_emergency_judge")
@right(Action.LOG_REVIEW)
async def judge_it(request: web.Request) -> web.StreamResponse:
    """``finding`` and ``note``; closes the manager's task."""
    form = await read_form(request)
    try:
        async with request.app[DATABASE].write() as session:
            opening = await _opening(request, session)
            await judge(
                session,
                opening,
                form.one_of("finding", Finding),
                form.text("note", longest=LONGEST),
                now=request.app[CLOCK].now(),
                account_id=actor(request).account_id,
            )
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        return await _show(request, form, fault)
    return go_to(address_of(request, "log_emergency", id=opening.id))


async def _opening(request: web.Request, session: AsyncSession) -> EmergencyOpening:
    key = read_id(request.match_info["id"])
    found = await session.get(EmergencyOpening, key) if key is not None else None
    if found is None:
        raise not_found("nödöppning")
    await allow(
        request, session, Action.LOG_REVIEW, group=found.group_id, thing=f"emergency:{found.id}",
        purpose=REVIEW,
    )  # fmt: skip
    return found


async def _show(
    request: web.Request, form: Form | None = None, fault: Fault | None = None
) -> web.StreamResponse:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    async with request.app[DATABASE].read() as session:
        opening = await _opening(request, session)
        client = await session.get_one(Client, opening.client_id)
        entries = await session.scalars(
            select(AccessLog)
            .where(
                AccessLog.client_id == opening.client_id,
                AccessLog.account_id == opening.account_id,
                AccessLog.at >= opening.at,
                AccessLog.at <= opening.ends + _AFTER,
            )
            .order_by(AccessLog.seq)
        )
        lines = await in_words(request, session, [one for one in entries if is_emergency(one)])
        who = (await people(session, [opening.account_id]))[opening.account_id]
        task = await task_of(session, opening)
        judged_by = await display_names(session, [task.closed_by_id] if task else [])
    return render(
        request,
        "log_emergency.html",
        status=fault.status if fault else 200,
        opening=opening,
        who=who,
        client=client,
        lines=lines,
        task=task,
        judged_by=judged_by.get(task.closed_by_id, "") if task and task.closed_by_id else "",
        is_own=actor(request).account_id == opening.account_id
        or (who.staff_id is not None and who.staff_id == actor(request).staff_id),
        note=form.text("note", longest=10_000)[:LONGEST] if form else "",
        error=fault.say(say) if fault else None,
        longest=LONGEST,
    )
