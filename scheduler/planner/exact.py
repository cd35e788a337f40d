"""A small part of the day as an exact model for CP-SAT: some contacts free, everything else as it stands.

Visits of a worker form a circuit from the start place to the end place; each visit has a trip interval
before it, whose length depends on where the worker comes from; contacts, trips and break of a worker do not
overlap. Calls are outside the circuit, so the worker's place is state and no call moves anybody. Slow hours
enter with the longest time of each trip (the true one for trips of the present plan), so every answer is
confirmed by exact evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from scheduler.planner.circuit import add_day
from scheduler.planner.draft import Draft
from scheduler.planner.options import MODES, fallback, may
from scheduler.planner.pricing import familiarity
from scheduler.planner.problem import Mode, Placement


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver found: placements of the free contacts, and the deterministic time it took."""

    placements: dict[int, Placement] | None
    deterministic_time: float


class LocalModel:
    """The model of one neighbourhood.

    Parameters
    ----------
    draft
        The present plan; not changed.
    free
        Contacts that may change, none frozen or tied; those that take place have all their workers in
        ``workers``.
    workers
        Workers whose days may change.
    """

    def __init__(self, draft: Draft, free: Sequence[int], workers: Sequence[int]) -> None:
        self.draft = draft
        self.free = sorted(free)
        self.workers = sorted(workers)
        self.model = cp_model.CpModel()
        self.terms: list[Any] = []
        self.start: dict[int, Any] = {}
        self.mode: dict[tuple[int, Mode], Any] = {}
        self.out: dict[int, Any] = {}
        self.takes: dict[tuple[int, Mode, int], Any] = {}
        for contact in self.free:
            self._add_contact(contact)
        self._add_gaps()
        for worker in self.workers:
            add_day(self, worker)
        self.model.minimize(sum(self.terms))

    def bool_(self, hint: bool) -> Any:
        """A new literal with its value in the present plan."""
        literal = self.model.new_bool_var("")
        self.model.add_hint(literal, hint)
        return literal

    def int_(self, low: int, high: int, hint: int) -> Any:
        """A new number from low to high with its value in the present plan."""
        variable = self.model.new_int_var(low, high, "")
        self.model.add_hint(variable, min(max(hint, low), high))
        return variable

    def _add_contact(self, contact: int) -> None:
        draft, model = self.draft, self.model
        data = draft.problem.contacts[contact]
        now = draft.decisions[contact]
        weights = draft.problem.weights
        low, high = max(data.earliest, draft.problem.not_before), data.limit
        out = self.out[contact] = self.bool_(not now.mode.served)
        self.terms.append(fallback(draft, contact).cost * out)
        if low > high:
            model.add(out == 1)
            return
        current = data.current
        wished = current.begin if current else data.earliest
        start = self.start[contact] = self.int_(low, high, now.start if now.start is not None else wished)
        chosen = []
        for mode in MODES:
            people = [worker for worker in may(draft, contact, mode) if worker in self.workers]
            if len(people) < data.staff_for(mode):
                continue
            literal = self.mode[contact, mode] = self.bool_(now.mode is mode)
            chosen.append(literal)
            taken = []
            for worker in people:
                takes = self.bool_(now.mode is mode and worker in now.staff)
                self.takes[contact, mode, worker] = takes
                taken.append(takes)
                self._at_work(contact, mode, worker)
                points = familiarity(data, worker, weights)
                if current and worker in current.staff:
                    points -= weights.staff_change
                self.terms.append(points * takes)
            model.add(sum(taken) == data.staff_for(mode) * literal)
            changed = 0
            if current:
                needed = len(current.staff) if mode is Mode.PHYSICAL else min(1, len(current.staff))
                changed = needed * weights.staff_change
                changed += weights.mode_change(mode) if mode is not current.mode else 0
            self.terms.append(changed * literal)
        model.add_exactly_one([*chosen, out])
        if high > data.latest:
            late = self.int_(0, high - data.latest, max(0, (now.start or 0) - data.latest))
            model.add(late >= start - data.latest).only_enforce_if(~out)
            self.terms.append(weights.late_minute * late)
        if current:
            self._add_move(contact, current.begin, low, high)

    def _add_move(self, contact: int, current: int, low: int, high: int) -> None:
        """Cost of a start that differs from the current one."""
        weights = self.draft.problem.weights
        start, out, now = self.start[contact], self.out[contact], self.draft.decisions[contact].start
        farthest = max(abs(low - current), abs(high - current))
        distance = abs(now - current) if now is not None else 0
        far = self.int_(0, farthest, distance)
        self.model.add(far >= start - current).only_enforce_if(~out)
        self.model.add(far >= current - start).only_enforce_if(~out)
        self.terms.append(weights.moved_minute * far)
        if farthest > weights.moved_after:
            moved = self.bool_(distance > weights.moved_after)
            self.model.add(far <= weights.moved_after).only_enforce_if(~moved)
            self.terms.append(weights.moved * moved)

    def _at_work(self, contact: int, mode: Mode, worker: int) -> None:
        """The contact lies within the worker's time at work, and not while its place is shut."""
        draft = self.draft
        shift = draft.schedule.shifts[worker]
        data = draft.problem.contacts[contact]
        minutes = data.minutes(mode)
        spans = shift.visits if mode is Mode.PHYSICAL else shift.calls
        allowed = cp_model.Domain.from_intervals(
            [[low, high - minutes] for low, high in spans if high - minutes >= low]
        )
        if mode is Mode.PHYSICAL:
            for since, until in draft.schedule.blocked.get(data.place, ()):
                shut = cp_model.Domain(since - minutes + 1, until - 1)
                allowed = allowed.intersection_with(shut.complement())
        self.model.add_linear_expression_in_domain(self.start[contact], allowed).only_enforce_if(
            self.takes[contact, mode, worker]
        )

    def _add_gaps(self) -> None:
        draft = self.draft
        for gap in draft.problem.gaps:
            inside = [contact for contact in (gap.first, gap.second) if contact in self.start]
            if not inside:
                continue
            first, second = draft.decisions[gap.first], draft.decisions[gap.second]
            contacts = draft.problem.contacts
            after: Any = self.start.get(gap.second, second.start)
            if after is None or (gap.first not in self.start and first.start is None):
                continue
            enforce = [~self.out[contact] for contact in inside]
            if gap.first not in self.start:
                end = first.begin + contacts[gap.first].minutes(first.mode)
                self.model.add(after >= end + gap.minutes).only_enforce_if(enforce)
                continue
            for mode in MODES:
                if (gap.first, mode) in self.mode:
                    end = self.start[gap.first] + contacts[gap.first].minutes(mode)
                    self.model.add(after >= end + gap.minutes).only_enforce_if(
                        [*enforce, self.mode[gap.first, mode]]
                    )

    def solve(self, *, seed: int, deterministic: float, wall: float) -> Answer:
        """Search for better placements of the free contacts.

        Parameters
        ----------
        seed
            Of the solver's own choices.
        deterministic, wall
            Budget in the solver's deterministic unit, and upper limit in seconds.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 0  # a relaxation costs more here than it prunes
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.random_seed = seed & 0x7FFFFFFF
        solver.parameters.max_deterministic_time = deterministic
        solver.parameters.max_time_in_seconds = max(0.01, wall)
        status = solver.solve(self.model)
        spent = solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(None, spent)
        placements: dict[int, Placement] = {}
        for contact in self.free:
            mode = next(
                (m for m in MODES if (contact, m) in self.mode and solver.value(self.mode[contact, m])), None
            )
            if mode is None:
                placements[contact] = fallback(self.draft, contact).placement
                continue
            staff = tuple(
                worker
                for worker in self.workers
                if (contact, mode, worker) in self.takes and solver.value(self.takes[contact, mode, worker])
            )
            placements[contact] = Placement(mode, staff, solver.value(self.start[contact]))
        return Answer(placements, spent)
