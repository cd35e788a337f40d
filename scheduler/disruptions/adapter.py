"""A scene as the planner's problem, and the way back.

The planner sees numbers and masks only. The masks are the results of the record's own rules: `judge` says
which channels a row may have, delegation and cohort rules say who may do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import Verdict, judge
from care.services import Law, Priority
from care.staff import Shift, ShiftKind
from scheduler.disruptions.effect import Effect, is_gone
from scheduler.disruptions.scene import Scene
from scheduler.planner.builder import build_problem
from scheduler.planner.inheritance import inherit
from scheduler.planner.problem import (
    Blockage,
    BreakDemand,
    Contact,
    Gap,
    Interval,
    Mode,
    Modes,
    Placement,
    Problem,
    Slowdown,
    Worker,
)
from scheduler.travel import Place, matrix

LEAD = timedelta(minutes=15)
"""Rows that start within this time are left as they are, unless they have become impossible."""

MODE_OF = {Channel.PHYSICAL: Mode.PHYSICAL, Channel.VIDEO: Mode.VIDEO, Channel.PHONE: Mode.PHONE}
CHANNEL_OF = {mode: channel for channel, mode in MODE_OF.items()}
DAY = 24 * 60
WORK_PERCENT = 110
"""Nobody is planned for more than this share of the shift (domain 6 #2)."""
MOST_OVERTIME = 30
FREE_FROM_ENDS = timedelta(hours=2)
"""A break lies at least this far from both ends of the shift, where the shift is long enough."""


@dataclass(frozen=True, slots=True)
class Posed:
    """The problem, and what its numbers stand for."""

    problem: Problem
    contacts: tuple[PlannedContact, ...]
    workers: tuple[UUID, ...]
    origin: datetime
    verdicts: dict[UUID, dict[Channel, Verdict]]

    def instant(self, minute: int) -> datetime:
        return self.origin + timedelta(minutes=minute)


def pose(scene: Scene, effect: Effect, before: Effect) -> Posed:
    """The day's problem under `effect`, tolerating what the plan already lacked under `before`.

    `before` is the effect of everything but the disruption that is being answered.
    """
    table = _Table(scene, effect)
    now = table.contacts(effect)
    problem = table.build(now, effect)
    return Posed(
        inherit(problem, table.build(table.contacts(before), before)),
        tuple(table.rows),
        tuple(table.workers),
        table.origin,
        table.verdicts,
    )


class _Table:
    """Numbers for rows, workers and places; the same for both problems."""

    def __init__(self, scene: Scene, effect: Effect) -> None:
        self.scene = scene
        self.rows = [
            contact
            for contact in scene.contacts
            if contact.channel in MODE_OF or self._is_lost_prompt(contact, effect)
        ]
        self.workers = sorted(scene.staff, key=str)
        self.number = {staff_id: index for index, staff_id in enumerate(self.workers)}
        starts = [contact.start for contact in self.rows] or [scene.now]
        self.origin = min(starts).replace(second=0, microsecond=0)
        areas = sorted(scene.groups, key=str)
        self.area = {group: index for index, group in enumerate(areas)}
        self.places = [
            Place(
                str(group), self.area[group], scene.groups[group].latitude, scene.groups[group].longitude, 0.0
            )
            for group in areas
        ]
        self.centre = {group: index for index, group in enumerate(areas)}
        self.home: dict[UUID, int] = {}
        for client in sorted(scene.clients.values(), key=lambda one: str(one.id)):
            self.home[client.id] = len(self.places)
            self.places.append(
                Place(
                    str(client.id),
                    self.area[client.group_id],
                    client.latitude,
                    client.longitude,
                    client.centre_minutes,
                    client.building,
                )
            )
        self.travel = matrix(self.places)
        self.verdicts: dict[UUID, dict[Channel, Verdict]] = {
            contact.id: {
                channel: judge(scene.facts[contact.id], channel) for channel in (Channel.VIDEO, Channel.PHONE)
            }
            for contact in self.rows
            if contact.id in scene.facts
        }

    def _is_lost_prompt(self, contact: PlannedContact, effect: Effect) -> bool:
        """A reminder on the screen needs nobody, until its tablet is lost: then somebody must ring or go."""
        return (
            contact.channel is Channel.PROMPT
            and contact.id not in self.scene.elsewhere
            and self._lost(contact, effect.no_tablet + effect.no_lines)
        )

    def minute(self, instant: datetime) -> int:
        return int((instant - self.origin).total_seconds() // 60)

    def build(self, contacts: list[Contact], effect: Effect) -> Problem:
        return build_problem(
            contacts=contacts,
            workers=[self.worker(staff_id, effect) for staff_id in self.workers],
            travel=self.travel,
            areas=[place.area for place in self.places],
            slowdowns=[
                Slowdown(*span, speed, area=self.area[group])
                for group, start, end, speed in effect.slow
                if (span := self._within(start, end))
            ],
            blockages=[
                Blockage(self.home[client], *span)
                for client, start, end in effect.shut
                if client in self.home and (span := self._within(start, end))
            ],
            gaps=self.gaps(),
            not_before=self.minute(self.scene.now + LEAD),
        )

    def _within(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        """The span in minutes, cut to what can matter on this day; None when nothing of it does."""
        first, last = max(self.minute(start), -DAY), min(self.minute(end), 2 * DAY)
        return (first, last) if first < last else None

    def gaps(self) -> list[Gap]:
        """A client's rows keep their order and never overlap, where they do not already."""
        last: dict[UUID, int] = {}
        gaps = []
        for index, contact in enumerate(self.rows):
            before = last.get(contact.client_id)
            if before is not None:
                earlier = self.rows[before]
                if earlier.start + timedelta(minutes=earlier.minutes) <= contact.start:
                    gaps.append(Gap(before, index, 0))
            last[contact.client_id] = index
        return gaps

    # -- workers ---------------------------------------------------------------------------------------

    def worker(self, staff_id: UUID, effect: Effect) -> Worker:
        staff = self.scene.staff[staff_id]
        shifts = self.scene.shifts.get(staff_id, [])
        ordinary = [shift for shift in shifts if shift.kind is not ShiftKind.DIGITAL]
        screen = _joined((shift.start, shift.end) for shift in shifts if shift.kind is ShiftKind.DIGITAL)
        # An extra shift may lie over one that was there before.
        present = _joined((shift.start, shift.end) for shift in ordinary)
        missing = effect.missing(staff_id)
        spans = [(start, end, False) for start, end in _without(present, [*screen, *missing])]
        spans += [(start, end, True) for start, end in _without(screen, missing)]
        intervals = [
            (self.minute(start), self.minute(end), digital)
            for start, end, digital in sorted(spans)
            if self.minute(start) < self.minute(end)
        ]
        paid = sum(self.minute(end) - self.minute(start) for start, end in present or screen)
        paid -= sum(shift.break_minutes for shift in ordinary)
        overtime = min(MOST_OVERTIME, paid * (WORK_PERCENT - 100) // 100)
        base = self.centre[shifts[0].group_id if shifts else staff.group_id]
        return Worker(
            key=str(staff_id),
            intervals=tuple(Interval(start, end, digital_only=digital) for start, end, digital in intervals),
            start_place=base,
            end_place=base,
            video=staff.may_video,
            break_demand=self._break(ordinary),
            max_overtime=overtime if intervals else 0,
            max_work=paid + overtime,
        )

    def _break(self, shifts: list[Shift]) -> BreakDemand | None:
        if len(shifts) != 1 or shifts[0].break_minutes < 1:
            return None
        shift = shifts[0]
        earliest, latest = shift.start + FREE_FROM_ENDS, shift.end - FREE_FROM_ENDS
        latest -= timedelta(minutes=shift.break_minutes)
        if latest <= earliest:
            return None
        return BreakDemand(shift.break_minutes, self.minute(earliest), self.minute(latest))

    # -- contacts --------------------------------------------------------------------------------------

    def contacts(self, effect: Effect) -> list[Contact]:
        return [self.contact(index, effect) for index in range(len(self.rows))]

    def contact(self, index: int, effect: Effect) -> Contact:
        row = self.rows[index]
        client = self.scene.clients[row.client_id]
        current = self._current(row)
        physical, remote = self._minutes(row, effect)
        gone = is_gone(effect, row)
        window = (
            self.minute(row.window_start),
            max(self.minute(row.window_start), self.minute(row.window_end)),
        )
        may_visit, may_call = self._eligible(row, effect)
        modes = Modes.NONE if gone else self._modes(row, effect)
        return Contact(
            key=str(row.id),
            place=self.home[client.id],
            earliest=window[0],
            latest=window[1],
            priority=int(row.priority.value[1]),
            modes=modes,
            physical_minutes=physical,
            video_minutes=remote,
            phone_minutes=remote,
            staff_needed=min(2, max(1, row.staff_needed)),
            hard_window=any(line.law is Law.HSL for line in row.lines),
            tolerance=60 if row.priority.is_safety else 120,
            eligible_physical=may_visit,
            eligible_video=may_call,
            eligible_phone=may_call,
            known_staff=tuple(
                self.number[one] for one in self.scene.known.get(client.id, []) if one in self.number
            ),
            current=current,
            frozen=gone or self._is_frozen(row, effect, modes, current),
        )

    def _current(self, row: PlannedContact) -> Placement | None:
        mode = MODE_OF.get(row.channel)
        if mode is None:
            return None
        staff = sorted(self.number[one] for one in self.scene.staff_of(row) if one in self.number)
        most = row.staff_needed if mode is Mode.PHYSICAL else 1
        start = row.actual_start or row.start
        return Placement(mode, tuple(staff[:most]), self.minute(start))

    def _minutes(self, row: PlannedContact, effect: Effect) -> tuple[int, int]:
        remote = sum(line.service.video_minutes or min(line.minutes, 15) for line in row.lines)
        physical = row.minutes
        if row.channel is Channel.PROMPT:
            physical = max(physical, 10)
        elif row.channel is not Channel.PHYSICAL:
            remote, physical = row.minutes, sum(line.service.standard_minutes for line in row.lines)
        for client, start, end, more in effect.longer:
            if client == row.client_id and start <= row.start < end:
                physical += more
        return max(1, physical), max(1, remote)

    def _modes(self, row: PlannedContact, effect: Effect) -> Modes:
        modes = Modes.PHYSICAL
        if row.priority in (Priority.P3, Priority.P4) and row.channel is Channel.PHYSICAL:
            modes |= Modes.POSTPONE
        if _is_bound_to_place(row):
            return modes
        verdicts = self.verdicts.get(row.id)
        # What is a call already stays one, unless this disruption takes its lines: the rules were asked when
        # it was planned, and are asked again when somebody rings.
        if row.channel is Channel.VIDEO and not self._lost(row, effect.no_tablet + effect.no_lines):
            modes |= Modes.VIDEO
        if row.channel is Channel.PHONE and not self._lost(row, effect.no_lines):
            modes |= Modes.PHONE
        if verdicts:
            if verdicts[Channel.VIDEO].allowed and not self._lost(row, effect.no_tablet + effect.no_lines):
                modes |= Modes.VIDEO
            if verdicts[Channel.PHONE].allowed and not self._lost(row, effect.no_lines):
                modes |= Modes.PHONE
        return modes

    @staticmethod
    def _lost(row: PlannedContact, spans: list[tuple[UUID, datetime, datetime]]) -> bool:
        return any(client == row.client_id and start <= row.start < end for client, start, end in spans)

    def _eligible(self, row: PlannedContact, effect: Effect) -> tuple[frozenset[int], frozenset[int]]:
        """Who may visit, and who may call: group, delegation, protected identity, cohort."""
        client = self.scene.clients[row.client_id]
        current = set(self.scene.staff_of(row))
        near = {
            one
            for one in self.workers
            if one in current
            or any(shift.group_id == client.group_id for shift in self.scene.shifts.get(one, []))
        }
        if any(line.service.delegation_required for line in row.lines):
            near = {one for one in near if one in self.scene.delegated or one in current}
        if client.is_protected:
            near &= current | set(self.scene.known.get(client.id, []))
        visiting = set(near)
        for cohort, staff, start, end in effect.cohorts:
            if not start <= row.start < end:
                continue
            if client.id in cohort:
                visiting &= set(staff) or (current | set(self.scene.known.get(client.id, [])))
            else:
                visiting -= set(staff)
        numbers = self.number
        return frozenset(numbers[one] for one in visiting), frozenset(numbers[one] for one in near)

    def _is_frozen(
        self, row: PlannedContact, effect: Effect, modes: Modes, current: Placement | None
    ) -> bool:
        if row.id in self.scene.elsewhere or row.pinned or not row.status.is_untouched:
            return True
        if row.start > self.scene.now + LEAD:
            return False
        # About to begin: only touched when it cannot begin at all.
        gone = any(
            begins <= row.start < ends
            for one in self.scene.staff_of(row)
            for begins, ends in effect.missing(one)
        )
        shut = row.channel is Channel.PHYSICAL and self._lost(row, effect.shut)
        return not (gone or shut or (current is not None and not modes.allows(current.mode)))


def _is_bound_to_place(row: PlannedContact) -> bool:
    """Whatever it is planned as: what needs hands, two people or its place is never a call."""
    return (
        row.priority is Priority.P1
        or row.staff_needed > 1
        or not row.lines
        or not all(line.service.digital_class.may_be_digital for line in row.lines)
    )


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The spans in order, those that overlap or meet as one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _without(
    spans: list[tuple[datetime, datetime]], holes: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """`spans` minus `holes`."""
    left = spans
    for start, end in holes:
        rest = []
        for begins, ends in left:
            if end <= begins or ends <= start:
                rest.append((begins, ends))
                continue
            if begins < start:
                rest.append((begins, start))
            if end < ends:
                rest.append((end, ends))
        left = rest
    return left
