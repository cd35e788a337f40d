"""A stored proposal as programs read it: the same JSON on the command line and through the API."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.contacts.contact import ContactLine, PlannedContact
from care.disruptions import Change, Proposal
from scheduler.disruptions.approving import Outcome
from scheduler.disruptions.proposing import in_json, sums


@dataclass(frozen=True, slots=True)
class Told:
    """The proposal, and whose data it is: ``(client, group)`` for the access log."""

    json: dict[str, Any]
    opened: list[tuple[UUID, UUID]]


async def tell_proposal(
    session: AsyncSession, proposal: Proposal, groups: AbstractSet[UUID] | None = None
) -> Told:
    """The proposal, whole or for some `groups`: then with their changes, needs and sums alone."""
    changes = [
        change
        for change in await session.scalars(
            select(Change).where(Change.proposal_id == proposal.id).order_by(Change.seq)
        )
        if groups is None or change.group_id in groups
    ]
    needs = {UUID(one["contact_id"]) for one in proposal.unsolved}
    contacts = {
        row.id: row
        for row in await session.scalars(
            select(PlannedContact)
            .where(PlannedContact.id.in_(needs | {change.contact_id for change in changes}))
            .options(selectinload(PlannedContact.lines).selectinload(ContactLine.service))
        )
        # Who has moved to another group since is that group's to see.
        if groups is None or row.group_id in groups
    }
    changes = [change for change in changes if change.contact_id in contacts]
    services = {key: [line.service.code for line in row.lines] for key, row in contacts.items()}
    told = in_json(proposal, changes, contacts, services)
    if groups is not None:
        told["unsolved"] = [one for one in proposal.unsolved if UUID(one["contact_id"]) in contacts]
        unchanged = sum(
            count for group, count in proposal.effect.get("unchanged", {}).items() if UUID(group) in groups
        )
        told["summary"] = sums(changes, len(told["unsolved"]), unchanged)
    return Told(told, sorted({(row.client_id, row.group_id) for row in contacts.values()}))


def tell_outcome(told: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """`told` with what came of an approval: what was applied, and what was refused and why."""
    return {
        **told,
        "applied": [str(change.id) for change in outcome.done],
        "refused": [
            {"contact_id": str(change.contact_id), "code": fault.code, "message": fault.say()}
            for change, _, fault in outcome.refused
        ],
    }
