"""The reasons behind a plan as data: codes with numbers, for others to put into words.

For each contact that changed: what made the change necessary (causes), what speaks for the new placement
(merits), and what else there was, with its cost or with the rule that forbids it (alternatives, obstacles).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scheduler.planner.draft import Draft
from scheduler.planner.options import MODES, Option, may, pairs, single, single_modes
from scheduler.planner.plan import Obstacle, Plan
from scheduler.planner.problem import ANYWHERE, Contact, Mode, Placement, Problem
from scheduler.planner.refusal import obstacles
from scheduler.planner.schedule import CALL, Item, Schedule, day_items
from scheduler.planner.shift import Shift

ALTERNATIVES = 3


class Cause(StrEnum):
    """Why a contact could not, or should not, stay as it was."""

    STAFF_ABSENT = "staff_absent"
    """``worker`` is not at work then."""
    STAFF_NOT_ELIGIBLE = "staff_not_eligible"
    """``worker`` may no longer carry it out in its mode."""
    STAFF_MISSING = "staff_missing"
    """``minutes`` (a number of people, here) were missing in the current plan."""
    MODE_NOT_ALLOWED = "mode_not_allowed"
    """The current mode is not allowed (``mode``)."""
    UNREACHABLE = "unreachable"
    """Nobody gets in; ``minutes`` is when the place can be reached again."""
    TOO_SOON = "too_soon"
    """The current start lies in the past or the lead time; ``minutes`` is the first possible one."""
    OUTSIDE_WINDOW = "outside_window"
    """The current start lies outside the window."""
    TRAVEL_LONGER = "travel_longer"
    """The way there for ``worker`` takes ``minutes`` more than on clear roads."""
    DAY_TOO_TIGHT = "day_too_tight"
    """``worker`` can't hold the current day together with travel and break."""
    MADE_ROOM = "made_room"
    """Nothing hit this contact itself: it changed so that ``contact`` could be kept."""
    BETTER_WHOLE = "better_whole"
    """Nothing hit this contact itself: the plan as a whole is better so."""
    NOT_PLANNED = "not_planned"
    """It had no placement before."""


class Merit(StrEnum):
    """What speaks for the new placement."""

    SAME_STAFF = "same_staff"
    SAME_TIME = "same_time"
    WITHIN_15_MINUTES = "within_15_minutes"
    WITHIN_WINDOW = "within_window"
    SAME_MODE = "same_mode"
    KNOWN_STAFF = "known_staff"
    """``minutes`` is the place on the client's list, 1 the best known."""
    ONLY_STAFF = "only_staff"
    """Nobody else could."""
    NEAREST = "nearest"
    """``worker`` has the shortest detour of all who could; ``minutes`` is the detour."""
    NO_TRAVEL = "no_travel"
    FREES_TRAVEL = "frees_travel"
    """The call saves ``minutes`` on the road."""
    SHIFT_ENDS = "shift_ends"
    """``worker``'s shift ends ``minutes`` after the contact."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause or merit with its numbers; what is not meant is None."""

    code: Cause | Merit
    worker: int | None = None
    contact: int | None = None
    minutes: int | None = None
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Another placement that was possible, and how many points more the plan would cost with it."""

    placement: Placement
    extra: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one contact is planned as it is.

    Attributes
    ----------
    contact
        Index of the contact.
    before, after
        Current and new placement; before is None when it was not planned.
    causes, merits
        Reasons, most telling first.
    alternatives
        Other staff, times or modes with everything else as planned, cheapest first.
    obstacles
        For each mode that is not used: the rules that forbid it ("why not video"); empty for modes that were
        possible.
    """

    contact: int
    before: Placement | None
    after: Placement
    causes: tuple[Reason, ...]
    merits: tuple[Reason, ...]
    alternatives: tuple[Choice, ...]
    obstacles: tuple[Obstacle, ...]


def explain(problem: Problem, plan: Plan) -> tuple[Explanation, ...]:
    """Explain each changed, postponed and unserved contact of a plan, by contact index."""
    schedule = Schedule(problem)
    draft = Draft(schedule)
    draft.decisions = list(plan.decisions)
    draft.items = day_items(schedule, plan.decisions)
    draft.days = [schedule.day(worker, items) for worker, items in enumerate(draft.items)]
    current = day_items(schedule, [c.current or Placement(Mode.UNSERVED) for c in problem.contacts])
    teller = _Teller(draft, current)
    refused = {refusal.contact for refusal in plan.refusals}
    return tuple(teller.tell(contact) for contact in sorted({*plan.changed(problem), *refused}))


