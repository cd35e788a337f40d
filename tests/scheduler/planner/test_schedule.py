"""A worker's day is evaluated exactly: trips, slow hours, breaks, calls on the way, time at work."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.planner.builder import build_problem
from scheduler.planner.decode import Task, decode
from scheduler.planner.problem import (
    ANYWHERE,
    Allowance,
    Blockage,
    BreakDemand,
    Contact,
    Interval,
    Mode,
    Placement,
    Problem,
    Slowdown,
    Worker,
)
from scheduler.planner.schedule import CALL, Day, Item, Schedule, evaluate
from tests.scheduler.planner.problems import line, visit, worker


def evaluated(
    items: list[tuple[int, int, int]],
    who: Worker | None = None,
    *,
    travel: list[list[int]] | None = None,
    **more: Any,
) -> Day | None:
    """Evaluate a day of (start, minutes, place or CALL) items in three places ten minutes apart."""
    rows = [visit(start, place=max(place, 0), minutes=minutes) for start, minutes, place in items]
    problem = build_problem(
        contacts=rows, workers=[who or worker(), worker()], travel=travel or line(4), **more
    )
    day: list[Item] = [
        (start, start + minutes, index, place) for index, (start, minutes, place) in enumerate(items)
    ]
    return Schedule(problem).day(0, day)


CASES = {
    "one visit, there and back": ([(600, 30, 1)], worker(), Day(20, 0, None)),
    "start and end anywhere cost no way": (
        [(600, 30, 3)],
        worker(start_place=ANYWHERE, end_place=ANYWHERE),
        Day(0, 0, None),
    ),
    "first visit needs the way from the start place": ([(429, 30, 1)], worker(), None),
    "first visit just in time": ([(430, 30, 1)], worker(), Day(20, 0, None)),
    "the way between two visits just fits": ([(600, 30, 1), (640, 30, 2)], worker(), Day(40, 0, None)),
    "a minute too little between two visits": ([(600, 30, 1), (639, 30, 2)], worker(), None),
    "same place needs no way": ([(600, 30, 1), (630, 30, 1)], worker(), Day(20, 0, None)),
    "two at once": ([(600, 30, 1), (610, 30, 1)], worker(), None),
    "home just before the end of the shift": ([(920, 30, 1)], worker(), Day(20, 0, None)),
    "home too late": ([(921, 30, 1)], worker(), None),
    "home too late but overtime allowed": ([(925, 30, 1)], worker(max_overtime=10), Day(20, 5, None)),
    "more overtime than the limit on work": ([(925, 30, 1)], worker(max_overtime=10, max_work=544), None),
    "a bicycle needs half as much again": (
        [(600, 30, 1), (645, 30, 2)],
        worker(travel_percent=150),
        Day(60, 0, None),
    ),
    "calls alone: no way at all": ([(420, 10, CALL), (430, 10, CALL)], worker(), Day(0, 0, None)),
    "a call leaves the worker where she is": (
        [(600, 30, 1), (640, 10, CALL), (660, 30, 1)],
        worker(),
        Day(20, 0, None),
    ),
    "a call is no way to another place": ([(600, 30, 1), (630, 10, CALL), (645, 30, 2)], worker(), None),
    "the trip is taken before the call": (
        [(600, 30, 1), (640, 10, CALL), (650, 30, 2)],
        worker(),
        Day(40, 0, None),
    ),
    "the trip is taken after the call": (
        [(600, 30, 1), (632, 10, CALL), (652, 30, 2)],
        worker(),
        Day(40, 0, None),
    ),
    "two short pauses are not one long": ([(600, 30, 1), (636, 10, CALL), (652, 30, 2)], worker(), None),
    "no visit while set aside for calls": (
        [(600, 30, 1)],
        worker(intervals=(Interval(420, 600), Interval(600, 960, digital_only=True))),
        None,
    ),
    "a call while set aside for calls": (
        [(600, 30, CALL)],
        worker(intervals=(Interval(420, 600), Interval(600, 960, digital_only=True))),
        Day(0, 0, None),
    ),
    "no driving while away": (
        [(600, 30, 1), (735, 30, 2)],
        worker(intervals=(Interval(420, 630), Interval(730, 960))),
        None,
    ),
    "driving after the absence": (
        [(600, 30, 1), (740, 30, 2)],
        worker(intervals=(Interval(420, 630), Interval(730, 960))),
        Day(40, 0, None),
    ),
    "absent all day": ([(600, 30, 1)], worker(intervals=()), None),
    "break in the middle of its window": (
        [(500, 30, 1)],
        worker(break_demand=BreakDemand(30, 660, 720)),
        Day(20, 0, 690),
    ),
    "break moves out of a visit's way": (
        [(680, 60, 1)],
        worker(break_demand=BreakDemand(30, 600, 740)),
        Day(20, 0, 650),
    ),
    "no room for the break": ([(650, 120, 1)], worker(break_demand=BreakDemand(30, 660, 720)), None),
    "break and trip both fit between": (
        [(600, 60, 1), (700, 60, 2)],
        worker(break_demand=BreakDemand(30, 655, 690)),
        Day(40, 0, 670),
    ),
    "break or trip fit, not both": (
        [(600, 60, 1), (699, 60, 2)],
        worker(break_demand=BreakDemand(30, 655, 690)),
        None,
    ),
    "away at break time is break enough": (
        [(500, 30, 1)],
        worker(420, 600, break_demand=BreakDemand(30, 660, 720)),
        Day(20, 0, None),
    ),
}


@pytest.mark.parametrize(("items", "who", "expected"), CASES.values(), ids=CASES.keys())
def test_day(items: list[tuple[int, int, int]], who: Worker, expected: Day | None) -> None:
    """Each case says in its name what must hold."""
    assert evaluated(items, who) == expected


SLOW = {
    "snow all day": (Slowdown(0, 1440, 50), [(600, 30, 1), (650, 30, 2)], 80),
    "too short a pause in snow": (Slowdown(0, 1440, 50), [(600, 30, 1), (649, 30, 2)], None),
    "snow in another area": (Slowdown(0, 1440, 50, area=9), [(600, 30, 1), (640, 30, 2)], 40),
    "snow only at one end of the trip still slows it": (
        Slowdown(0, 1440, 50, area=2),
        [(600, 30, 1), (650, 30, 2)],
        10 + 20 + 40,
    ),
    "snow stops while under way": (Slowdown(0, 640, 50), [(600, 30, 1), (645, 30, 2)], 20 + 15 + 20),
    "snow starts while under way": (Slowdown(635, 1440, 50), [(600, 30, 1), (645, 30, 2)], 10 + 15 + 40),
    "snow over before the day": (Slowdown(0, 400, 50), [(600, 30, 1), (640, 30, 2)], 40),
    "six tenths of the speed, rounded up": (
        Slowdown(0, 1440, 60),
        [(600, 30, 1), (647, 30, 2)],
        17 + 17 + 34,
    ),
}


@pytest.mark.parametrize(("slow", "items", "minutes"), SLOW.values(), ids=SLOW.keys())
def test_slow_roads(slow: Slowdown, items: list[tuple[int, int, int]], minutes: int | None) -> None:
    """Trips take the speed of each minute and area."""
    day = evaluated(items, slowdowns=[slow], areas=[0, 1, 2, 3])
    assert (day.travel if day else None) == minutes


def test_one_way_roads() -> None:
    """The matrix may be asymmetric: there 10, back 25 minutes."""
    day = evaluated([(600, 30, 1)], travel=[[0, 10], [25, 0]])
    assert day == Day(35, 0, None)


def test_nobody_is_inside_a_place_that_is_shut() -> None:
    """A visit may not overlap the blockage; it may begin when that ends, and a call there is free."""
    shut = [Blockage(1, 610, 700)]
    assert evaluated([(600, 30, 1)], blockages=shut) is None
    assert evaluated([(580, 30, 1)], blockages=shut) is not None
    assert evaluated([(700, 30, 1)], blockages=shut) is not None
    assert evaluated([(620, 30, CALL)], blockages=shut) is not None


def test_an_allowance_tolerates_exactly_its_minutes() -> None:
    """A trip that was four minutes short may be four short, and not five."""
    four = [Allowance(0, 0, 1, 4)]
    assert evaluated([(600, 30, 1), (636, 30, 2)], allowances=four) is not None
    assert evaluated([(600, 30, 1), (635, 30, 2)], allowances=four) is None


def test_a_pair_is_timed_in_both_days() -> None:
    """A visit for two counts the travel of both and is impossible if one of them can't be there."""

    def day(second: Worker) -> Problem:
        both = visit(600, staff=(0, 1), staff_needed=2)
        return build_problem(contacts=[both], workers=[worker(), second], travel=line(3))

    problem = day(worker())
    found = evaluate(Schedule(problem), [Placement(Mode.PHYSICAL, (0, 1), 600)])
    assert found is not None
    assert found[0].travel == 40 * problem.weights.travel_minute
    assert evaluate(Schedule(day(worker(595, 960))), [Placement(Mode.PHYSICAL, (0, 1), 600)]) is None


