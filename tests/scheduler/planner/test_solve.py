"""Whatever the problem, the answer keeps every hard rule, repeats itself and accounts for everything."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from scheduler.planner.builder import build_problem
from scheduler.planner.checker import check
from scheduler.planner.draft import Draft
from scheduler.planner.insertion import first_proposal
from scheduler.planner.plan import Plan
from scheduler.planner.problem import (
    Blockage,
    BreakDemand,
    Contact,
    Interval,
    Mode,
    Modes,
    Placement,
    Problem,
    Worker,
)
from scheduler.planner.rules import Rule
from scheduler.planner.schedule import Schedule, evaluate
from scheduler.planner.solve import UnsafePlanError, finished, solve
from scheduler.planner.stop import Budget
from tests.scheduler.planner.problems import line, problems, visit, worker

FIRST = Budget.first_only()
SHORT = Budget(deterministic=0.04, wall=60)
random_problems = partial(
    settings, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def day(
    *contacts: Contact, crew: list[Worker] | None = None, travel: list[list[int]] | None = None, **more: Any
) -> Problem:
    """A small problem: two workers, three places ten minutes apart."""
    return build_problem(
        contacts=contacts, workers=crew or [worker(), worker()], travel=travel or line(3), **more
    )


@random_problems(max_examples=150)
@given(problems())
def test_first_proposal_breaks_no_rule_and_accounts_for_every_contact(problem: Problem) -> None:
    """The independent checker finds nothing, each contact has one decision, and refusals name the rest."""
    plan = solve(problem, seed=1, stop=FIRST)
    assert check(problem, plan) == ()
    assert len(plan.decisions) == len(problem.contacts)
    left = [index for index, placement in enumerate(plan.decisions) if not placement.mode.served]
    assert [refusal.contact for refusal in plan.refusals] == left


@random_problems(max_examples=25)
@given(problems(contacts=7))
def test_improved_plans_break_no_rule_and_never_cost_more(problem: Problem) -> None:
    """Everything shown on the way passes the checker, and each plan is cheaper than the one before."""
    shown: list[Plan] = []
    plan = solve(problem, seed=3, stop=SHORT, progress=shown.append)
    assert all(check(problem, each) == () for each in shown)
    costs = [each.objective().total for each in shown]
    assert costs == sorted(costs, reverse=True)
    assert plan.objective().total == costs[-1]


@random_problems(max_examples=100)
@given(problems())
def test_what_may_not_be_video_never_gets_video(problem: Problem) -> None:
    """No contact whose mask lacks video is ever a video contact, unless a frozen row is one already."""
    plan = solve(problem, seed=1, stop=FIRST)
    for contact, placement in zip(problem.contacts, plan.decisions, strict=True):
        if placement.mode is Mode.VIDEO:
            assert Modes.VIDEO in contact.modes or (contact.frozen and contact.current == placement)
            assert contact.frozen or contact.priority > 1


@random_problems(max_examples=100)
@given(problems())
def test_frozen_contacts_are_untouched(problem: Problem) -> None:
    """Frozen means exactly the same mode, staff and minute."""
    plan = solve(problem, seed=1, stop=FIRST)
    for contact, placement in zip(problem.contacts, plan.decisions, strict=True):
        if contact.frozen:
            assert placement == (contact.current or Placement(Mode.UNSERVED))


@random_problems(max_examples=15)
@given(problems(contacts=7))
def test_same_input_and_seed_give_the_same_plan(problem: Problem) -> None:
    """Two runs agree in every decision, break, cost and refusal."""
    assert solve(problem, seed=7, stop=SHORT) == solve(problem, seed=7, stop=SHORT)


@random_problems(max_examples=100)
@given(problems())
def test_costs_kept_during_insertion_equal_full_evaluation(problem: Problem) -> None:
    """The sum that the search steers by is the cost that an evaluation from nothing gives."""
    schedule = Schedule(problem)
    draft = first_proposal(schedule)
    evaluated = evaluate(schedule, draft.decisions)
    assert evaluated is not None
    assert draft.total() == evaluated[0].total
    assert tuple(each.break_start if each else None for each in draft.days) == evaluated[1]


@random_problems(max_examples=50)
@given(problems())
def test_a_day_that_holds_is_left_alone(problem: Problem) -> None:
    """Planning again what was just planned, with nothing new, changes nothing that takes place."""
    plan = solve(problem, seed=1, stop=FIRST)
    settled = replace(
        problem,
        contacts=tuple(
            replace(contact, current=placement if placement.mode.served else None)
            for contact, placement in zip(problem.contacts, plan.decisions, strict=True)
        ),
    )
    again = solve(settled, seed=1, stop=FIRST)
    for before, after in zip(plan.decisions, again.decisions, strict=True):
        assert after == before or not before.mode.served


def test_empty_problem() -> None:
    """Nothing to plan is a plan."""
    plan = solve(build_problem(contacts=[], workers=[], travel=[]), seed=1)
    assert plan.decisions == ()
    assert plan.objective().total == 0


def test_no_workers_at_all_leaves_p1_unserved_and_lets_p4_wait() -> None:
    """Without anybody nothing is invented: what may wait waits, the rest is named with its rule."""
    nobody: dict[str, Any] = {
        "eligible_physical": frozenset(),
        "eligible_video": frozenset(),
        "eligible_phone": frozenset(),
        "current": None,
    }
    problem = build_problem(
        contacts=[
            visit(600, **nobody),
            visit(600, priority=4, modes=Modes.PHYSICAL | Modes.POSTPONE, **nobody),
        ],
        workers=[],
        travel=line(2),
    )
    plan = solve(problem, seed=1, stop=FIRST)
    assert [placement.mode for placement in plan.decisions] == [Mode.UNSERVED, Mode.POSTPONED]
    assert plan.refusals[0].decisive == "staff_eligible"


def test_everything_frozen_stays_even_where_it_can_not_be() -> None:
    """Two frozen rows at once, on a worker who is away, are facts and not faults."""
    problem = day(visit(600, frozen=True), visit(610, place=2, frozen=True), crew=[worker(intervals=())] * 2)
    plan = solve(problem, seed=1)
    assert plan.changed(problem) == ()


def test_everything_unreachable_names_the_rule() -> None:
    """With no way in, visits are unserved and the refusal says why."""
    problem = day(visit(600), visit(700), blockages=[Blockage(1, 0, 1440)])
    plan = solve(problem, seed=1)
    assert {placement.mode for placement in plan.decisions} == {Mode.UNSERVED}
    assert {refusal.decisive for refusal in plan.refusals} == {"unreachable"}


def test_visit_for_two_with_one_worker_left_is_not_done_by_one() -> None:
    """Half a pair is no pair: unserved, with the one who was free named."""
    problem = day(visit(600, staff=(0, 1), staff_needed=2), crew=[worker(), worker(intervals=())])
    plan = solve(problem, seed=1, stop=FIRST)
    assert plan.decisions[0].mode is Mode.UNSERVED
    stopped = {obstacle.rule: obstacle.workers for obstacle in plan.refusals[0].obstacles}
    assert stopped[Rule.STAFF_NUMBER] == (0,)
    assert stopped[Rule.SHIFT] == (1,)


def test_visit_for_two_keeps_the_one_who_is_well() -> None:
    """Of a pair with one absent only the absent one is replaced, at the same time."""
    everyone = frozenset(range(3))
    problem = day(
        visit(600, staff=(0, 1), staff_needed=2, eligible_physical=everyone),
        crew=[worker(), worker(intervals=()), worker()],
    )
    plan = solve(problem, seed=1)
    assert plan.decisions[0] == Placement(Mode.PHYSICAL, (0, 2), 600)


def test_untouched_contacts_stay_and_the_orphan_goes_to_someone_known() -> None:
    """One absent worker: the other's rows stay, the orphan goes to known staff at its own time."""
    three = frozenset(range(3))
    problem = day(
        visit(600, staff=(1,)),
        visit(700, staff=(0,), eligible_physical=three, known_staff=(0, 2)),
        crew=[worker(intervals=()), worker(), worker()],
        travel=line(3, 7),
    )
    plan = solve(problem, seed=1)
    assert plan.decisions[0] == problem.contacts[0].current
    assert plan.decisions[1] == Placement(Mode.PHYSICAL, (2,), 700)


