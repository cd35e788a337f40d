"""What was wrong before anything happened is left alone; what the disruption breaks is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.planner.builder import build_problem
from scheduler.planner.inheritance import inherit
from scheduler.planner.problem import BreakDemand, Gap, Problem, Slowdown
from scheduler.planner.solve import solve
from scheduler.planner.stop import Budget
from tests.scheduler.planner.problems import line, visit, worker

ONE = frozenset({0})


def tight() -> Problem:
    """A day from another system: no way between rows, two at once, outside windows, no room for a break."""
    mine: dict[str, Any] = {"staff": (0,), "eligible_physical": ONE}
    return build_problem(
        contacts=[
            visit(600, place=1, **mine),
            visit(630, place=2, **mine),
            visit(640, place=2, **mine),
            visit(700, place=1, minutes=200, **mine, earliest=720, latest=760),
            visit(945, place=2, **mine),
        ],
        workers=[worker(break_demand=BreakDemand(30, 700, 780)), worker()],
        travel=line(3),
        gaps=[Gap(0, 1, 60)],
    )


def test_an_undisturbed_tight_plan_is_left_as_it_is() -> None:
    """Nothing happened, so nothing changes, however odd the plan."""
    before = tight()
    assert solve(before, seed=1, stop=Budget.first_only()).changed(before) != ()
    problem = inherit(before, before)
    assert solve(problem, seed=1, stop=Budget.first_only()).changed(problem) == ()


def test_only_what_the_disruption_hits_changes() -> None:
    """One absent worker: her row moves; the tight rows of the other stay."""
    rows = (*tight().contacts, visit(500, staff=(1,), eligible_physical=frozenset({0, 1})))
    before = replace(tight(), contacts=rows)
    after = replace(before, workers=(before.workers[0], replace(before.workers[1], intervals=())))
    problem = inherit(after, before)
    assert solve(problem, seed=1, stop=Budget.first_only()).changed(problem) == (5,)


def test_snow_still_counts_on_a_tight_plan() -> None:
    """The minutes that were missing are forgiven, those that the snow adds are not."""
    mine: dict[str, Any] = {"staff": (0,), "eligible_physical": ONE}
    before = build_problem(
        contacts=[visit(600, place=1, **mine), visit(630, place=2, **mine)],
        workers=[worker(), worker()],
        travel=line(3),
    )
    problem = inherit(replace(before, slowdowns=(Slowdown(0, 1440, 50),)), before)
    plan = solve(problem, seed=1, stop=Budget.first_only())
    starts = [placement.start for placement in plan.decisions]
    assert None not in starts
    assert (starts[1] or 0) - (starts[0] or 0) == 40


def test_problems_that_do_not_belong_together_are_refused() -> None:
    """Both must hold the same contacts and workers."""
    before = tight()
    with pytest.raises(ValueError, match="same contacts"):
        inherit(before, replace(before, contacts=before.contacts[1:]))
