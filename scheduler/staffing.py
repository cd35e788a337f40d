"""Who does a contact that a rule makes: its own person if at work, else one the client knows, else nobody.

Nobody means that it lies in the coordinators' queue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import KnownStaff
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import END_STATES
from care.delegation import may_do
from care.localtime import to_wall
from care.staff import Delegation, Shift, ShiftKind, Staff

#: No contact is longer; how far back a row may begin and still keep somebody busy.
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be done, when and how."""

    client_id: UUID
    group_id: UUID
    start: datetime
    minutes: int
    channel: Channel
    count: int = 1
    wanted: UUID | None = None
    #: A line may only be done by delegation (HSLF-FS 2017:37).
    needs_delegation: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


class Roster:
    """Shifts, absences, delegations and what everybody is busy with, over a span of time."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._staff: dict[UUID, Staff] = {}
        self._shifts: dict[UUID, list[Shift]] = defaultdict(list)
        self._known: dict[UUID, list[UUID]] = defaultdict(list)
        self._busy: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._delegations: dict[UUID, list[Delegation]] = defaultdict(list)
        self._rostered: set[tuple[UUID, date]] = set()

    def works(self, staff_id: UUID, start: datetime, end: datetime) -> bool:
        """On an ordinary shift that covers the whole time, and not away from it."""
        return any(
            shift.start <= start
            and end <= shift.end
            and not _overlap(shift.absent_from, shift.absent_to, start, end)
            for shift in self._shifts.get(staff_id, ())
            if shift.kind is not ShiftKind.DIGITAL
        )

    def is_busy(self, staff_id: UUID, start: datetime, end: datetime) -> bool:
        """Has something else in that time."""
        return any(begin < end and start < stop for begin, stop in self._busy.get(staff_id, ()))

    def is_rostered(self, group_id: UUID, start: datetime) -> bool:
        """Whether anybody's shift in the group is known for that local day."""
        return (group_id, to_wall(start, self._zone).date()) in self._rostered

    def may(self, staff_id: UUID, need: Need) -> bool:
        """May do it at all: active, video, delegation."""
        staff = self._staff.get(staff_id)
        if staff is None or not staff.active:
            return False
        if need.channel is Channel.VIDEO and not staff.may_video:
            return False
        if not need.needs_delegation:
            return True
        return may_do(staff, self._delegations.get(staff_id, ()), to_wall(need.start, self._zone).date())

    def choose(self, need: Need) -> list[UUID]:
        """Who does it, best first, at most as many as needed; they are busy with it from now on."""
        chosen: list[UUID] = []
        if need.wanted is not None and self.may(need.wanted, need):
            # Where no roster has come in yet, the rule's word is all there is.
            no_roster = not self.is_rostered(need.group_id, need.start)
            if no_roster or self.works(need.wanted, need.start, need.end):
                chosen.append(need.wanted)
        for staff_id in self._known.get(need.client_id, ()):
            if len(chosen) >= need.count:
                break
            if (
                staff_id not in chosen
                and self.may(staff_id, need)
                and self.works(staff_id, need.start, need.end)
                and not self.is_busy(staff_id, need.start, need.end)
            ):
                chosen.append(staff_id)
        for staff_id in chosen:
            self._busy[staff_id].append((need.start, need.end))
        return chosen

    async def load(
        self, session: AsyncSession, needs: Sequence[Need], *, but: Collection[UUID] = ()
    ) -> Roster:
        """Read what `needs` asks about; the rows `but` keep nobody busy."""
        if not needs:
            return self
        first, last = min(need.start for need in needs), max(need.end for need in needs)
        clients = {need.client_id for need in needs}
        for known in await session.scalars(
            select(KnownStaff)
            .where(KnownStaff.client_id.in_(clients))
            .order_by(KnownStaff.client_id, KnownStaff.rank, KnownStaff.id)
        ):
            self._known[known.client_id].append(known.staff_id)
        asked = {one for known in self._known.values() for one in known}
        asked |= {need.wanted for need in needs if need.wanted is not None}
        for staff in await session.scalars(select(Staff).where(Staff.id.in_(asked))):
            self._staff[staff.id] = staff
        await self._load_shifts(session, needs, asked, first, last)
        for delegation in await session.scalars(select(Delegation).where(Delegation.staff_id.in_(asked))):
            self._delegations[delegation.staff_id].append(delegation)
        rows = await session.execute(
            select(Assignment.staff_id, PlannedContact.id, PlannedContact.start, PlannedContact.minutes)
            .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
            .where(
                Assignment.staff_id.in_(asked),
                PlannedContact.start > first - LONGEST,
                PlannedContact.start < last,
                PlannedContact.status.not_in(END_STATES),
            )
        )
        for staff_id, contact_id, start, minutes in rows:
            if contact_id not in but:
                self._busy[staff_id].append((start, start + timedelta(minutes=minutes)))
        return self

    async def _load_shifts(
        self,
        session: AsyncSession,
        needs: Sequence[Need],
        asked: set[UUID],
        first: datetime,
        last: datetime,
    ) -> None:
        low, high = to_wall(first, self._zone).date(), to_wall(last, self._zone).date()
        groups = {need.group_id for need in needs}
        rostered = await session.execute(
            select(Shift.group_id, Shift.date)
            .where(Shift.group_id.in_(groups), Shift.date >= low, Shift.date <= high)
            .distinct()
        )
        self._rostered |= {(group_id, day) for group_id, day in rostered}
        shifts = await session.scalars(
            # A night shift that began the evening before still counts.
            select(Shift).where(
                Shift.staff_id.in_(asked), Shift.date >= low - timedelta(days=1), Shift.date <= high
            )
        )
        for shift in shifts:
            self._shifts[shift.staff_id].append(shift)


def _overlap(
    absent_from: datetime | None, absent_to: datetime | None, start: datetime, end: datetime
) -> bool:
    """Whether an absence (open where it has no end) touches the time."""
    return absent_from is not None and absent_from < end and (absent_to is None or start < absent_to)
