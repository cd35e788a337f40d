"""The day as it stands, for the groups that a disruption touches: read from the record in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client, KnownStaff
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.digital import DigitalFacts
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.delegation import delegated
from care.disruptions import Disruption, DisruptionKind
from care.localtime import day_span
from care.municipality import Group
from care.staff import Shift, Staff

#: Rows that people deal with themselves, or that are over, are no part of the problem.
LEFT_OUT = frozenset(
    {Status.REPLACED, Status.DECLINED, Status.CANCELLED, Status.MISSED, Status.AWAITING, Status.UNKNOWN}
)


@dataclass(slots=True)
class Scene:
    """Everything the planner needs to know of one local day."""

    day: date
    now: datetime
    zone: ZoneInfo
    groups: dict[UUID, Group]
    #: Rows of the day in the groups, and rows elsewhere of the same staff (these are never changed).
    contacts: list[PlannedContact]
    elsewhere: frozenset[UUID]
    clients: dict[UUID, Client]
    facts: Mapping[UUID, DigitalFacts]
    staff: dict[UUID, Staff]
    shifts: dict[UUID, list[Shift]]
    delegated: frozenset[UUID]
    #: client → staff, best known first
    known: dict[UUID, list[UUID]]
    #: Disruptions in force that day, oldest first.
    disruptions: list[Disruption] = field(default_factory=list)

    def staff_of(self, contact: PlannedContact) -> list[UUID]:
        return [row.staff_id for row in contact.assignments]


async def load_scene(session: AsyncSession, groups: Sequence[UUID], day: date, clock: Clock) -> Scene:
    """Read the day for `groups`.

    Rows are included by the group of their client; so are all other rows that day of whoever is assigned to
    them or works in the groups, so that nobody is planned in two places at once.
    """
    own = await _contacts(session, PlannedContact.group_id.in_(groups), day)
    assigned = {row.staff_id for contact in own for row in contact.assignments}
    working = set(
        await session.scalars(
            select(Shift.staff_id).where(Shift.group_id.in_(groups), Shift.date == day).distinct()
        )
    )
    staff_ids = assigned | working
    # Somebody from the night patrol or on loan has a shift in another group.
    shift_rows = list(
        await session.scalars(select(Shift).where(Shift.staff_id.in_(staff_ids), Shift.date == day))
    )
    others = [
        contact
        for contact in await _contacts(
            session,
            PlannedContact.id.in_(
                select(Assignment.contact_id)
                .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
                .where(Assignment.staff_id.in_(staff_ids), PlannedContact.planned_date == day)
            ),
            day,
        )
        if contact.group_id not in groups
    ]
    contacts = own + others
    client_ids = {contact.client_id for contact in contacts}
    clients = {
        client.id: client for client in await session.scalars(select(Client).where(Client.id.in_(client_ids)))
    }
    staff = {one.id: one for one in await session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))}
    shifts: dict[UUID, list[Shift]] = defaultdict(list)
    for shift in shift_rows:
        shifts[shift.staff_id].append(shift)
    all_groups = {group.id: group for group in await session.scalars(select(Group))}
    return Scene(
        day=day,
        now=clock.now(),
        zone=clock.zone,
        groups=all_groups,
        contacts=contacts,
        elsewhere=frozenset(contact.id for contact in others),
        clients=clients,
        facts=await gather_facts(session, [contact.id for contact in own], clock),
        staff=staff,
        shifts=dict(shifts),
        delegated=frozenset(await delegated(session, staff_ids, day)),
        known=await _known(session, clients),
        disruptions=await in_force(session, day, clock),
    )


async def _known(session: AsyncSession, clients: Mapping[UUID, Client]) -> dict[UUID, list[UUID]]:
    """Whom each client knows, best first; the named care worker always."""
    known: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await session.scalars(
        select(KnownStaff)
        .where(KnownStaff.client_id.in_(clients))
        .order_by(KnownStaff.client_id, KnownStaff.rank, KnownStaff.staff_id)
    ):
        known[row.client_id].append(row.staff_id)
    for client in clients.values():
        named = client.named_care_worker_id
        if named is not None and named not in known[client.id]:
            known[client.id].insert(0, named)
    return dict(known)


async def in_force(session: AsyncSession, day: date, clock: Clock) -> list[Disruption]:
    """Disruptions that have not ended and touch the day, oldest first."""
    first, last = day_span(day, clock.zone)
    return list(
        await session.scalars(
            select(Disruption)
            .where(
                Disruption.start < last,
                Disruption.end > max(first, clock.now()),
                Disruption.ended_at.is_(None),
            )
            .order_by(Disruption.reported_at, Disruption.id)
        )
    )


async def groups_of(session: AsyncSession, disruption: Disruption) -> list[UUID]:
    """The groups a disruption touches: those named, and those of the people named."""
    found = {UUID(one) for one in disruption.scope.get("groups", [])}
    clients = [UUID(one) for one in disruption.scope.get("clients", [])]
    staff = [UUID(one) for one in disruption.scope.get("staff", [])]
    if clients:
        found.update(await session.scalars(select(Client.group_id).where(Client.id.in_(clients))))
    if staff and disruption.kind is not DisruptionKind.STAFF_ADDED:
        found.update(await session.scalars(select(Staff.group_id).where(Staff.id.in_(staff))))
        # The night patrol owns no clients: the rows say where they work.
        found.update(
            await session.scalars(
                select(PlannedContact.group_id)
                .join(Assignment, Assignment.contact_id == PlannedContact.id)
                .where(
                    Assignment.staff_id.in_(staff),
                    PlannedContact.window_end >= disruption.start,
                    PlannedContact.window_start <= disruption.end,
                )
                .distinct()
            )
        )
    elif staff and not found:
        found.update(await session.scalars(select(Staff.group_id).where(Staff.id.in_(staff))))
    return sorted(found)


async def _contacts(session: AsyncSession, where: ColumnElement[bool], day: date) -> list[PlannedContact]:
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            where,
            PlannedContact.planned_date == day,
            PlannedContact.status.not_in(LEFT_OUT),
            PlannedContact.channel != Channel.DEVICE,
        )
        .options(
            selectinload(PlannedContact.lines).selectinload(ContactLine.service),
            selectinload(PlannedContact.assignments),
        )
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    return list(rows)