def test_video_comes_before_phone_and_phone_before_another_day() -> None:
    """A check that can't be a visit becomes video; without video a phone call; without either it waits."""
    check_in: dict[str, Any] = {"priority": 3, "staff": (0,), "place": 1}
    masks = [
        Modes.PHYSICAL | Modes.VIDEO | Modes.PHONE | Modes.POSTPONE,
        Modes.PHYSICAL | Modes.PHONE | Modes.POSTPONE,
        Modes.PHYSICAL | Modes.POSTPONE,
    ]
    problem = day(
        *(visit(600 + 60 * number, modes=mask, **check_in) for number, mask in enumerate(masks)),
        blockages=[Blockage(1, 0, 1440)],
    )
    plan = solve(problem, seed=1)
    assert [placement.mode for placement in plan.decisions] == [Mode.VIDEO, Mode.PHONE, Mode.POSTPONED]
    assert [placement.staff for placement in plan.decisions[:2]] == [(0,), (0,)]


def test_hands_on_p1_goes_before_what_can_wait() -> None:
    """One worker left, one hour: the P1 row takes the place of the P4 row."""
    problem = day(
        visit(600, staff=(1,), minutes=50, earliest=600, latest=605),
        visit(600, staff=(0,), minutes=50, earliest=600, latest=605, priority=4, modes=Modes(9)),
        crew=[worker(), worker(intervals=())],
    )
    plan = solve(problem, seed=1, stop=FIRST)
    assert plan.decisions[0] == Placement(Mode.PHYSICAL, (0,), 600)
    assert plan.decisions[1].mode is Mode.POSTPONED


