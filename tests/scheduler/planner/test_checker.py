"""The checker knows each broken rule by name: one good plan, spoiled in one way after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.planner.builder import build_problem
from scheduler.planner.checker import check
from scheduler.planner.plan import Costs, Plan
from scheduler.planner.problem import (
    POSTPONED,
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
)
from scheduler.planner.rules import Rule
from scheduler.planner.solve import solve
from scheduler.planner.stop import Budget
from tests.scheduler.planner.problems import line, visit, worker

VIDEO = Modes.PHYSICAL | Modes.VIDEO


def good() -> tuple[Problem, Plan]:
    """A day with a frozen row, a pair, a call and a break, and the plan that keeps it."""
    problem = build_problem(
        contacts=[
            visit(500, place=1, frozen=True),
            visit(560, place=2, staff=(0, 1), staff_needed=2),
            visit(
                700,
                place=1,
                staff=(1,),
                priority=2,
                modes=VIDEO,
                eligible_video=frozenset({0, 1, 2}),
                current=Placement(Mode.VIDEO, (1,), 700),
            ),
            visit(760, place=2, staff=(0,), priority=3),
        ],
        workers=[
            worker(break_demand=BreakDemand(30, 640, 700)),
            worker(max_overtime=20, max_work=560),
            worker(video=False),
        ],
        travel=line(3),
        gaps=[Gap(1, 3, 60)],
        not_before=520,
    )
    plan = solve(problem, seed=1, stop=Budget.first_only())
    assert plan.changed(problem) == ()
    assert check(problem, plan) == ()
    return problem, plan


def with_decision(plan: Plan, contact: int, placement: Placement) -> Plan:
    """The plan with one decision replaced."""
    decisions = list(plan.decisions)
    decisions[contact] = placement
    return replace(plan, decisions=tuple(decisions))


SPOILED = {
    Rule.FROZEN: (0, Placement(Mode.PHYSICAL, (0,), 501)),
    Rule.MODE: (3, Placement(Mode.PHONE, (0,), 760)),
    Rule.NEVER_VIDEO: (3, Placement(Mode.VIDEO, (0,), 760)),
    Rule.POSTPONE: (3, POSTPONED),
    Rule.STAFF_NUMBER: (1, Placement(Mode.PHYSICAL, (0,), 560)),
    Rule.STAFF_DISTINCT: (1, Placement(Mode.PHYSICAL, (0, 0), 560)),
    Rule.STAFF_ELIGIBLE: (3, Placement(Mode.PHYSICAL, (2,), 760)),
    Rule.WORKER_VIDEO: (2, Placement(Mode.VIDEO, (2,), 700)),
    Rule.NOT_BEFORE: (1, Placement(Mode.PHYSICAL, (0, 1), 519)),
    Rule.WINDOW: (3, Placement(Mode.PHYSICAL, (0,), 821)),
    Rule.OVERLAP: (3, Placement(Mode.PHYSICAL, (0,), 570)),
    Rule.TRAVEL: (1, Placement(Mode.PHYSICAL, (0, 1), 539)),
    Rule.GAP: (3, Placement(Mode.PHYSICAL, (1,), 645)),
    Rule.BREAK: (3, Placement(Mode.PHYSICAL, (0,), 665)),
    Rule.COMPLETE: (3, Placement(Mode.UNSERVED)),
}


@pytest.mark.parametrize(("rule", "spoiled"), SPOILED.items(), ids=[rule.value for rule in SPOILED])
def test_each_broken_rule_is_named(rule: Rule, spoiled: tuple[int, Placement]) -> None:
    """One decision that breaks a rule is found under the rule's name."""
    problem, plan = good()
    assert rule in {violation.rule for violation in check(problem, with_decision(plan, *spoiled))}


def test_a_missing_decision_or_a_stray_refusal_is_incomplete() -> None:
    """Each contact once: too few decisions, or a refusal for what takes place, are faults."""
    problem, plan = good()
    assert check(problem, replace(plan, decisions=plan.decisions[1:]))[0].rule is Rule.COMPLETE
    unserved = solve(
        build_problem(contacts=[visit(600)], workers=[worker(intervals=())] * 2, travel=line(2)), seed=1
    )
    assert check(problem, replace(plan, refusals=unserved.refusals))[0].rule is Rule.COMPLETE


def test_break_must_be_in_its_window_and_there_at_all() -> None:
    """A demanded break that is missing or outside its window is a fault."""
    problem, plan = good()
    for start in (None, 639, 701):
        spoiled = replace(plan, breaks=(start, *plan.breaks[1:]))
        assert [violation.rule for violation in check(problem, spoiled)] == [Rule.BREAK]


def found(contact: Contact, placement: Placement, *, breaks: int | None = None, **more: Any) -> set[Rule]:
    """Rules that a single placement breaks, worker 1 being of no interest."""
    crew = more.pop("crew", [worker(), worker()])
    problem = build_problem(contacts=[contact], workers=crew, travel=line(3), **more)
    plan = Plan((placement,), (breaks, None), Costs())
    return {violation.rule for violation in check(problem, plan)}


NOON = Placement(Mode.PHYSICAL, (0,), 600)


def test_time_at_work_is_respected() -> None:
    """Outside the shift, beyond the overtime, and visits in time for calls have each their name."""
    assert found(visit(600), NOON) == set()
    assert found(visit(600), NOON, crew=[worker(630, 960), worker()]) == {Rule.SHIFT, Rule.TRAVEL}
    late = Placement(Mode.PHYSICAL, (0,), 950)
    assert Rule.MAX_WORK in found(visit(950), late)
    assert found(visit(950), late, crew=[worker(max_overtime=30), worker()]) == set()
    assert Rule.MAX_WORK in found(visit(950), late, crew=[worker(max_overtime=30, max_work=550), worker()])
    screens = worker(intervals=(Interval(420, 580), Interval(580, 960, digital_only=True)))
    assert Rule.DIGITAL_SHIFT in found(visit(600), NOON, crew=[screens, worker()])


def test_what_is_shut_is_not_visited() -> None:
    """A visit that overlaps a blockage of its place is a fault."""
    assert found(visit(600), NOON, blockages=[Blockage(1, 629, 700)]) == {Rule.UNREACHABLE}
    assert found(visit(600), NOON, blockages=[Blockage(1, 630, 700), Blockage(2, 0, 1440)]) == set()


def test_trips_take_the_speed_of_the_hour() -> None:
    """A way of ten minutes takes twenty at half speed; only where the roads are slow."""
    early = Placement(Mode.PHYSICAL, (0,), 432)
    assert found(visit(432), early) == set()
    assert found(visit(432), early, slowdowns=[Slowdown(0, 1440, 50)]) == {Rule.TRAVEL}
    assert found(visit(432), early, slowdowns=[Slowdown(0, 1440, 50, area=3)]) == set()
