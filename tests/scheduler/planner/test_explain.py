"""Every change has its reasons as data: what caused it, what speaks for it, what else there was."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings

from scheduler.planner.builder import build_problem
from scheduler.planner.explain import Cause, Explanation, Merit, explain
from scheduler.planner.problem import Blockage, Contact, Mode, Modes, Placement, Problem, Slowdown, Worker
from scheduler.planner.rules import Rule
from scheduler.planner.solve import solve
from scheduler.planner.stop import Budget
from tests.scheduler.planner.problems import line, problems, visit, worker

EVERYONE = frozenset(range(3))
planned = partial(solve, seed=1, stop=Budget.first_only())


def told(*contacts: Contact, crew: list[Worker] | None = None, **more: Any) -> dict[int, Explanation]:
    """Explanations by contact of the first proposal for three workers on a road."""
    problem = build_problem(
        contacts=contacts, workers=crew or [worker(), worker(), worker()], travel=line(4), **more
    )
    return {explanation.contact: explanation for explanation in explain(problem, planned(problem))}


def codes(explanation: Explanation) -> set[Cause | Merit]:
    """All codes of causes and merits."""
    return {reason.code for reason in (*explanation.causes, *explanation.merits)}


def test_absent_staff_and_a_known_replacement_at_the_same_time() -> None:
    """Who was away, that the new one is known and the time the same, and who else could at what cost."""
    crew = [worker(intervals=()), worker(), worker()]
    reasons = told(visit(600, eligible_physical=EVERYONE, known_staff=(0, 2)), crew=crew)[0]
    assert [(cause.code, cause.worker) for cause in reasons.causes] == [(Cause.STAFF_ABSENT, 0)]
    assert {Merit.SAME_TIME, Merit.SAME_MODE, Merit.KNOWN_STAFF, Merit.WITHIN_WINDOW} <= codes(reasons)
    assert reasons.alternatives[0].placement.staff == (1,)
    assert reasons.alternatives[0].extra > 0


def test_why_not_video_names_the_rule() -> None:
    """A hands-on visit that moved to other staff says that video was never allowed."""
    crew = [worker(intervals=()), worker(), worker()]
    reasons = told(visit(600, eligible_physical=EVERYONE), crew=crew)[0]
    assert (Mode.VIDEO, Rule.NEVER_VIDEO) in {(each.mode, each.rule) for each in reasons.obstacles}


def test_a_shut_building_and_a_call_instead() -> None:
    """The cause is the blockage with its end, the merit the way that is spared, the obstacle the reach."""
    row = visit(600, priority=2, modes=Modes.PHYSICAL | Modes.VIDEO)
    reasons = told(row, blockages=[Blockage(1, 0, 1000)])[0]
    assert reasons.after == Placement(Mode.VIDEO, (0,), 600)
    assert [(cause.code, cause.minutes) for cause in reasons.causes] == [(Cause.UNREACHABLE, 1000)]
    assert {Merit.SAME_STAFF, Merit.SAME_TIME, Merit.NO_TRAVEL} <= codes(reasons)
    assert (Mode.PHYSICAL, Rule.UNREACHABLE) in {(each.mode, each.rule) for each in reasons.obstacles}


def test_longer_roads_are_the_cause_with_their_minutes() -> None:
    """In snow the visit that is moved says how much longer the way to it takes."""
    rows = [
        visit(600, place=1, eligible_physical=frozenset({0})),
        visit(640, place=2, eligible_physical=frozenset({0})),
    ]
    reasons = told(*rows, slowdowns=[Slowdown(0, 1440, 50)])
    causes = {(cause.code, cause.minutes) for each in reasons.values() for cause in each.causes}
    assert (Cause.TRAVEL_LONGER, 10) in causes
    assert (Cause.DAY_TOO_TIGHT, None) in causes


def test_a_mode_that_is_not_allowed_any_more() -> None:
    """A call whose consent is gone says which mode was lost, and becomes a visit."""
    row = visit(600, priority=2, current=Placement(Mode.VIDEO, (0,), 600))
    reasons = told(row)[0]
    assert reasons.after.mode is Mode.PHYSICAL
    assert [(cause.code, cause.mode) for cause in reasons.causes] == [(Cause.MODE_NOT_ALLOWED, Mode.VIDEO)]


def test_nearest_is_said_with_its_detour() -> None:
    """Who is already at the neighbour's is the nearest."""
    crew = [worker(intervals=()), worker(), worker()]
    near = visit(560, place=3, staff=(2,), eligible_physical=EVERYONE)
    reasons = told(visit(600, place=3, eligible_physical=EVERYONE), near, crew=crew)[0]
    assert reasons.after.staff == (2,)
    nearest = [merit for merit in reasons.merits if merit.code is Merit.NEAREST]
    assert [(merit.worker, merit.minutes) for merit in nearest] == [(2, 0)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(problems())
def test_each_change_and_each_refusal_is_explained_once(problem: Problem) -> None:
    """No change without a cause, and nothing is explained that did not change."""
    plan = planned(problem)
    explanations = explain(problem, plan)
    refused = {refusal.contact for refusal in plan.refusals}
    assert [each.contact for each in explanations] == sorted({*plan.changed(problem), *refused})
    assert all(each.causes for each in explanations)
    for each in explanations:
        assert each.after == plan.decisions[each.contact]
        for choice in each.alternatives:
            assert problem.contacts[each.contact].modes.allows(choice.placement.mode)
