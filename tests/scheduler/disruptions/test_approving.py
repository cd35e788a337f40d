"""Approval asks everything again: what no longer holds is refused by name, the rest goes through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from care.clients import Client
from care.clock import StandingClock
from care.consent import Consent
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, step
from care.disruptions import Change, ChangeKind, ChangeState, DisruptionKind, Proposal, ProposalState
from care.errors import Fault
from care.ids import new_id
from care.notices import Notice
from care.outbox import OutboxEvent
from care.staff import Staff
from care.storage.database import Database
from scheduler.disruptions.approving import Outcome, approve, refuse, undo
from tests.builders import (
    make_change,
    make_client,
    make_contact,
    make_digital,
    make_disruption,
    make_proposal,
    make_staff,
    make_town,
    moment,
)

HAND = Hand("test")


class Desk:
    """One proposal: Ingrid by video with Bo, Karl ten minutes later, Stig tomorrow."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock
        self.proposal: Proposal
        self.anna: Staff
        self.bo: Staff
        self.ingrid: Change
        self.karl: Change
        self.stig: Change

    async def build(self) -> None:
        async with self.database.write() as session:
            town = await make_town(session)
            self.anna, self.bo = await make_staff(session, town), await make_staff(session, town, "Bo")
            disruption = await make_disruption(
                session, DisruptionKind.STAFF_ABSENT, scope={"staff": [self.anna.id]}
            )
            self.proposal = await make_proposal(session, disruption)
            rows = []
            for number, name in enumerate(("Ingrid", "Karl", "Stig")):
                client = await make_client(session, town, name)
                await make_digital(session, client, self.clock.now())
                rows.append(
                    await make_contact(
                        session, client, town.services["SO-SAM" if number == 2 else "TI-DAG"],
                        f"2026-12-01 {9 + number:02}:00", staff=[self.anna],
                    )
                )  # fmt: skip
            was: dict[str, Any] = {"staff": [self.anna]}
            self.ingrid = await make_change(
                session, self.proposal, rows[0], ChangeKind.MOVE, **was, to=[self.bo], channel=Channel.VIDEO
            )
            self.karl = await make_change(session, self.proposal, rows[1], **was, later=10, seq=2)
            self.stig = await make_change(
                session, self.proposal, rows[2], ChangeKind.POSTPONE, **was, days=1, seq=3
            )

    async def approve(self, *changes: Change) -> Outcome:
        async with self.database.write() as session:
            ids = [one.id for one in changes] or None
            return await approve(session, self.proposal.id, ids, self.clock, HAND)

    async def undo(self, *changes: Change) -> Outcome:
        async with self.database.write() as session:
            ids = [one.id for one in changes] or None
            return await undo(session, self.proposal.id, ids, self.clock, HAND)

    async def row(self, change: Change) -> PlannedContact:
        async with self.database.read() as session:
            return await session.get_one(PlannedContact, change.contact_id)

    async def staff(self, change: Change) -> list[str]:
        async with self.database.read() as session:
            found = await session.scalars(
                select(Assignment.staff_id).where(Assignment.contact_id == change.contact_id)
            )
            return [str(one) for one in found]

    async def states(self) -> list[ChangeState]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Change.state).order_by(Change.seq)))

    async def unseen(self) -> list[Notice]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Notice).where(Notice.told_at.is_(None))))


@pytest.fixture
async def desk(database: Database, clock: StandingClock) -> Desk:
    made = Desk(database, clock)
    await made.build()
    return made


def refused(outcome: Outcome) -> list[tuple[str, str]]:
    return [(name, fault.code) for _, name, fault in outcome.refused]


