"""The façade: a problem in, a checked plan out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from scheduler.planner.checker import Violation, check
from scheduler.planner.draft import Draft
from scheduler.planner.insertion import NEVER_STOP, first_proposal
from scheduler.planner.plan import Effort, Plan
from scheduler.planner.problem import Problem
from scheduler.planner.refusal import refusals
from scheduler.planner.schedule import Schedule
from scheduler.planner.stop import Budget


class UnsafePlanError(RuntimeError):
    """The search made a plan that the checker refuses: a fault in the planner, and no plan is handed out."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"{len(violations)} broken rules, first {violations[0] if violations else None}")
        self.violations = violations

    def __reduce__(self) -> tuple[type[UnsafePlanError], tuple[tuple[Violation, ...]]]:
        return UnsafePlanError, (self.violations,)


def solve(
    problem: Problem,
    *,
    seed: int,
    stop: Budget | None = None,
    progress: Callable[[Plan], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Plan the day anew after a disruption, changing as little as possible.

    Parameters
    ----------
    seed
        Same problem, seed and budget give the same plan (unless ``effort.capped``).
    stop
        Budget; ``Budget()`` if left out, ``Budget.first_only()`` for the first proposal alone.
    progress
        Called with the first proposal (within a second for a day of 500 contacts) and with each better plan.
    cancelled
        Polled often; once it is true, the best plan so far is returned.

    Returns
    -------
    Plan
        Complete and free of broken rules, as everything that is given to ``progress``.

    Raises
    ------
    UnsafePlanError
        If the checker refuses the plan. Never expected.
    """
    began = time.monotonic()
    budget = stop or Budget()
    halt = cancelled or NEVER_STOP
    schedule = Schedule(problem)
    draft = first_proposal(schedule, halt)
    plan = finished(draft, Effort(capped=halt()))
    if progress:
        progress(plan)
    if budget.deterministic <= 0 or halt():
        return plan
    from scheduler.planner.repair import (
        improve,
    )  # the solver library takes a second and 90 MB: only when needed

    def better(found: Draft) -> None:
        if progress:
            progress(finished(found, Effort()))

    effort = improve(draft, seed=seed, budget=budget, began=began, cancelled=halt, better=better)
    return finished(draft, effort) if effort.improvements else replace(plan, effort=effort)


def finished(draft: Draft, effort: Effort) -> Plan:
    """The plan that a draft stands for, evaluated in full and checked.

    Raises
    ------
    UnsafePlanError
        If it breaks a rule.
    """
    evaluated = draft.evaluated()
    if evaluated is None:
        raise UnsafePlanError(())
    costs, breaks = evaluated
    plan = Plan(tuple(draft.decisions), breaks, costs, refusals(draft), effort)
    violations = check(draft.problem, plan)
    if violations:
        raise UnsafePlanError(violations)
    return plan
