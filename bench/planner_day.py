"""A synthetic home-care day, broken: how fast is the first proposal, and what does it end at?

200 clients, 600 contacts (87 of them for two, 27 % may be digital), 40 staff, 3 areas, windows of 30 to 120
minutes, breaks. Then four people are sick and every road is slow. The floor, measured in the same run, is
one exact evaluation of the undisturbed plan: what it takes merely to look at the day once.

    python -m bench.planner_day [--seeds 3] [--contacts 600] [--sick 4] [--first-only] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from dataclasses import replace
from itertools import pairwise

from scheduler.planner.builder import build_problem
from scheduler.planner.checker import check
from scheduler.planner.insertion import first_proposal
from scheduler.planner.plan import Plan
from scheduler.planner.problem import (
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
from scheduler.planner.schedule import Schedule, evaluate
from scheduler.planner.solve import solve
from scheduler.planner.stop import Budget

AREAS = 3
DAY_STARTS = (
    (420, 600, 34),
    (600, 720, 13),
    (720, 840, 18),
    (840, 960, 8),
    (960, 1140, 17),
    (1140, 1290, 10),
)
"""Minutes from, to, and share in percent of the starts."""


def synthetic_day(seed: int, *, clients: int = 200, contacts: int = 600, staff: int = 40) -> Problem:
    """An undisturbed day with a feasible current plan, made by planning it from nothing."""
    rng = random.Random(seed)
    homes = [(rng.randrange(AREAS), rng.random(), rng.random()) for _ in range(clients)]
    offices = [(area, 0.5, 0.5) for area in range(AREAS)]
    places = [*offices, *homes]
    travel = [[_minutes(one, other) for other in places] for one in places]
    workers = [_worker(index, rng) for index in range(staff)]
    crew = [[w for w in range(staff) if w % AREAS == area] for area in range(AREAS)]
    pairs = set(rng.sample(range(contacts), contacts * 87 // 600))
    rows: list[Contact] = []
    gaps: list[Gap] = []
    visits: dict[int, list[int]] = {}
    for index in range(contacts):
        client = index % clients
        area = homes[client][0]
        known = rng.sample(crew[area], 4)
        rows.append(_contact(index, client, rng, crew[area], known, pair=index in pairs, staff=staff))
        visits.setdefault(client, []).append(index)
    for mine in visits.values():
        mine.sort(key=lambda index: (rows[index].latest, index))
        gaps.extend(
            Gap(one, other, 0)
            for one, other in pairwise(mine)
            if rows[other].latest - rows[one].earliest > 90
        )
    problem = build_problem(
        contacts=rows, workers=workers, travel=travel, areas=[place[0] for place in places], gaps=gaps
    )
    planned = first_proposal(Schedule(problem)).decisions
    kept = [index for index, placement in enumerate(planned) if placement.mode.served]
    number = {index: position for position, index in enumerate(kept)}
    return replace(
        problem,
        contacts=tuple(replace(rows[index], current=planned[index]) for index in kept),
        gaps=tuple(
            Gap(number[g.first], number[g.second], g.minutes)
            for g in gaps
            if g.first in number and g.second in number
        ),
    )


def _minutes(one: tuple[int, float, float], other: tuple[int, float, float]) -> int:
    if one == other:
        return 0
    distance = abs(one[1] - other[1]) + abs(one[2] - other[2])
    return round(2 + 6 * distance) + (20 if one[0] != other[0] else 0)


def _worker(index: int, rng: random.Random) -> Worker:
    early = index // AREAS % 3 != 2
    start = rng.choice((420, 420, 435)) if early else rng.choice((840, 870))
    end = start + (540 if early else 420)
    middle = (start + end) // 2
    return Worker(
        key=f"worker {index}",
        intervals=(Interval(start, end),),
        start_place=index % AREAS,
        end_place=index % AREAS,
        video=rng.random() < 0.8,
        break_demand=BreakDemand(30, middle - 75, middle + 75),
        max_overtime=(end - start) // 10,
        max_work=(end - start) * 110 // 100,
    )


def _contact(
    index: int, client: int, rng: random.Random, crew: list[int], known: list[int], *, pair: bool, staff: int
) -> Contact:
    low, high, _ = rng.choices(DAY_STARTS, [share for _, _, share in DAY_STARTS])[0]
    width = rng.choice((30, 60, 60, 90, 120))
    earliest = rng.randrange(low, high - 30, 5)
    digital = not pair and rng.random() < 0.27 * 600 / (600 - 87)
    priority = (
        1 if pair else rng.choice((2, 2, 3)) if digital else rng.choices((1, 2, 3, 4), (60, 20, 12, 8))[0]
    )
    modes = Modes.PHYSICAL
    if digital:
        modes |= Modes.VIDEO | (Modes.PHONE if rng.random() < 0.5 else Modes.NONE)
    if priority >= 3:
        modes |= Modes.POSTPONE
    minutes = rng.choice((5, 5, 10, 10, 10, 15, 15, 20)) + (10 if pair else 0)
    skilled = frozenset(w for w in crew if rng.random() < 0.85) | set(known)
    return Contact(
        key=f"contact {index}",
        place=AREAS + client,
        earliest=earliest,
        latest=earliest + width,
        priority=priority,
        modes=modes,
        physical_minutes=minutes,
        video_minutes=10,
        phone_minutes=8,
        staff_needed=2 if pair else 1,
        hard_window=rng.random() < 0.3,
        tolerance=45,
        eligible_physical=skilled,
        eligible_video=frozenset(range(staff)),
        eligible_phone=frozenset(range(staff)),
        known_staff=tuple(known),
    )


def disturbed(problem: Problem, seed: int, *, sick: int = 4, speed: int = 60) -> Problem:
    """The same day with this many early workers sick and every road slower until six in the evening."""
    rng = random.Random(seed)
    early = [index for index, worker in enumerate(problem.workers) if worker.intervals[0].start < 600]
    gone = set(rng.sample(early, sick))
    workers = tuple(
        replace(worker, intervals=()) if index in gone else worker
        for index, worker in enumerate(problem.workers)
    )
    slow = (Slowdown(330, 1080, speed),) if speed < 100 else ()
    return replace(problem, workers=workers, slowdowns=slow, not_before=415)


def floor_seconds(problem: Problem) -> float:
    """Median time of one exact evaluation of the current plan."""
    schedule = Schedule(problem)
    current = [contact.current or Placement(Mode.UNSERVED) for contact in problem.contacts]
    times = []
    for _ in range(7):
        began = time.perf_counter()
        assert evaluate(schedule, current) is not None
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def run(seed: int, *, contacts: int, sick: int, speed: int, first_only: bool) -> dict[str, float]:
    """Break one day, plan it, and say what came out."""
    before = synthetic_day(seed, contacts=contacts)
    problem = disturbed(before, seed, sick=sick, speed=speed)
    schedule = Schedule(before)
    current = [contact.current or Placement(Mode.UNSERVED) for contact in before.contacts]
    calm = evaluate(schedule, current)
    assert calm is not None
    floor = floor_seconds(before)
    hit = sum(any(not problem.workers[w].intervals for w in p.staff) for p in current)
    seen: list[tuple[float, Plan]] = []
    began = time.perf_counter()
    plan = solve(
        problem,
        seed=seed,
        stop=Budget.first_only() if first_only else Budget(),
        progress=lambda found: seen.append((time.perf_counter() - began, found)),
    )
    seconds = time.perf_counter() - began
    first_seconds, first = seen[0]
    assert not check(problem, plan)
    return {
        "contacts": len(problem.contacts),
        "hit": hit,
        "floor_ms": 1000 * floor,
        "first_s": first_seconds,
        "first_per_floor": first_seconds / floor,
        "final_s": seconds,
        "cost_before": calm[0].total,
        "cost_first": first.objective().total,
        "cost_final": plan.objective().total,
        "final_per_before": plan.objective().total / calm[0].total,
        "unserved": sum(p.mode is Mode.UNSERVED for p in plan.decisions),
        "postponed": sum(p.mode is Mode.POSTPONED for p in plan.decisions),
        "to_call": sum(
            p.mode in (Mode.VIDEO, Mode.PHONE) and p.mode is not c.mode
            for p, c in zip(plan.decisions, current, strict=True)
        ),
        "changed": len(plan.changed(problem)),
        "staff_changes": sum(
            len(set(c.staff) - set(p.staff)) for p, c in zip(plan.decisions, current, strict=True)
        ),
        "moved_over_15": sum(
            p.start is not None and c.start is not None and abs(p.start - c.start) > 15
            for p, c in zip(plan.decisions, current, strict=True)
        ),
        "rounds": plan.effort.rounds,
        "improvements": plan.effort.improvements,
        "capped": plan.effort.capped,
    }


def main() -> None:
    """Run the seeds and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--contacts", type=int, default=600)
    parser.add_argument("--sick", type=int, default=4)
    parser.add_argument(
        "--speed", type=int, default=60, help="speed in percent of normal, 100 for clear roads"
    )
    parser.add_argument("--first-only", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = [
        run(
            seed,
            contacts=options.contacts,
            sick=options.sick,
            speed=options.speed,
            first_only=options.first_only,
        )
        for seed in range(1, options.seeds + 1)
    ]
    medians = {name: statistics.median(result[name] for result in runs) for name in runs[0]}
    if options.json:
        print(json.dumps({"median": medians, "runs": runs}))
        return
    print(f"{'median of ' + str(len(runs)) + ' days':<20}{'median':>12}   each")
    for name, value in medians.items():
        each = "  ".join(f"{result[name]:.4g}" for result in runs)
        print(f"{name:<20}{value:>12.5g}   {each}")


if __name__ == "__main__":
    main()