async def test_all_of_it_is_done_told_and_settled(desk: Desk) -> None:
    """Rows as proposed and marked as touched; whom it concerns is told; ten minutes are no news."""
    outcome = await desk.approve()
    assert (len(outcome.done), outcome.refused) == (3, [])
    moved = await desk.row(desk.ingrid)
    assert (moved.channel, moved.first_channel, moved.touched) == (Channel.VIDEO, Channel.PHYSICAL, True)
    assert await desk.staff(desk.ingrid) == [str(desk.bo.id)]
    assert (await desk.row(desk.karl)).start == moment("2026-12-01 10:10")
    later = await desk.row(desk.stig)
    assert (later.planned_date.isoformat(), later.owed_date.isoformat()) == ("2026-12-02", "2026-12-01")
    assert (later.window_start, later.window_end) == (moment("2026-12-02 10:30"), moment("2026-12-02 11:30"))
    assert {one.contact_id for one in await desk.unseen()} == {
        desk.ingrid.contact_id,
        desk.stig.contact_id,
    }
    async with desk.database.read() as session:
        assert (await session.get_one(Proposal, desk.proposal.id)).state is ProposalState.SETTLED
        topics = list(await session.scalars(select(OutboxEvent.topic)))
    assert topics.count("proposal.applied") == 1


async def test_some_are_approved_and_the_rest_stays_open(desk: Desk) -> None:
    outcome = await desk.approve(desk.karl)
    assert [one.id for one in outcome.done] == [desk.karl.id]
    assert await desk.states() == [ChangeState.PROPOSED, ChangeState.APPLIED, ChangeState.PROPOSED]
    async with desk.database.read() as session:
        assert (await session.get_one(Proposal, desk.proposal.id)).state is ProposalState.OPEN


async def test_what_is_decided_is_named_and_done_once(desk: Desk) -> None:
    """Named again: refused by name. Everything again: nothing is left, nothing is refused."""
    await desk.approve(desk.karl)
    assert refused(await desk.approve(desk.karl, desk.stig)) == [("Karl B.", "change.decided")]
    assert (await desk.row(desk.karl)).version == 2
    again = await desk.approve()
    assert [one.id for one in again.done] == [desk.ingrid.id]
    assert again.refused == []


async def test_a_row_changed_meanwhile_is_refused_by_name(desk: Desk) -> None:
    async with desk.database.write() as session:
        own = await session.get_one(PlannedContact, desk.karl.contact_id)
        await alter(session, own, at=desk.clock.now(), hand=HAND, minutes=25)
    outcome = await desk.approve()
    assert refused(outcome) == [("Karl B.", "stale")]
    assert await desk.states() == [ChangeState.APPLIED, ChangeState.STALE, ChangeState.APPLIED]


async def test_a_row_that_has_begun_is_refused_by_name(desk: Desk) -> None:
    """Even when the change was made against that very version."""
    async with desk.database.write() as session:
        own = await session.get_one(PlannedContact, desk.karl.contact_id)
        await step(session, own, Status.DUE, at=desk.clock.now(), hand=HAND)
        await step(
            session, own, Status.UNDERWAY, at=desk.clock.now(), hand=HAND, actual_start=desk.clock.now()
        )
        (await session.get_one(Change, desk.karl.id)).base_version = own.version
    assert refused(await desk.approve()) == [("Karl B.", "contact.started")]


@pytest.mark.parametrize("what", ["withdrawn", "not_today"])
async def test_a_yes_that_no_longer_stands_is_refused_by_name(desk: Desk, what: str) -> None:
    """The consent is withdrawn, or "vill inte ha video i dag", between proposal and approval."""
    async with desk.database.write() as session:
        client_id = desk.ingrid.client_id
        if what == "withdrawn":
            (consent,) = await session.scalars(select(Consent).where(Consent.client_id == client_id))
            consent.withdrawn_at = desk.clock.now()
        else:
            (await session.get_one(Client, client_id)).no_video_on = desk.clock.today()
    codes = {"withdrawn": "digital.client_consents", "not_today": "digital.not_said_no_today"}
    outcome = await desk.approve()
    assert refused(outcome) == [("Ingrid B.", codes[what])]
    kept = await desk.row(desk.ingrid)
    assert (kept.channel, kept.version) == (Channel.PHYSICAL, 1)
    assert {one.contact_id for one in await desk.unseen()} == {desk.stig.contact_id}


