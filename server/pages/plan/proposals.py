"""A proposal: read it, approve all, some or none, undo, and take away the list for the planning system."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.disruptions import Change, ChangeState, Disruption, Proposal, ProposalState
from care.errors import Fault, not_found
from care.ids import read_id
from care.municipality import Group
from care.words import NN_
from scheduler.disruptions.approving import Outcome, approve, refuse, undo
from scheduler.disruptions.proposing import next_hour
from scheduler.disruptions.scene import groups_of
from server.exchange.guard import guard
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import Form, read_form
from server.pages.plan.disruption_words import span, title
from server.pages.plan.proposal_view import View, view
from server.pages.rendering import clock_text, render
from server.security.actor import actor
from server.security.gate import allow, note_list, right
from server.security.hand import hand

routes = web.RouteTableDef()


@routes.get("/forslag/{id}", name="proposal")
@right(Action.PROPOSAL_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """The proposal as it stands."""
    return await _show(request, proposal_id_of(request))


@routes.post("/forslag/{id}", name="proposal_settle")
@right(Action.PROPOSAL_APPROVE)
async def settle(request: web.Request) -> web.StreamResponse:
    """``do`` = all, hour, chosen, refuse, undo or undo_all; ``change`` are the ticked ones."""
    form = await read_form(request)
    app, proposal_id = request.app, proposal_id_of(request)
    by = hand(request)
    words = translations(request[LANGUAGE])
    try:
        async with app[DATABASE].write() as session:
            proposal = await find_proposal(session, proposal_id)
            await may_open(request, session, proposal, Action.PROPOSAL_APPROVE)
            outcome, said = await _do(request, session, proposal_id, form, by)
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        messages = [{"kind": "needs", "text": fault.say(words.gettext)}]
        return await _show(request, proposal_id, messages=messages, status=fault.status)
    messages = [
        {"kind": "good", "text": words.ngettext(*said, len(outcome.done)) % {"num": len(outcome.done)}}
    ]
    for _, name, why in outcome.refused:
        messages.append(
            {
                "kind": "needs",
                "text": words.gettext("%(client)s: inte ändrad. %(why)s")
                % {"client": name, "why": why.say(words.gettext)},
            }
        )
    return await _show(request, proposal_id, messages=messages)


async def _do(
    request: web.Request, session: AsyncSession, proposal_id: UUID, form: Form, by: Hand
) -> tuple[Outcome, tuple[str, str]]:
    clock, deed = request.app[CLOCK], form.text("do")
    mine = await own_changes(request, session, proposal_id)
    left = [change for change in mine if change.state is ChangeState.PROPOSED]
    match deed:
        case "all":
            ids = [change.id for change in left]
        case "hour":
            ids = [change.id for change in next_hour(left, clock.now())]
        case "chosen" | "refuse" | "undo":
            ids = await chosen_changes(request, session, proposal_id, form.ids("change"), mine)
        case "undo_all":
            ids = [change.id for change in mine if change.state is ChangeState.APPLIED]
        case _:
            raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="do")
    if not ids and deed in {"all", "hour", "undo_all"}:
        raise Fault("proposal.decided", "Det finns inget kvar att avgöra här.", status=409, place="proposal")
    if not ids:
        raise Fault("proposal.none", "Kryssa i minst en ändring.", place="change")
    if deed.startswith("undo"):
        said = NN_("%(num)s ändring är ångrad.", "%(num)s ändringar är ångrade.")
        return await undo(session, proposal_id, ids, clock, by), said
    if deed == "refuse":
        said = NN_("%(num)s ändring avstås.", "%(num)s ändringar avstås.")
        return await refuse(session, proposal_id, ids, clock, by), said
    said = NN_("%(num)s ändring är godkänd.", "%(num)s ändringar är godkända.")
    return await approve(session, proposal_id, ids, clock, by), said


async def chosen_changes(
    request: web.Request, session: AsyncSession, proposal_id: UUID, wanted: list[UUID], mine: list[Change]
) -> list[UUID]:
    """Those that are `wanted`, each once.

    Another group's, or another proposal's, are none of one's business: 404.
    """
    ids = list(dict.fromkeys(wanted))
    others = set(ids) - {change.id for change in mine}
    if not others:
        return ids
    for group in await session.scalars(
        select(Change.group_id).where(Change.id.in_(others), Change.proposal_id == proposal_id).distinct()
    ):
        await allow(request, session, Action.PROPOSAL_APPROVE, group=group, thing=f"proposal:{proposal_id}")
    raise not_found("ändring")


async def own_changes(request: web.Request, session: AsyncSession, proposal_id: UUID) -> list[Change]:
    """The changes in the actor's own groups: nobody approves for another group.

    A contact that has moved to another group since the proposal was made is not one's own any more.
    """
    mine = actor(request).groups(Action.PROPOSAL_APPROVE)
    found = await session.execute(
        select(Change, PlannedContact.group_id)
        .join(PlannedContact, PlannedContact.id == Change.contact_id)
        .where(Change.proposal_id == proposal_id)
        .order_by(Change.seq)
    )
    return [change for change, group in found if mine is None or {change.group_id, group} <= mine]


@routes.get("/forslag/{id}/lista", name="proposal_list")
@right(Action.PROPOSAL_READ)
async def change_list(request: web.Request) -> web.StreamResponse:
    """What to change in the planning system, to print."""
    return await _show(request, proposal_id_of(request), template="proposal_list.html")


@routes.get("/forslag/{id}/lista.csv", name="proposal_csv")
@right(Action.PROPOSAL_READ)
async def change_csv(request: web.Request) -> web.StreamResponse:
    """The same as a semicolon file that Swedish spreadsheets open."""
    app = request.app
    async with app[DATABASE].read() as session:
        proposal = await find_proposal(session, proposal_id_of(request))
        await may_open(request, session, proposal, Action.PROPOSAL_READ)
        shown = await _view(request, session, proposal)
    zone = app[CLOCK].zone
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            "extern_id",
            "brukare",
            "insatser",
            "kanal_nu",
            "start_nu",
            "personal_nu",
            "kanal",
            "datum",
            "start",
            "personal",
        ]
    )
    for row in shown.rows:
        if row.state is ChangeState.APPLIED:
            writer.writerow(
                [
                    guard(cell)
                    for cell in (
                        row.extern_id or "", row.client, row.services,
                        row.before.channel or "", clock_text(row.before.start, zone), row.before.staff,
                        row.after.channel or "", row.after.day.isoformat(), clock_text(row.after.start, zone),
                        row.after.staff,
                    )
                ]
            )  # fmt: skip
    return web.Response(
        body=out.getvalue().encode("utf-8-sig"),
        content_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="andringar.csv"'},
    )


def proposal_id_of(request: web.Request) -> UUID:
    found = read_id(request.match_info["id"])
    if found is None:
        raise not_found("förslag")
    return found


async def find_proposal(session: AsyncSession, proposal_id: UUID) -> Proposal:
    proposal = await session.get(Proposal, proposal_id)
    if proposal is None:
        raise not_found("förslag")
    return proposal


async def _groups(session: AsyncSession, proposal: Proposal) -> set[UUID]:
    """The groups that the proposal is about."""
    disruption = await session.get_one(Disruption, proposal.disruption_id)
    changed = await session.scalars(
        select(Change.group_id).where(Change.proposal_id == proposal.id).distinct()
    )
    return {*changed, *await groups_of(session, disruption)}


async def may_open(request: web.Request, session: AsyncSession, proposal: Proposal, action: Action) -> None:
    """Some of it must lie in one's own groups; the rest is not shown."""
    mine = actor(request).groups(action)
    groups = await _groups(session, proposal)
    own = groups if mine is None else groups & mine
    for group in sorted(own or groups):
        await allow(request, session, action, group=group, thing=f"proposal:{proposal.id}")
    if not own:
        raise not_found("förslag")


