"""Everything that the page of one client shows, in some fifteen queries however long the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.absence import absences_of
from care.access.rights import Part
from care.accounts import display_names
from care.approved import ApprovedPerson, approved
from care.clients import Client, ClientAbsence, ContactPerson, KnownStaff, contact_persons
from care.clock import Clock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.digital import LineFacts, Verdict, judge
from care.contacts.facts import TABLET_SILENT_AFTER, Wanted, facts_of
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment, InstallMark, InstallStep
from care.municipality import Group, SmallTeam
from care.services import DigitalClass, Law, Priority
from care.staff import Staff
from care.suitability import Suitability, latest
from server.pages.client.named import candidates

#: How far ahead rows are shown, and how far back colleagues are found who have been there.
DAYS_AHEAD = 7
DAYS_BACK = 30
#: How far past midnight today's rows reach for whoever sees no further.
NIGHT_AHEAD = timedelta(hours=12)
#: So many visits make somebody worth proposing as known.
VISITS_TO_KNOW = 2
_LEFT_OUT = (Status.REPLACED,)
#: A contact that any service could hold: what is left against it is about the client and the home.
_ANY_CALL = LineFacts("", DigitalClass.DIGITAL_FIRST, Law.SOL, nurse_allows=True)


@dataclass(frozen=True, slots=True)
class Proposed:
    """Somebody who has been there of late and is not yet written down as known."""

    staff: Staff
    visits: int


@dataclass(slots=True)
class Record:
    """A client and what is written down."""

    client: Client
    group: Group
    team: SmallTeam | None
    named: Staff | None
    #: Who could be named.
    candidates: Sequence[Staff]
    known: list[Staff]
    proposed: list[Proposed]
    persons: list[ContactPerson]
    consents: list[Consent]
    #: Whom the client lets join calls.
    approved: list[ApprovedPerson]
    accounts: dict[UUID, str]
    absences: list[ClientAbsence]
    tablets: list[Device]
    #: The latest assessment of whether a tablet suits.
    suits: Suitability | None
    #: Of each tablet, the steps of putting it up that are done.
    installed: dict[UUID, set[InstallStep]]
    rows: list[PlannedContact]
    staff: dict[UUID, list[Staff]] = field(default_factory=lambda: defaultdict(list))
    #: Whether any contact could be a video call now, and everything against it.
    video: Verdict | None = None


async def read_record(session: AsyncSession, client: Client, clock: Clock) -> Record:
    """The record of `client` right now."""
    now = clock.now()
    consents = list(
        await session.scalars(
            select(Consent).where(Consent.client_id == client.id).order_by(Consent.given_at.desc())
        )
    )
    suits = (await latest(session, [client.id])).get(client.id)
    tablets = await _tablets(session, client.id, now)
    lets_join = [] if client.is_protected else await approved(session, client.id)
    record = Record(
        client=client,
        group=await session.get_one(Group, client.group_id),
        team=await session.get(SmallTeam, client.small_team_id) if client.small_team_id else None,
        named=await session.get(Staff, client.named_care_worker_id) if client.named_care_worker_id else None,
        candidates=await candidates(session, client.group_id),
        known=await _known(session, client.id),
        proposed=await proposed_staff(session, client, clock),
        persons=[] if client.is_protected else await contact_persons(session, client.id),
        consents=consents,
        approved=lets_join,
        accounts=await _accounts(session, consents, suits, lets_join),
        absences=await absences_of(session, client, now),
        tablets=tablets,
        suits=suits,
        installed=await _installed(session, tablets),
        rows=await _rows(session, client.id, clock),
    )
    record.staff = await assigned(session, [row.id for row in record.rows])
    wanted = Wanted(client.id, now, Priority.P3, 1, (_ANY_CALL,))
    record.video = judge((await facts_of(session, [wanted], clock))[0], Channel.VIDEO)
    return record


def narrow(record: Record, parts: frozenset[Part], clock: Clock) -> Record:
    """The record with no more than the `parts` of the client that the reader may see."""
    now = clock.now()
    if Part.WEEK not in parts:
        # Somebody on a night shift that began yesterday evening reads on past midnight.
        until = now + NIGHT_AHEAD
        record.rows = [row for row in record.rows if row.planned_date == clock.today() or row.start <= until]
    if Part.CONTACT_PERSONS not in parts:
        record.persons = []
    if Part.KNOWN_STAFF not in parts:
        record.named, record.candidates, record.known, record.proposed = None, [], [], []
    if Part.SUITABILITY not in parts:
        record.suits, record.installed = None, {one.id: set() for one in record.tablets}
    if Part.CONSENTS not in parts:
        # One's own picture is shown by consent; nothing else is told of it.
        record.consents = [one for one in record.consents if one.kind is ConsentKind.PHOTO]
        record.approved = []
    if Part.ABSENCES not in parts:
        away = [one for one in record.absences if one.start <= now]
        record.absences = away[:1] if Part.WARNINGS in parts else []
    return record


async def _known(session: AsyncSession, client_id: UUID) -> list[Staff]:
    return list(
        await session.scalars(
            select(Staff)
            .join(KnownStaff, KnownStaff.staff_id == Staff.id)
            .where(KnownStaff.client_id == client_id, Staff.active.is_(True))
            .order_by(KnownStaff.rank, KnownStaff.id)
        )
    )


async def proposed_staff(session: AsyncSession, client: Client, clock: Clock) -> list[Proposed]:
    """Who has performed visits there in the last 30 days and is not known yet, most visits first."""
    today = clock.today()
    known = select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id)
    visits = func.count(PlannedContact.id)
    rows = await session.execute(
        select(Staff, visits)
        .join(Assignment, Assignment.staff_id == Staff.id)
        .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
        .where(
            PlannedContact.client_id == client.id,
            PlannedContact.planned_date.between(today - timedelta(days=DAYS_BACK), today),
            PlannedContact.status == Status.DONE,
            PlannedContact.channel == Channel.PHYSICAL,
            Staff.active.is_(True),
            Staff.id.not_in(known),
            Staff.id.is_distinct_from(client.named_care_worker_id),
        )
        .group_by(Staff.id)
        .having(visits >= VISITS_TO_KNOW)
        .order_by(visits.desc(), Staff.id)
        .limit(5)
    )
    return [Proposed(staff, count) for staff, count in rows]


async def _installed(session: AsyncSession, tablets: list[Device]) -> dict[UUID, set[InstallStep]]:
    done: dict[UUID, set[InstallStep]] = {one.id: set() for one in tablets}
    for mark in await session.scalars(select(InstallMark).where(InstallMark.device_id.in_(done))):
        done[mark.device_id].add(mark.step)
    return done


async def _accounts(
    session: AsyncSession,
    consents: list[Consent],
    suits: Suitability | None,
    lets_join: list[ApprovedPerson],
) -> dict[UUID, str]:
    ids = {one.recorded_by_id for one in consents} | {one.withdrawn_by_id for one in consents}
    ids |= {one.recorded_by_id for one in lets_join}
    ids |= {suits.assessed_by_id} if suits else set()
    return await display_names(session, ids)


async def _tablets(session: AsyncSession, client_id: UUID, now: datetime) -> list[Device]:
    return list(
        await session.scalars(
            select(Device)
            .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
            .where(
                DeviceAssignment.client_id == client_id,
                DeviceAssignment.start <= now,
                DeviceAssignment.end.is_(None) | (DeviceAssignment.end > now),
                Device.revoked_at.is_(None),
            )
            .order_by(Device.id)
        )
    )


async def _rows(session: AsyncSession, client_id: UUID, clock: Clock) -> list[PlannedContact]:
    today = clock.today()
    return list(
        await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.client_id == client_id,
                PlannedContact.planned_date.between(today, today + timedelta(days=DAYS_AHEAD)),
                PlannedContact.status.not_in(_LEFT_OUT),
            )
            .options(selectinload(PlannedContact.lines).selectinload(ContactLine.service))
            .order_by(PlannedContact.start, PlannedContact.id)
        )
    )


def photo_consent(record: Record, now: datetime) -> bool:
    return has_consent(record.consents, ConsentKind.PHOTO, now)


def is_live(device: Device, now: datetime) -> bool:
    """True when the tablet has been heard of lately."""
    return device.last_seen_at is not None and now - device.last_seen_at <= TABLET_SILENT_AFTER
