"""Disruptions and proposals: report what has happened, read what could be done, approve it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.contacts.channel import Channel
from care.disruptions import ChangeKind, ChangeState, DisruptionKind, Proposal
from care.errors import Fault
from care.services import Priority
from scheduler.disruptions.approving import approve
from scheduler.disruptions.report import Report, read_report
from scheduler.disruptions.told import tell_outcome, tell_proposal
from server.api.operation import Nothing, id_of, operation
from server.keys import CLOCK, DATABASE
from server.pages.plan.disruptions import plan_around, record_report
from server.pages.plan.proposals import chosen_changes, find_proposal, may_open, own_changes
from server.security.actor import actor
from server.security.gate import note_list
from server.security.hand import hand

routes = web.RouteTableDef()


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a contact is planned."""

    channel: Channel
    staff: list[UUID]
    start: datetime


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In Swedish and English."""

    sv: str
    en: str


class ProposedChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change; nothing happens until it is approved."""

    id: UUID
    kind: ChangeKind
    contact_id: UUID
    client_id: UUID
    services: list[str]
    priority: Priority
    before: Side
    after: Side
    base_version: int
    rules: list[str]
    reason: Reason
    state: ChangeState


class Unsolved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What needs a person's decision, and why."""

    contact_id: UUID
    rule: str
    reason: Reason


class WholeProposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As `samtid plan disrupt --json` gives it; of one's own groups."""

    proposal_id: UUID
    seconds: float
    changes: list[ProposedChange]
    unsolved: list[Unsolved]
    summary: dict[str, int]


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contact_id: UUID
    code: str
    message: str


class SettledProposal(WholeProposal, frozen=True, forbid_unknown_fields=True):
    """After an approval: the changes that were applied, and those that no longer held."""

    applied: list[UUID]
    refused: list[Refused]


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    disruption_id: UUID
    #: null for what the plan is left alone by (`other`).
    proposal: WholeProposal | None


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which changes: their ids, or null for all that are left in one's own groups."""

    changes: list[UUID] | None


@operation(
    routes,
    "POST",
    "/disruptions",
    name="api_disruption_report",
    action=Action.DISRUPTION_REPORT,
    asked=Nothing,
    sent=Report,
    answer=Reported,
    status=201,
)
async def report(request: web.Request, asked: Nothing, sent: Report) -> dict[str, Any]:  # noqa: ARG001
    """Report a disruption, and get a proposal that changes nothing until somebody approves it."""
    disruption_id = await record_report(request, read_report(msgspec.to_builtins(sent)))
    if sent.kind is DisruptionKind.OTHER:
        return {"disruption_id": disruption_id, "proposal": None}
    proposal_id = await plan_around(request, disruption_id)
    async with request.app[DATABASE].read() as session:
        proposal = await find_proposal(session, proposal_id)
        return {"disruption_id": disruption_id, "proposal": await _told(request, session, proposal)}


@operation(
    routes,
    "GET",
    "/proposals/{id}",
    name="api_proposal",
    action=Action.PROPOSAL_READ,
    asked=Nothing,
    answer=WholeProposal,
)
async def proposal(request: web.Request, asked: Nothing, sent: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """A proposal as it stands."""
    async with request.app[DATABASE].read() as session:
        found = await find_proposal(session, id_of(request))
        await may_open(request, session, found, Action.PROPOSAL_READ)
        return await _told(request, session, found)


@operation(
    routes,
    "POST",
    "/proposals/{id}/approvals",
    name="api_proposal_approve",
    action=Action.PROPOSAL_APPROVE,
    asked=Nothing,
    sent=Approval,
    answer=SettledProposal,
)
async def settle(request: web.Request, asked: Nothing, sent: Approval) -> dict[str, Any]:  # noqa: ARG001
    """Approve some of a proposal's changes, or all that are left; what no longer holds is refused by name."""
    async with request.app[DATABASE].write() as session:
        found = await find_proposal(session, id_of(request))
        await may_open(request, session, found, Action.PROPOSAL_APPROVE)
        mine = await own_changes(request, session, found.id)
        if sent.changes is None:
            ids = [change.id for change in mine if change.state is ChangeState.PROPOSED]
        else:
            ids = await chosen_changes(request, session, found.id, sent.changes, mine)
        if not ids:
            raise Fault(
                "proposal.decided", "Det finns inget kvar att avgöra här.", status=409, place="proposal"
            )
        outcome = await approve(session, found.id, ids, request.app[CLOCK], hand(request))
        return tell_outcome(await _told(request, session, found), outcome)


async def _told(request: web.Request, session: AsyncSession, found: Proposal) -> dict[str, Any]:
    told = await tell_proposal(session, found, actor(request).groups(Action.PROPOSAL_READ))
    note_list(request, Action.PROPOSAL_READ, told.opened)
    return told.json
