"""The answer: what happens to each contact, at what cost, and why something could not be done."""

from __future__ import annotations

from dataclasses import dataclass, field

from scheduler.planner.problem import Mode, Placement, Problem
from scheduler.planner.rules import Rule


@dataclass(frozen=True, slots=True)
class Costs:
    """Parts of a plan's cost in points (ten are worth a minute of travel; see ``weights``).

    Attributes
    ----------
    unserved, postponed
        Contacts without a solution, and contacts given another day.
    travel
        All trips, with the speed of the hour.
    lateness
        Starts after the window of soft contacts.
    staff_change
        People of the current assignments who no longer come (contacts that take place only).
    unfamiliar
        Assigned people whom the client knows less well, or not at all.
    mode_change
        Contacts that take place in another mode than now.
    moved
        Starts that differ from the current ones, small and over the limit.
    overtime
        Work after the end of shifts.
    """

    unserved: int = 0
    postponed: int = 0
    travel: int = 0
    lateness: int = 0
    staff_change: int = 0
    unfamiliar: int = 0
    mode_change: int = 0
    moved: int = 0
    overtime: int = 0

    @property
    def total(self) -> int:
        """Sum of the parts."""
        return (
            self.unserved
            + self.postponed
            + self.travel
            + self.lateness
            + self.staff_change
            + self.unfamiliar
            + self.mode_change
            + self.moved
            + self.overtime
        )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One rule that stands in the way of one mode.

    Attributes
    ----------
    mode
        The mode that was tried.
    rule
        The rule that blocks it. ``SHIFT``: the workers are not at work then. ``OVERLAP`` and ``TRAVEL``:
        they are at work but have no free time there, without or with the way to it. ``STAFF_ELIGIBLE``:
        nobody may. ``NOT_BEFORE``: the window has passed.
    workers
        Workers it stops, ascending; empty when the rule is the contact's own (mode, window, reach).
    """

    mode: Mode
    rule: Rule
    workers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """The best that was found for a contact if a person gives way on something.

    Attributes
    ----------
    placement
        Mode, staff and start.
    gives_way
        Rules that a person would have to waive; empty when contacts are displaced instead.
    displaced
        Contacts that would have to be moved or left out to make room.
    cost
        Points for the contact itself placed so (travel, staff, window), without what is displaced.
    """

    placement: Placement
    gives_way: tuple[Rule, ...] = ()
    displaced: tuple[int, ...] = ()
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a contact does not take place on this day.

    Attributes
    ----------
    contact
        Index of the contact.
    outcome
        ``Mode.POSTPONED`` or ``Mode.UNSERVED``.
    decisive
        The rule that blocks the contact's most wanted mode for most workers.
    obstacles
        Everything that blocks, by mode, most workers first.
    alternative
        The nearest thing a person could decide instead, or None when nothing was found.
    """

    contact: int
    outcome: Mode
    decisive: Rule
    obstacles: tuple[Obstacle, ...]
    alternative: Alternative | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How a plan came about.

    Attributes
    ----------
    rounds
        Neighbourhoods tried by the improvement.
    improvements
        How many of them gave a better plan.
    deterministic_time
        Budget used, in the solver's deterministic unit.
    capped
        True when the wall clock or a cancellation ended the search before the deterministic budget:
        then another run may get further.
    """

    rounds: int = 0
    improvements: int = 0
    deterministic_time: float = 0.0
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A complete plan: one decision for each contact of the problem.

    Two plans are equal when their decisions, breaks, costs and refusals are; ``effort`` is left out.

    Attributes
    ----------
    decisions
        By contact index.
    breaks
        Start of the break by worker index; None where none is demanded or it was lost already.
    costs
        Parts of the cost.
    refusals
        One for each contact that is postponed or unserved, by contact index.
    effort
        How it came about.
    """

    decisions: tuple[Placement, ...]
    breaks: tuple[int | None, ...]
    costs: Costs
    refusals: tuple[Refusal, ...] = ()
    effort: Effort = field(default_factory=Effort, compare=False)

    def objective(self) -> Costs:
        """Cost of the plan in its parts; ``objective().total`` is what the search minimises."""
        return self.costs

    def changed(self, problem: Problem) -> tuple[int, ...]:
        """Contacts whose mode, staff or start differs from the current plan, ascending.

        A contact without a current placement counts as changed when it takes place or is postponed.
        """
        return tuple(
            index
            for index, (contact, decision) in enumerate(zip(problem.contacts, self.decisions, strict=True))
            if decision != contact.current
            and not (contact.current is None and decision.mode is Mode.UNSERVED)
        )