def chosen(
    rows: list[Contact], tasks: list[Task], who: Worker | None = None, **more: Any
) -> list[int] | None:
    """Starts that decode chooses in three places ten minutes apart."""
    problem = build_problem(contacts=rows, workers=[who or worker(), worker()], travel=line(4), **more)
    return decode(Schedule(problem), 0, tasks)


ROWS = [visit(600, place=1), visit(640, place=2), visit(680, place=3)]


def test_decode_keeps_the_wished_starts_when_they_fit() -> None:
    """Nothing moves that needn't."""
    tasks = [Task(540, 660, 600, 30, 0, 1), Task(580, 700, 640, 30, 1, 2), Task(620, 740, 680, 30, 2, 3)]
    assert chosen(ROWS, tasks) == [600, 640, 680]


def test_decode_pushes_later_in_snow() -> None:
    """Slow roads push what follows by what is missing, no more."""
    tasks = [Task(540, 660, 600, 30, 0, 1), Task(580, 700, 640, 30, 1, 2), Task(620, 740, 680, 30, 2, 3)]
    assert chosen(ROWS, tasks, slowdowns=[Slowdown(0, 1440, 50)]) == [600, 650, 700]


def test_decode_begins_earlier_when_the_next_can_not_wait() -> None:
    """A fixed time after a trip that has grown makes the visit before it begin earlier."""
    tasks = [Task(540, 660, 600, 30, 0, 1), Task(640, 640, 640, 30, 1, 2)]
    assert chosen(ROWS, tasks, slowdowns=[Slowdown(0, 1440, 50)]) == [590, 640]


def test_decode_gives_up_an_impossible_order() -> None:
    """Two fixed times with too little between have no answer."""
    tasks = [Task(600, 600, 600, 30, 0, 1), Task(639, 639, 639, 30, 1, 2)]
    assert chosen(ROWS, tasks) is None


def test_decode_drives_before_a_call_when_that_is_the_only_way() -> None:
    """The call waits for the trip if the visit after it can't."""
    tasks = [Task(600, 600, 600, 30, 0, 1), Task(630, 660, 630, 10, 1, CALL), Task(650, 650, 650, 30, 2, 2)]
    starts = chosen(ROWS, tasks)
    assert starts is not None
    assert starts[0] == 600
    assert starts[2] == 650
    assert starts[1] in {630, 640}


def test_decode_leaves_room_for_the_break() -> None:
    """With a break between, the later visit moves as far as the break needs."""
    tasks = [Task(600, 600, 600, 30, 0, 1), Task(640, 700, 640, 30, 1, 1)]
    assert chosen(ROWS, tasks, worker(break_demand=BreakDemand(30, 610, 650))) == [600, 660]