class _Teller:
    """Looks at one contact after another against the finished plan."""

    def __init__(self, draft: Draft, current: list[list[Item]]) -> None:
        self.draft = draft
        self.current = current
        self.broken = {
            worker: draft.schedule.day(worker, items) is None for worker, items in enumerate(current)
        }

    def tell(self, contact: int) -> Explanation:
        """The explanation of one contact."""
        data = self.draft.problem.contacts[contact]
        after = self.draft.decisions[contact]
        state = self.draft.snapshot()
        days = sum(self.draft.day_price(day) for day in self.draft.days)
        self.draft.remove(contact)
        saved = days - sum(self.draft.day_price(day) for day in self.draft.days)
        cost = self.draft.price(contact, after) + saved
        options = [] if data.frozen else self._options(contact)
        blocked = tuple(
            obstacle
            for mode in MODES
            if mode is not after.mode and not any(option.placement.mode is mode for option in options)
            for obstacle in obstacles(self.draft, contact, mode)
        )
        merits = self._merits(contact, data, after, options) if after.mode.served else ()
        self.draft.restore(state)
        others = [
            option
            for option in options
            if option.placement.staff != after.staff or option.placement.mode is not after.mode
        ]
        return Explanation(
            contact=contact,
            before=data.current,
            after=after,
            causes=tuple(self._causes(contact, data)),
            merits=tuple(merits),
            alternatives=tuple(
                Choice(option.placement, option.cost - cost) for option in others[:ALTERNATIVES]
            ),
            obstacles=blocked,
        )

    def _options(self, contact: int) -> list[Option]:
        """Every worker's best placement in every mode, with everything else as planned, cheapest first."""
        found = [
            option
            for worker, modes in sorted(single_modes(self.draft, contact).items())
            if self.draft.days[worker] is not None
            for mode in modes
            if (option := single(self.draft, contact, worker, [mode])) is not None
        ]
        if self.draft.problem.contacts[contact].staff_needed == 2:
            found.extend(pairs(self.draft, contact))
        return sorted(found)

    def _causes(self, contact: int, data: Contact) -> list[Reason]:
        before = data.current
        if before is None:
            return [Reason(Cause.NOT_PLANNED)]
        draft = self.draft
        causes: list[Reason] = []
        start = before.begin
        end = start + data.minutes(before.mode)
        if not data.modes.allows(before.mode):
            causes.append(Reason(Cause.MODE_NOT_ALLOWED, mode=before.mode))
        if before.mode is Mode.PHYSICAL:
            causes.extend(
                Reason(Cause.UNREACHABLE, minutes=until)
                for since, until in draft.schedule.blocked.get(data.place, ())
                if start < until and end > since
            )
        if start < draft.problem.not_before:
            causes.append(Reason(Cause.TOO_SOON, minutes=draft.problem.not_before))
        elif not data.earliest <= start <= data.limit:
            causes.append(Reason(Cause.OUTSIDE_WINDOW))
        missing = data.staff_for(before.mode) - len(before.staff)
        if missing > 0:
            causes.append(Reason(Cause.STAFF_MISSING, minutes=missing))
        allowed = may(draft, contact, before.mode)
        for worker in before.staff:
            if not _present(draft.schedule.shifts[worker], before.mode, start, end):
                causes.append(Reason(Cause.STAFF_ABSENT, worker=worker))
            elif worker not in allowed and data.modes.allows(before.mode):
                causes.append(Reason(Cause.STAFF_NOT_ELIGIBLE, worker=worker))
        return causes or self._indirect(contact, before)

    def _indirect(self, contact: int, before: Placement) -> list[Reason]:
        """Causes that lie in the days of the contact's workers."""
        causes: list[Reason] = []
        for worker in before.staff:
            if self.broken[worker]:
                longer = self._longer(worker, contact)
                if longer > 0:
                    causes.append(Reason(Cause.TRAVEL_LONGER, worker=worker, minutes=longer))
                causes.append(Reason(Cause.DAY_TOO_TIGHT, worker=worker))
        if causes:
            return causes
        for worker in before.staff:
            for start, end, other, _ in self.draft.items[worker]:
                new = self.draft.problem.contacts[other].current != self.draft.decisions[other]
                near = start < before.begin + 120 and end > before.begin - 120
                if other != contact and new and near and not self._had(worker, other):
                    return [Reason(Cause.MADE_ROOM, worker=worker, contact=other)]
        return [Reason(Cause.BETTER_WHOLE)]

    def _had(self, worker: int, contact: int) -> bool:
        before = self.draft.problem.contacts[contact].current
        return before is not None and worker in before.staff

    def _longer(self, worker: int, contact: int) -> int:
        """Minutes that the way to a contact takes more than on clear roads, in the current day."""
        schedule = self.draft.schedule
        place, free = schedule.shifts[worker].start_place, None
        for start, end, other, spot in self.current[worker]:
            if spot != CALL:
                if other == contact and place not in (ANYWHERE, spot):
                    depart = free if free is not None else start
                    arrive = schedule.roads.arrival(worker, place, spot, depart)
                    return arrive - depart - schedule.roads.base(worker, place, spot)
                place = spot
            free = end
        return 0

    def _merits(self, contact: int, data: Contact, after: Placement, options: list[Option]) -> list[Reason]:
        """What speaks for the placement; the contact is out of the draft while this is asked."""
        merits: list[Reason] = []
        before = data.current
        start = after.begin
        if before is not None:
            if before.mode is after.mode:
                merits.append(Reason(Merit.SAME_MODE, mode=after.mode))
            if before.staff == after.staff:
                merits.append(Reason(Merit.SAME_STAFF))
            if before.start == start:
                merits.append(Reason(Merit.SAME_TIME))
            elif abs(before.begin - start) <= self.draft.problem.weights.moved_after:
                merits.append(Reason(Merit.WITHIN_15_MINUTES, minutes=start - before.begin))
        if data.earliest <= start <= data.latest:
            merits.append(Reason(Merit.WITHIN_WINDOW))
        merits.extend(
            Reason(Merit.KNOWN_STAFF, worker=worker, minutes=data.known_staff.index(worker) + 1)
            for worker in after.staff
            if worker in data.known_staff
        )
        same = {option.placement.staff for option in options if option.placement.mode is after.mode}
        if same <= {after.staff}:
            merits.append(Reason(Merit.ONLY_STAFF))
        merits.extend(self._road_merits(contact, data, after, same))
        for worker in after.staff:
            left = self.draft.schedule.shifts[worker].end - (start + data.minutes(after.mode))
            if 0 <= left <= 60:
                merits.append(Reason(Merit.SHIFT_ENDS, worker=worker, minutes=left))
        return merits

    def _road_merits(
        self, contact: int, data: Contact, after: Placement, same: set[tuple[int, ...]]
    ) -> list[Reason]:
        if after.mode is not Mode.PHYSICAL:
            merits = [Reason(Merit.NO_TRAVEL)]
            before = data.current
            if before is not None and before.mode is Mode.PHYSICAL:
                spared = sum(self._detour(worker, contact, before) or 0 for worker in before.staff)
                if spared > 0:
                    merits.append(Reason(Merit.FREES_TRAVEL, minutes=spared))
            return merits
        if len(after.staff) != 1 or len(same) < 2:
            return []
        own = self._detour(after.staff[0], contact, after)
        others = [
            detour
            for staff in same
            if staff != after.staff
            and (detour := self._detour(staff[0], contact, Placement(Mode.PHYSICAL, staff, after.start)))
            is not None
        ]
        if own is not None and others and own <= min(others):
            return [Reason(Merit.NEAREST, worker=after.staff[0], minutes=own)]
        return []

    def _detour(self, worker: int, contact: int, placement: Placement) -> int | None:
        """Minutes on the road that a visit adds to a day; None when the day can't hold it at that time."""
        draft = self.draft
        items = draft.without(worker, contact)
        bare = draft.schedule.day(worker, items)
        full = draft.schedule.day(worker, sorted([*items, draft.schedule.item(contact, placement)]))
        return full.travel - bare.travel if bare is not None and full is not None else None


def _present(shift: Shift, mode: Mode, start: int, end: int) -> bool:
    spans = shift.visits if mode is Mode.PHYSICAL else shift.calls
    return any(since <= start and end <= until for since, until in spans)
