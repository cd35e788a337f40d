"""Retention: what would go, a list that one person draws up and another approves, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.accounts import Account
from care.errors import Fault, not_found
from care.ids import new_id, read_id
from care.retention.due import find_due
from care.retention.run import RetentionRun, RunState, approve, withdraw
from server.keys import CLOCK, CONFIGURATION, DATABASE
from server.language import N_
from server.operations.retention import Carrying
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
CARRYING = web.AppKey("retention", Carrying)
_PURPOSE = "retention"
_SHOWN = 20

STATE_WORDS = {
    RunState.PROPOSED: N_("väntar på en annan persons godkännande"),
    RunState.APPROVED: N_("godkänd, inte klar"),
    RunState.DONE: N_("genomförd"),
    RunState.WITHDRAWN: N_("återtagen"),
}
KIND_WORDS = {
    "file_erase": N_("Hela akter som raderas"),
    "file_preserve": N_("Hela akter som arkiveras och sedan tas bort (födda den 5, 15 eller 25)"),
    "social_erase": N_("Personer vars sociala insatser raderas, medan vårdens journal finns kvar"),
    "social_preserve": N_(
        "Personer vars sociala insatser arkiveras och tas bort, medan journalen finns kvar"
    ),
    "contacts": N_("Besök och samtal i dem"),
    "log_entries": N_("Rader i åtkomstloggen, äldre än fem år, som arkiveras"),
}


def setup(app: web.Application) -> None:
    app[CARRYING] = Carrying()
    app.cleanup_ctx.append(_stopped)


async def _stopped(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[CARRYING].stop()


@routes.get("/gallring", name="retention")
@right(Action.RETENTION_MANAGE)
async def retention(request: web.Request) -> web.StreamResponse:
    """What would go today, and the runs so far."""
    async with request.app[DATABASE].read() as session:
        await allow(request, session, Action.RETENTION_MANAGE, thing="retention", purpose=_PURPOSE)
        found = await find_due(session, request.app[CLOCK].today())
        runs = list(
            await session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(_SHOWN))
        )
        wanted = {run.made_by_id for run in runs} | {run.approved_by_id for run in runs}
        people = (
            await session.execute(
                select(Account.id, Account.display_name, Account.staff_id).where(
                    Account.id.in_(wanted - {None})
                )
            )
        ).all()
    names = {row[0]: row[1] for row in people}
    who = actor(request)
    # Another account of one's own is no second person.
    me = {who.account_id} | {row[0] for row in people if row[2] is not None and row[2] == who.staff_id}
    busy = request.app[CARRYING]
    return render(
        request,
        "retention.html",
        found=found,
        counts=[(words, found.counts[kind]) for kind, words in KIND_WORDS.items()],
        runs=[_shown(run, names, me, busy) for run in runs],
        is_waiting=any(run.state in {RunState.PROPOSED, RunState.APPROVED} for run in runs),
        kind_words=KIND_WORDS,
    )


@routes.post("/gallring", name="retention_propose")
@right(Action.RETENTION_MANAGE)
async def propose(request: web.Request) -> web.StreamResponse:
    """Draw up the list of today. One list at a time."""
    app = request.app
    async with app[DATABASE].write() as session:
        await _one_at_a_time(session)
        found = await find_due(session, app[CLOCK].today())
        if found.is_empty:
            raise Fault("retention.nothing", "Det finns inget att gallra.", status=409)
        run = RetentionRun(
            id=new_id(),
            made_at=app[CLOCK].now(),
            made_by_id=_me(request),
            as_of=found.as_of,
            items=[[one.kind.value, str(one.client_id), one.is_preserved] for one in found.due],
            counts=found.counts,
        )
        session.add(run)
        await session.flush()
        await _note(request, session, run, "proposed")
    return go_to(address_of(request, "retention"))


@routes.post("/gallring/{id}/godkann", name="retention_approve")
@right(Action.RETENTION_MANAGE)
async def approve_it(request: web.Request) -> web.StreamResponse:
    """The second person approves; it is then carried out at once, beside the requests."""
    app = request.app
    async with app[DATABASE].write() as session:
        run = await _run(request, session)
        await approve(session, run, _me(request), app[CLOCK].now())
        await _note(request, session, run, "approved")
    app[CARRYING].begin(app[CONFIGURATION], app[DATABASE], app[CLOCK], run.id)
    return go_to(address_of(request, "retention"))


@routes.post("/gallring/{id}/aterta", name="retention_withdraw")
@right(Action.RETENTION_MANAGE)
async def withdraw_it(request: web.Request) -> web.StreamResponse:
    """Take the list back."""
    async with request.app[DATABASE].write() as session:
        run = await _run(request, session)
        await withdraw(session, run)
        await _note(request, session, run, "withdrawn")
    return go_to(address_of(request, "retention"))


@routes.post("/gallring/{id}/fortsatt", name="retention_resume")
@right(Action.RETENTION_MANAGE)
async def resume(request: web.Request) -> web.StreamResponse:
    """Go on with an approved run that was interrupted."""
    app = request.app
    async with app[DATABASE].write() as session:
        run = await _run(request, session)
        await _note(request, session, run, "resumed")
    if run.state is RunState.APPROVED:
        app[CARRYING].begin(app[CONFIGURATION], app[DATABASE], app[CLOCK], run.id)
    return go_to(address_of(request, "retention"))


def _shown(run: RetentionRun, names: dict[UUID, str], me: set[UUID | None], busy: Carrying) -> dict[str, Any]:
    is_under_way = busy.is_busy and busy.run_id == run.id
    return {
        "run": run,
        "state": N_("pågår") if is_under_way else STATE_WORDS[run.state],
        "made_by": names.get(run.made_by_id, ""),
        "approved_by": names.get(run.approved_by_id, "") if run.approved_by_id else "",
        "may_approve": run.state is RunState.PROPOSED and run.made_by_id not in me,
        "may_withdraw": run.state is RunState.PROPOSED,
        "may_resume": run.state is RunState.APPROVED and not is_under_way,
    }


def _me(request: web.Request) -> UUID:
    me = actor(request).account_id
    if me is None:
        raise Fault("right.missing", "Din roll får inte göra det här.", status=403)
    return me


async def _run(request: web.Request, session: AsyncSession) -> RetentionRun:
    known = read_id(request.match_info["id"])
    found = await session.get(RetentionRun, known, with_for_update=True) if known is not None else None
    if found is None:
        raise not_found("gallring")
    return found


async def _one_at_a_time(session: AsyncSession) -> None:
    open_states = [RunState.PROPOSED, RunState.APPROVED]
    if await session.scalar(select(RetentionRun.id).where(RetentionRun.state.in_(open_states)).limit(1)):
        raise Fault("retention.waiting", "Det finns redan en gallring som inte är klar.", status=409)


async def _note(request: web.Request, session: AsyncSession, run: RetentionRun, what: str) -> None:
    await allow(
        request, session, Action.RETENTION_MANAGE, thing=f"retention:{run.id}:{what}", purpose=_PURPOSE
    )
