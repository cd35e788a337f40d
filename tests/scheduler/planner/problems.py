"""Random problems for property tests, and short ways to write small ones by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scheduler.planner.builder import build_problem
from scheduler.planner.problem import (
    ANYWHERE,
    Allowance,
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
    Worker,
)

MASKS = {
    1: (Modes.PHYSICAL, Modes.NONE),
    2: (
        Modes.PHYSICAL,
        Modes.PHYSICAL | Modes.VIDEO,
        Modes.PHYSICAL | Modes.VIDEO | Modes.PHONE,
        Modes.VIDEO,
        Modes.PHONE | Modes.PHYSICAL,
    ),
    3: (Modes.PHYSICAL | Modes.POSTPONE, Modes.PHYSICAL, Modes.VIDEO | Modes.PHONE | Modes.POSTPONE),
    4: (Modes.PHYSICAL | Modes.POSTPONE, Modes.VIDEO | Modes.POSTPONE, Modes.POSTPONE),
}


def visit(
    start: int, *, place: int = 1, staff: tuple[int, ...] = (0,), minutes: int = 30, **more: Any
) -> Contact:
    """A physical P1 visit as currently planned: window of an hour either way, workers 0 and 1 eligible."""
    defaults: dict[str, Any] = {
        "key": f"c{start}",
        "place": place,
        "earliest": start - 60,
        "latest": start + 60,
        "priority": 1,
        "modes": Modes.PHYSICAL,
        "physical_minutes": minutes,
        "video_minutes": 10,
        "phone_minutes": 10,
        "eligible_physical": frozenset(range(2)),
        "eligible_video": frozenset(range(2)),
        "eligible_phone": frozenset(range(2)),
        "current": Placement(Mode.PHYSICAL, staff, start),
    }
    return Contact(**(defaults | more))


def worker(start: int = 420, end: int = 960, **more: Any) -> Worker:
    """A worker with one shift, from and to place 0."""
    defaults: dict[str, Any] = {
        "key": "w",
        "intervals": (Interval(start, end),),
        "start_place": 0,
        "end_place": 0,
    }
    return Worker(**(defaults | more))


def line(places: int, step: int = 10) -> list[list[int]]:
    """Places along a road, ``step`` minutes apart."""
    return [[abs(a - b) * step for b in range(places)] for a in range(places)]


@st.composite
def workers_(draw: st.DrawFn, places: int) -> Worker:
    start = draw(st.integers(0, 60))
    cuts = sorted(draw(st.lists(st.integers(start + 30, start + 300), min_size=1, max_size=4, unique=True)))
    intervals: list[Interval] = []
    for end in cuts:
        if end > start:
            if draw(st.integers(0, 4)):
                intervals.append(Interval(start, end, draw(st.integers(0, 4)) == 0))
            start = end + draw(st.sampled_from((0, 0, 20)))
    pause = st.builds(
        lambda minutes, first, length: BreakDemand(minutes, first, first + length),
        st.integers(5, 30),
        st.integers(0, 250),
        st.integers(0, 60),
    )
    place = st.integers(ANYWHERE, places - 1)
    return Worker(
        key="w",
        intervals=tuple(intervals),
        start_place=draw(place),
        end_place=draw(place),
        video=draw(st.integers(0, 3)) > 0,
        break_demand=draw(st.none() | pause),
        max_overtime=draw(st.sampled_from((0, 0, 15, 60))),
        max_work=draw(st.none() | st.integers(0, 400)),
        travel_percent=draw(st.sampled_from((100, 100, 75, 130, 250))),
    )


@st.composite
def contacts_(draw: st.DrawFn, places: int, workers: int, *, neat: bool) -> Contact:
    earliest = draw(st.integers(0, 300))
    latest = earliest + draw(st.integers(0, 120))
    priority = draw(st.integers(1, 4))
    crew = frozenset(range(workers))
    masks = st.just(crew) if not workers or neat else st.frozensets(st.integers(0, workers - 1))
    needed = draw(st.sampled_from((1, 1, 1, 2)))
    modes = draw(st.sampled_from(MASKS[priority]))
    current = None
    if draw(st.integers(0, 5)):
        allowed = [mode for mode in (Mode.PHYSICAL, Mode.VIDEO, Mode.PHONE) if modes.allows(mode)]
        mode = draw(st.sampled_from(allowed or [Mode.PHYSICAL]))
        people = needed if mode is Mode.PHYSICAL else 1
        staff = draw(st.lists(st.integers(0, workers - 1), max_size=people, unique=True)) if workers else []
        span = (earliest, latest) if neat else (earliest - 30, latest + 30)
        current = Placement(mode, tuple(staff), draw(st.integers(*span)))
    return Contact(
        key="c",
        place=draw(st.integers(0, places - 1)),
        earliest=earliest,
        latest=latest,
        priority=priority,
        modes=modes,
        physical_minutes=draw(st.integers(1, 60)),
        video_minutes=draw(st.integers(1, 20)),
        phone_minutes=draw(st.integers(1, 20)),
        staff_needed=needed,
        hard_window=draw(st.booleans()),
        tolerance=draw(st.sampled_from((0, 15, 60))),
        eligible_physical=draw(masks),
        eligible_video=draw(masks),
        eligible_phone=draw(masks),
        known_staff=tuple(draw(st.lists(st.integers(0, workers - 1), max_size=3, unique=True)))
        if workers
        else (),
        current=current,
        frozen=draw(st.integers(0, 6)) == 0,
        weight=draw(st.integers(1, 3)),
    )


@st.composite
def problems(draw: st.DrawFn, *, contacts: int = 9, workers: int = 4) -> Problem:
    """Small problems with everything in them, possible and impossible, tidy and absurd."""
    places = draw(st.integers(1, 5))
    minutes = st.integers(0, 40)
    travel = [[0 if a == b else draw(minutes) for b in range(places)] for a in range(places)]
    crew = draw(st.lists(workers_(places), max_size=workers))
    neat = draw(st.booleans())
    rows = draw(st.lists(contacts_(places, len(crew), neat=neat), max_size=contacts))
    areas = [draw(st.integers(0, 1)) for _ in range(places)]
    slow = st.builds(
        lambda start, length, percent, area: Slowdown(start, start + length, percent, area),
        st.integers(-50, 300),
        st.integers(1, 200),
        st.sampled_from((100, 60, 35)),
        st.sampled_from((None, 0, 1)),
    )
    shut = st.builds(
        lambda place, start, length: Blockage(place, start, start + length),
        st.integers(0, places - 1),
        st.integers(0, 300),
        st.integers(1, 200),
    )
    gaps: list[Gap] = []
    allowances: list[Allowance] = []
    if len(rows) > 1:
        pair = st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True).map(sorted)
        for first, second in draw(st.lists(pair, max_size=3)):
            gaps.append(Gap(first, second, draw(st.sampled_from((0, 0, 30)))))
        if crew:
            for first, second in draw(st.lists(pair, max_size=2)):
                ends = draw(
                    st.sampled_from(((first, second), (second, first), (None, first), (second, None)))
                )
                allowances.append(
                    Allowance(draw(st.integers(0, len(crew) - 1)), *ends, draw(st.integers(0, 40)))
                )
    return build_problem(
        contacts=rows,
        workers=crew,
        travel=travel,
        areas=areas,
        slowdowns=draw(st.lists(slow, max_size=2)),
        blockages=draw(st.lists(shut, max_size=2)),
        gaps=gaps,
        allowances=allowances,
        not_before=draw(st.sampled_from((-100, 0, 60, 150))),
    )