async def test_undone_it_is_as_it_was_and_nobody_is_told(desk: Desk) -> None:
    await desk.approve()
    outcome = await desk.undo()
    assert (len(outcome.done), outcome.refused) == (3, [])
    assert await desk.states() == [ChangeState.UNDONE] * 3
    for change in (desk.ingrid, desk.karl, desk.stig):
        row = await desk.row(change)
        assert (row.channel.value, row.start.isoformat(), row.planned_date.isoformat()) == (
            change.before["channel"], change.before["start"], change.before["date"],
        )  # fmt: skip
        assert await desk.staff(change) == change.before["staff"]
    assert (await desk.row(desk.stig)).window_start == moment("2026-12-01 10:30")
    assert await desk.unseen() == []


async def test_what_was_changed_or_begun_since_cannot_be_undone(desk: Desk) -> None:
    """By name; the others are undone all the same."""
    await desk.approve()
    async with desk.database.write() as session:
        own = await session.get_one(PlannedContact, desk.karl.contact_id)
        await alter(session, own, at=desk.clock.now(), hand=HAND, minutes=25)
        begun = await session.get_one(PlannedContact, desk.ingrid.contact_id)
        await step(session, begun, Status.DUE, at=desk.clock.now(), hand=HAND)
    outcome = await desk.undo()
    assert sorted(refused(outcome)) == [("Ingrid B.", "stale"), ("Karl B.", "stale")]
    assert [one.id for one in outcome.done] == [desk.stig.id]


async def test_a_cancelled_row_comes_back(desk: Desk) -> None:
    """The client was away: cancelled without being missed, and planned again when it is undone."""
    async with desk.database.write() as session:
        change = await session.get_one(Change, desk.karl.id)
        change.kind, change.after = ChangeKind.CANCEL, {**change.before, "channel": None}
    await desk.approve(desk.karl)
    row = await desk.row(desk.karl)
    assert (row.status, row.cause) == (Status.CANCELLED, "client_away")
    await desk.undo(desk.karl)
    row = await desk.row(desk.karl)
    assert (row.status, row.cause) == (Status.PLANNED, None)


async def test_refused_is_refused(desk: Desk) -> None:
    async with desk.database.write() as session:
        outcome = await refuse(session, desk.proposal.id, [desk.karl.id], desk.clock, HAND)
    assert [one.id for one in outcome.done] == [desk.karl.id]
    await desk.approve()
    assert (await desk.row(desk.karl)).version == 1


@pytest.mark.parametrize("deed", [approve, refuse, undo])
async def test_unknown_proposals_and_changes_are_not_found(desk: Desk, deed: Any) -> None:
    for proposal, changes in ((new_id(), None), (desk.proposal.id, [desk.karl.id, new_id()])):
        with pytest.raises(Fault) as fault:
            async with desk.database.write() as session:
                await deed(session, proposal, changes, desk.clock, HAND)
        assert fault.value.status == 404
    assert await desk.states() == [ChangeState.PROPOSED] * 3


async def test_a_proposal_whose_place_is_taken_cannot_be_approved(desk: Desk) -> None:
    desk.clock.set(datetime(2026, 12, 1, 6, 45))
    async with desk.database.write() as session:
        (await session.get_one(Proposal, desk.proposal.id)).state = ProposalState.SUPERSEDED
    with pytest.raises(Fault) as fault:
        await desk.approve()
    assert (fault.value.code, fault.value.status) == ("proposal.closed", 409)


async def test_the_reason_is_kept_in_both_languages(desk: Desk) -> None:
    """Whoever reads the history later may read it in either."""
    await desk.approve(desk.ingrid)
    async with desk.database.read() as session:
        entry = await session.scalar(
            select(ContactHistory).where(
                ContactHistory.contact_id == desk.ingrid.contact_id, ContactHistory.event == "proposal"
            )
        )
    assert entry is not None
    assert (entry.reason, entry.reason_en) == ("Ger plats åt någon annan.", "Makes room for somebody.")