async def _newer(request: web.Request, session: AsyncSession, proposal: Proposal) -> UUID | None:
    """The proposal that has taken this one's place, if one may read it."""
    mine = actor(request).groups(Action.PROPOSAL_READ)
    groups = await _groups(session, proposal)
    later = await session.scalars(
        select(Proposal)
        .where(
            Proposal.id > proposal.id,
            Proposal.state.in_([ProposalState.OPEN, ProposalState.SETTLED]),
        )
        .order_by(Proposal.id.desc())
    )
    for one in later:
        theirs = await _groups(session, one)
        if theirs & groups and (mine is None or theirs & mine):
            return one.id
    return None


async def _view(request: web.Request, session: AsyncSession, proposal: Proposal) -> View:
    shown = await view(
        session,
        proposal,
        groups=actor(request).groups(Action.PROPOSAL_READ),
        now=request.app[CLOCK].now(),
        language=request[LANGUAGE],
    )
    note_list(request, Action.PROPOSAL_READ, shown.opened)
    return shown


async def _show(
    request: web.Request,
    proposal_id: UUID,
    *,
    template: str = "proposal.html",
    messages: list[dict[str, str]] | None = None,
    status: int = 200,
) -> web.StreamResponse:
    app, language = request.app, request[LANGUAGE]
    words = translations(language)
    async with app[DATABASE].read() as session:
        proposal = await find_proposal(session, proposal_id)
        await may_open(request, session, proposal, Action.PROPOSAL_READ)
        shown = await _view(request, session, proposal)
        disruption = await session.get_one(Disruption, proposal.disruption_id)
        groups = {str(group.id): group for group in await session.scalars(select(Group))}
        superseded = proposal.state is ProposalState.SUPERSEDED
        newer = await _newer(request, session, proposal) if superseded else None
    context: dict[str, Any] = {
        "proposal": proposal,
        "newer": newer,
        "heading": title(disruption, groups, words.gettext, words.ngettext),
        "span": span(disruption.start, disruption.end, language, app[CLOCK].zone),
        "note": disruption.note,
        "rows": shown.rows,
        "needs": shown.needs,
        "sums": shown.sums,
        "effect": proposal.effect,
        "open": [row for row in shown.rows if row.state is ChangeState.PROPOSED],
        "soon": [row for row in shown.rows if row.state is ChangeState.PROPOSED and row.is_soon],
        "applied": [row for row in shown.rows if row.state is ChangeState.APPLIED],
        "may_approve": actor(request).may(Action.PROPOSAL_APPROVE),
        "is_open": not superseded,
    }
    return render(request, template, status=status, messages=messages or [], **context)
