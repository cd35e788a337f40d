"""Bad data is refused with a code and its place before anything is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scheduler.planner.builder import build_problem
from scheduler.planner.problem import (
    Allowance,
    Blockage,
    BreakDemand,
    Contact,
    Gap,
    Interval,
    Mode,
    Modes,
    Placement,
    ProblemError,
    Slowdown,
    Worker,
)
from tests.scheduler.planner.problems import line, visit, worker

CONTACTS = {
    "index.unknown": visit(600, place=7),
    "window.order": visit(600, earliest=700, latest=600),
    "time.bounds": visit(600, latest=99_999),
    "priority.unknown": visit(600, priority=5),
    "staff.number": visit(600, staff_needed=3),
    "weight.value": visit(600, weight=0),
    "modes.p1": visit(600, modes=Modes.PHYSICAL | Modes.VIDEO),
    "modes.postpone": visit(600, priority=2, modes=Modes.PHYSICAL | Modes.POSTPONE),
    "length.value": visit(600, physical_minutes=0),
    "window.tolerance": visit(600, tolerance=-1),
    "staff.repeated": visit(600, known_staff=(1, 1)),
    "current.mode": visit(600, current=Placement(Mode.POSTPONED)),
    "current.start": visit(600, current=Placement(Mode.PHYSICAL, (0,))),
    "current.staff": visit(600, staff=(0, 1)),
}


@pytest.mark.parametrize(("code", "contact"), CONTACTS.items(), ids=CONTACTS.keys())
def test_bad_contact_is_refused_with_its_place(code: str, contact: Contact) -> None:
    """The error names the code and which contact it was."""
    with pytest.raises(ProblemError) as caught:
        build_problem(contacts=[visit(500), contact], workers=[worker(), worker()], travel=line(2))
    assert caught.value.code == code
    assert caught.value.where.startswith("contacts[1]")


WORKERS = {
    "interval.overlap": worker(intervals=(Interval(0, 60), Interval(50, 90))),
    "time.order": worker(intervals=(Interval(60, 60),)),
    "index.unknown": worker(start_place=9),
    "break.length": worker(break_demand=BreakDemand(0, 600, 700)),
    "overtime.negative": worker(max_overtime=-1),
    "work.negative": worker(max_work=-1),
    "travel.percent": worker(travel_percent=0),
}


@pytest.mark.parametrize(("code", "who"), WORKERS.items(), ids=WORKERS.keys())
def test_bad_worker_is_refused_with_its_place(code: str, who: Worker) -> None:
    """The error names the code and which worker it was."""
    with pytest.raises(ProblemError) as caught:
        build_problem(contacts=[], workers=[worker(), who], travel=line(2))
    assert caught.value.code == code
    assert caught.value.where.startswith("workers[1]")


CONDITIONS: dict[str, dict[str, Any]] = {
    "travel.shape": {"travel": [[0, 1]]},
    "travel.value": {"travel": [[0, float("nan")], [1, 0]]},
    "travel.diagonal": {"travel": [[1, 1], [1, 0]]},
    "areas.length": {"areas": [0]},
    "speed.value": {"slowdowns": [Slowdown(0, 10, 0)]},
    "time.order": {"blockages": [Blockage(0, 10, 5)]},
    "index.unknown": {"blockages": [Blockage(5, 0, 10)]},
    "gap.negative": {"gaps": [Gap(0, 1, -1)]},
    "gap.ring": {"gaps": [Gap(0, 1, 0), Gap(1, 0, 0)]},
    "allowance.negative": {"allowances": [Allowance(0, None, 1, -1)]},
}


@pytest.mark.parametrize(("code", "more"), CONDITIONS.items(), ids=CONDITIONS.keys())
def test_bad_conditions_are_refused(code: str, more: dict[str, Any]) -> None:
    """Matrix, areas, slow hours, blockages, gaps and allowances are checked too."""
    with pytest.raises(ProblemError) as caught:
        build_problem(
            contacts=[visit(500), visit(600)], workers=[worker(), worker()], **({"travel": line(2)} | more)
        )
    assert caught.value.code == code


def test_travel_is_rounded_up_and_can_not_be_changed() -> None:
    """Fractions of a minute count as whole ones; the matrix is read-only, so a problem can be shared."""
    problem = build_problem(contacts=[], workers=[], travel=[[0, 1.2], [2.0, 0]])
    assert problem.travel.tolist() == [[0, 2], [2, 0]]
    with pytest.raises(ValueError, match="read-only"):
        problem.travel[0, 1] = 5
    assert problem == replace(problem, travel=np.array([[0, 2], [2, 0]], dtype=np.int32))