def test_exact_search_finds_what_insertion_misses() -> None:
    """Serving both needs two moves at once; the improvement makes them and the cost falls."""
    both = frozenset({0, 1})
    tight: dict[str, Any] = {"minutes": 50, "place": 1}
    problem = day(
        visit(600, staff=(0,), earliest=600, latest=601, eligible_physical=frozenset({0}), **tight),
        visit(600, staff=(0,), earliest=600, latest=660, eligible_physical=both, **tight),
        visit(655, staff=(1,), earliest=600, latest=720, eligible_physical=both, **tight),
        crew=[worker(580, 720, start_place=1, end_place=1), worker(580, 720, start_place=1, end_place=1)],
    )
    plan = solve(problem, seed=1)
    assert all(placement.mode is Mode.PHYSICAL for placement in plan.decisions)


def test_cancelling_returns_the_best_so_far_and_says_so() -> None:
    """A flag that is up before the improvement ends it at once with a complete plan."""
    problem = day(visit(600), visit(700, staff=(1,)), crew=[worker(), worker(intervals=())])
    plan = solve(problem, seed=1, cancelled=lambda: True)
    assert plan.effort.capped
    assert check(problem, plan) == ()


def test_wall_clock_ends_the_search_with_a_complete_plan() -> None:
    """A wall-clock limit of nothing still gives the first proposal, marked as capped."""
    problem = day(visit(600), visit(700, staff=(1,)), crew=[worker(), worker(intervals=())])
    plan = solve(problem, seed=1, stop=Budget(deterministic=1, wall=0))
    assert plan.effort.capped
    assert check(problem, plan) == ()


def test_an_unsafe_plan_is_never_handed_out() -> None:
    """Were the search to break a rule, the façade raises instead of returning the plan."""
    problem = day(visit(600, eligible_physical=frozenset({1})))
    draft = Draft(Schedule(problem))
    assert draft.place(0, Placement(Mode.PHYSICAL, (0,), 600))
    with pytest.raises(UnsafePlanError) as caught:
        finished(draft, solve(problem, seed=1, stop=FIRST).effort)
    assert caught.value.violations[0].rule == "staff_eligible"


def test_solving_in_a_spawned_process_gives_the_same_plan() -> None:
    """Problem and plan go through pickle, and another process comes to the same answer."""
    problem = day(
        visit(600, staff=(1,)),
        visit(700, staff=(0,), modes=Modes.PHYSICAL | Modes.VIDEO, priority=2),
        crew=[
            worker(break_demand=BreakDemand(30, 660, 780)),
            worker(intervals=(Interval(420, 500), Interval(660, 800, digital_only=True))),
        ],
    )
    assert pickle.loads(pickle.dumps(problem)) == problem  # noqa: S301 - our own bytes
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        elsewhere = pool.submit(partial(solve, problem, seed=5, stop=SHORT)).result(timeout=90)
    assert elsewhere == solve(problem, seed=5, stop=SHORT)
