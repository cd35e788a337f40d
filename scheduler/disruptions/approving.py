"""Approving a proposal: all of it, some, or none; and undoing what has not started.

Each change is checked again at that moment: the row's version, its state, and the hard rules for its new
channel. A change that no longer holds is refused by name and marked stale; the others go through, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import judge
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, step
from care.disruptions import Change, ChangeKind, ChangeState, Proposal, ProposalState
from care.errors import Fault, not_found
from care.outbox import announce
from scheduler.disruptions.telling import take_back, tell


@dataclass(slots=True)
class Outcome:
    """What came of an approval or an undoing."""

    done: list[Change] = field(default_factory=list)
    #: (change, client's short name, why it was refused in words)
    refused: list[tuple[Change, str, Fault]] = field(default_factory=list)


async def approve(
    session: AsyncSession, proposal_id: UUID, change_ids: Sequence[UUID] | None, clock: Clock, hand: Hand
) -> Outcome:
    """Apply the named changes, or every proposed one when `change_ids` is None.

    A named change that has been decided already is refused by name: somebody else was first.
    Raises `Fault` ``not_found`` for an unknown proposal or a change of another one, and
    ``proposal.closed`` (409) when a newer proposal has taken its place.
    """
    proposal = await _open(session, proposal_id)
    changes = await _changes(session, proposal_id, change_ids)
    outcome = Outcome()
    for change in changes:
        if change.state is not ChangeState.PROPOSED:
            if change_ids is not None:
                outcome.refused.append((change, await _name(session, change), _decided()))
            continue
        try:
            async with session.begin_nested():
                await _apply(session, change, clock, hand)
        except Fault as fault:
            change.state = ChangeState.STALE
            outcome.refused.append((change, await _name(session, change), fault))
        else:
            change.state = ChangeState.APPLIED
            outcome.done.append(change)
        change.settled_at, change.settled_by_id = clock.now(), hand.account_id
    await _settle(session, proposal)
    await _announce(session, proposal, outcome.done, clock)
    return outcome


async def refuse(
    session: AsyncSession, proposal_id: UUID, change_ids: Sequence[UUID] | None, clock: Clock, hand: Hand
) -> Outcome:
    """Say no to the named changes, or to every one still open."""
    proposal = await _open(session, proposal_id)
    outcome = Outcome()
    for change in await _changes(session, proposal_id, change_ids):
        if change.state is ChangeState.PROPOSED:
            change.state = ChangeState.REFUSED
            change.settled_at, change.settled_by_id = clock.now(), hand.account_id
            outcome.done.append(change)
    await _settle(session, proposal)
    return outcome


async def undo(
    session: AsyncSession, proposal_id: UUID, change_ids: Sequence[UUID] | None, clock: Clock, hand: Hand
) -> Outcome:
    """Put applied changes back as they were, as long as the rows have not started or been changed since."""
    proposal = await session.get(Proposal, proposal_id)
    if proposal is None:
        raise not_found("förslag")
    outcome = Outcome()
    for change in await _changes(session, proposal_id, change_ids):
        if change.state is not ChangeState.APPLIED:
            continue
        try:
            async with session.begin_nested():
                await _take_back(session, change, clock, hand)
        except Fault as fault:
            outcome.refused.append((change, await _name(session, change), fault))
        else:
            change.state = ChangeState.UNDONE
            change.settled_at, change.settled_by_id = clock.now(), hand.account_id
            outcome.done.append(change)
    await session.flush()
    await _announce(session, proposal, outcome.done, clock)
    return outcome


def _decided() -> Fault:
    return Fault("change.decided", "Någon har redan avgjort den.", status=409, place="change")


async def _open(session: AsyncSession, proposal_id: UUID) -> Proposal:
    proposal = await session.scalar(select(Proposal).where(Proposal.id == proposal_id).with_for_update())
    if proposal is None:
        raise not_found("förslag")
    if proposal.state in (ProposalState.SUPERSEDED, ProposalState.DISCARDED):
        raise Fault(
            "proposal.closed",
            "Det finns ett nyare förslag. Öppna det i stället. Inget är ändrat.",
            status=409,
            place="proposal",
        )
    return proposal


async def _changes(
    session: AsyncSession, proposal_id: UUID, change_ids: Sequence[UUID] | None
) -> list[Change]:
    query = select(Change).where(Change.proposal_id == proposal_id).order_by(Change.seq)
    if change_ids is not None:
        query = query.where(Change.id.in_(change_ids))
    changes = list(await session.scalars(query))
    if change_ids is not None and len(changes) != len(set(change_ids)):
        raise not_found("ändring")
    return changes


async def _apply(session: AsyncSession, change: Change, clock: Clock, hand: Hand) -> None:
    contact = await fetch(session, change.contact_id, change.base_version)
    _check_untouched(contact)
    if change.kind is ChangeKind.CANCEL:
        await step(
            session,
            contact,
            Status.CANCELLED,
            at=clock.now(),
            hand=hand,
            event="proposal",
            cause=Cause.CLIENT_AWAY,
        )
    else:
        await _check_channel(session, contact, Channel(change.after["channel"]), clock)
        await alter(
            session,
            contact,
            at=clock.now(),
            hand=hand,
            event="proposal",
            reason=change.reason,
            staff=[UUID(one) for one in change.after["staff"]],
            touched=True,
            **_fields(contact, change.after),
        )
    change.applied_version = contact.version
    await tell(session, change, clock.now(), _facts(change))


async def _take_back(session: AsyncSession, change: Change, clock: Clock, hand: Hand) -> None:
    contact = await fetch(session, change.contact_id, change.applied_version)
    if change.kind is ChangeKind.CANCEL:
        await step(session, contact, Status.PLANNED, at=clock.now(), hand=hand, event="undone", cause=None)
    else:
        _check_untouched(contact)
        await _check_channel(session, contact, Channel(change.before["channel"]), clock)
        await alter(
            session,
            contact,
            at=clock.now(),
            hand=hand,
            event="undone",
            staff=[UUID(one) for one in change.before["staff"]],
            **_fields(contact, change.before),
        )
    await take_back(session, change, clock.now())


def _check_untouched(contact: PlannedContact) -> None:
    if not contact.status.is_untouched or contact.actual_start is not None:
        raise Fault(
            "contact.started", "Kontakten har redan börjat eller är avslutad.", status=409, place="status"
        )


async def _check_channel(
    session: AsyncSession, contact: PlannedContact, channel: Channel, clock: Clock
) -> None:
    """What may not be digital is not moved there, whatever was true when the proposal was made."""
    if not channel.is_digital or channel is contact.channel:
        return
    facts = await gather_facts(session, [contact.id], clock)
    verdict = judge(facts[contact.id], channel)
    if not verdict.allowed:
        first = verdict.against[0]
        raise Fault(f"digital.{first.rule}", first.sentence, status=409, place="channel", values=first.values)


def _fields(contact: PlannedContact, wanted: dict[str, Any]) -> dict[str, Any]:
    start = datetime.fromisoformat(wanted["start"])
    day = date.fromisoformat(wanted["date"])
    fields: dict[str, Any] = {
        "channel": Channel(wanted["channel"]),
        "start": start,
        "minutes": int(wanted["minutes"]),
        "planned_date": day,
    }
    if day != contact.planned_date:
        # The window follows to the new day, as wide as it was.
        shift = start - contact.start
        fields["window_start"], fields["window_end"] = (
            contact.window_start + shift,
            contact.window_end + shift,
        )
    return fields


def _facts(change: Change) -> dict[str, Any]:
    """What the sentence on the tablet is made of: ids and times, names are read when it is shown."""
    after = change.after
    return {
        "kind": change.kind.value,
        "channel": after.get("channel"),
        "channel_before": change.before.get("channel"),
        "start": after.get("start"),
        "date": after.get("date"),
        "staff": after.get("staff", []),
    }


async def _name(session: AsyncSession, change: Change) -> str:
    client = await session.get(Client, change.client_id)
    return client.short_name if client is not None else ""


async def _settle(session: AsyncSession, proposal: Proposal) -> None:
    """A proposal with nothing left to decide is settled."""
    await session.flush()
    left = await session.scalar(
        select(func.count())
        .select_from(Change)
        .where(Change.proposal_id == proposal.id, Change.state == ChangeState.PROPOSED)
    )
    proposal.state = ProposalState.OPEN if left else ProposalState.SETTLED
    await session.flush()


async def _announce(session: AsyncSession, proposal: Proposal, changes: list[Change], clock: Clock) -> None:
    if changes:
        await announce(
            session,
            clock.now(),
            "proposal.applied",
            proposal=proposal.id,
            changes=[str(one.id) for one in changes],
        )
