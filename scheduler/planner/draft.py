"""A plan in the making: decisions and the workers' days, kept consistent and exactly priced at every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.planner.plan import Costs
from scheduler.planner.pricing import contact_cost
from scheduler.planner.problem import UNSERVED, Mode, Placement
from scheduler.planner.roads import NEVER
from scheduler.planner.schedule import Day, Item, Schedule, evaluate


class Draft:
    """Mutable state of the search.

    Attributes
    ----------
    decisions
        Placement by contact.
    items
        Each worker's day in order of start, without the break.
    days
        Evaluation of each worker's day; None while it is impossible (only before the first repair).
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.problem = schedule.problem
        self.decisions: list[Placement] = [UNSERVED] * len(self.problem.contacts)
        self.items: list[list[Item]] = [[] for _ in self.problem.workers]
        self.days: list[Day | None] = [
            schedule.day(worker, ()) for worker in range(len(self.problem.workers))
        ]
        self._neighbours: dict[int, list[tuple[int, int, bool]]] = {}
        for gap in self.problem.gaps:
            self._neighbours.setdefault(gap.first, []).append((gap.second, gap.minutes, True))
            self._neighbours.setdefault(gap.second, []).append((gap.first, gap.minutes, False))

    def window(self, contact: int, mode: Mode) -> tuple[int, int]:
        """First and last start of a contact in a mode, as the other contacts of its client lie now."""
        data = self.problem.contacts[contact]
        if data.frozen and data.current is not None and data.current.start is not None:
            return data.current.start, data.current.start
        low, high = max(data.earliest, self.problem.not_before), data.limit
        for other, minutes, after in self._neighbours.get(contact, ()):
            placement = self.decisions[other]
            if placement.start is None:
                continue
            if after:
                high = min(high, placement.start - minutes - data.minutes(mode))
            else:
                low = max(
                    low, placement.start + self.problem.contacts[other].minutes(placement.mode) + minutes
                )
        return low, high

    def related(self, contact: int) -> list[int]:
        """Contacts that must keep a distance in time from this one."""
        return [other for other, _, _ in self._neighbours.get(contact, ())]

    def price(self, contact: int, placement: Placement) -> int:
        """Points for one contact placed so, roads apart."""
        return contact_cost(self.problem.contacts[contact], placement, self.problem.weights)

    def day_price(self, day: Day | None) -> int:
        """Points for a worker's travel and overtime; ``NEVER`` for an impossible day."""
        if day is None:
            return NEVER
        weights = self.problem.weights
        return day.travel * weights.travel_minute + day.overtime * weights.overtime_minute

    def without(self, worker: int, contact: int) -> list[Item]:
        """The worker's items without one contact."""
        return [item for item in self.items[worker] if item[2] != contact]

    def put(
        self, contact: int, placement: Placement, days: Iterable[tuple[int, Sequence[Item], Day | None]]
    ) -> None:
        """Decide a contact and replace the days that this changes."""
        self.decisions[contact] = placement
        for worker, items, day in days:
            self.items[worker] = list(items)
            self.days[worker] = day

    def place(self, contact: int, placement: Placement) -> bool:
        """Put a contact into its workers' days; False, and nothing done, if window or days forbid it."""
        low, high = self.window(contact, placement.mode)
        if not low <= placement.begin <= high:
            return False
        item = self.schedule.item(contact, placement)
        days = []
        for worker in placement.staff:
            items = sorted([*self.items[worker], item])
            day = self.schedule.day(worker, items)
            if day is None:
                return False
            days.append((worker, items, day))
        self.put(contact, placement, days)
        return True

    def remove(self, contact: int, outcome: Placement = UNSERVED) -> tuple[int, ...]:
        """Take a contact out of the plan; the workers who had it."""
        staff = self.decisions[contact].staff
        days = []
        for worker in staff:
            items = self.without(worker, contact)
            days.append((worker, items, self.schedule.day(worker, items)))
        self.put(contact, outcome, days)
        return staff

    def retime(self, worker: int, starts: dict[int, int]) -> None:
        """Give contacts of one worker's day new starts (contacts that this worker has alone)."""
        for contact, start in starts.items():
            old = self.decisions[contact]
            self.decisions[contact] = Placement(old.mode, old.staff, start)
        self.items[worker] = sorted(
            self.schedule.item(item[2], self.decisions[item[2]]) for item in self.items[worker]
        )
        self.days[worker] = self.schedule.day(worker, self.items[worker])

    def gaps_hold(self, contacts: Iterable[int]) -> bool:
        """Whether the contacts' starts keep their distances."""
        for contact in contacts:
            placement = self.decisions[contact]
            if placement.start is None or self.problem.contacts[contact].frozen:
                continue
            low, high = self.window(contact, placement.mode)
            if not low <= placement.start <= high:
                return False
        return True

    def snapshot(self) -> tuple[list[Placement], list[list[Item]], list[Day | None]]:
        """State to return to with :meth:`restore`."""
        return self.decisions.copy(), [items.copy() for items in self.items], self.days.copy()

    def restore(self, state: tuple[list[Placement], list[list[Item]], list[Day | None]]) -> None:
        """Return to a snapshot."""
        decisions, items, days = state
        self.decisions, self.items, self.days = decisions.copy(), [day.copy() for day in items], days.copy()

    def total(self) -> int:
        """Cost of everything in points, from the kept evaluations."""
        return sum(self.price(contact, placement) for contact, placement in enumerate(self.decisions)) + sum(
            self.day_price(day) for day in self.days
        )

    def evaluated(self) -> tuple[Costs, tuple[int | None, ...]] | None:
        """Cost parts and breaks by full evaluation."""
        return evaluate(self.schedule, self.decisions)
