"""Improve a plan by exact search in small parts of it, with everything else frozen.

Around one contact after another (first those left out, then those that cost) a neighbourhood of at most
``LARGEST`` contacts on a few workers' days is given to CP-SAT, with the present plan as a complete hint.
What it finds is evaluated exactly and kept only if the whole plan is better. One solver thread and
deterministic budgets make the same input and seed give the same plan.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from scheduler.planner.circuit import tied
from scheduler.planner.draft import Draft
from scheduler.planner.exact import LocalModel
from scheduler.planner.options import MODES, may, wish
from scheduler.planner.plan import Effort
from scheduler.planner.problem import Placement
from scheduler.planner.stop import Budget

SIZES = ((3, 10, 0.01), (4, 16, 0.03), (5, 25, 0.08))
"""By size: workers open at once (partners in visits by two on top), contacts free, deterministic budget."""
LARGEST = max(contacts for _, contacts, _ in SIZES)
OVERHEAD = 0.008
"""Charged to the budget for making a model and confirming its answer."""
RESERVE = 0.4
"""Seconds of the wall clock kept for the last evaluation, check and reasons."""
PATIENCE = 60
"""Neighbourhoods in a row without a better plan after which the search ends."""


def improve(
    draft: Draft,
    *,
    seed: int,
    budget: Budget,
    began: float,
    cancelled: Callable[[], bool],
    better: Callable[[Draft], None],
) -> Effort:
    """Improve a feasible draft in place.

    Parameters
    ----------
    began
        ``time.monotonic()`` at the start of everything, for the budget's wall clock.
    better
        Called with the draft after each improvement.
    """
    rng = random.Random(seed)  # noqa: S311 - a seeded search, not a secret
    rounds = improvements = fruitless = 0
    spent = 0.0
    queue: list[int] = []
    while spent < budget.deterministic and fruitless < PATIENCE:
        left = budget.wall - RESERVE - (time.monotonic() - began)
        if left <= 0 or cancelled():
            return Effort(rounds, improvements, spent, capped=True)
        if not queue:
            queue = _seeds(draft, rng)
        if not queue:
            break
        people, contacts, most = rng.choices(SIZES, (5, 3, 1))[0]
        free, workers = neighbourhood(draft, queue.pop(), rng, people, contacts)
        rounds += 1
        spent += OVERHEAD
        if not free:
            fruitless += 1
            continue
        model = LocalModel(draft, free, workers)
        answer = model.solve(
            seed=rng.getrandbits(31), deterministic=min(most, budget.deterministic - spent), wall=left
        )
        spent += answer.deterministic_time
        if answer.placements and _accept(draft, answer.placements):
            improvements += 1
            fruitless = 0
            better(draft)
        else:
            fruitless += 1
    return Effort(rounds, improvements, spent, capped=False)


def _seeds(draft: Draft, rng: random.Random) -> list[int]:
    """Contacts to look around, most promising last: what is left out, then what costs, then a few others."""
    problem = draft.problem
    ranked: list[tuple[int, int, int]] = []
    for contact, placement in enumerate(draft.decisions):
        if problem.contacts[contact].frozen:
            continue
        price = draft.price(contact, placement)
        group = 2 if not placement.mode.served else 1 if price > problem.weights.unfamiliar else 0
        noise = rng.randrange(1000)
        if group or noise < 100:
            ranked.append((group, min(price, 10**6) // 500 if group == 2 else noise, contact))
    return [contact for _, _, contact in sorted(ranked)]


def neighbourhood(
    draft: Draft, seed: int, rng: random.Random, people: int, contacts: int
) -> tuple[list[int], list[int]]:
    """Free contacts and open workers around one contact; no contacts when it can't be changed.

    Parameters
    ----------
    people, contacts
        How many workers' days are open at most, partners in visits by two apart, and how many contacts are
        free.
    """
    problem = draft.problem
    data = problem.contacts[seed]
    now = draft.decisions[seed]
    able = [worker for worker in sorted(_able(draft, seed)) if draft.schedule.shifts[worker].calls]
    middle = now.start if now.start is not None else min(max(wish(draft, seed), data.earliest), data.limit)
    low = min(middle, data.earliest) - 45
    high = max(middle, data.limit) + data.physical_minutes + 45

    def ease(worker: int) -> tuple[int, int, int]:
        busy = sum(
            min(end, high) - max(start, low)
            for start, end, _, _ in draft.items[worker]
            if start < high and end > low
        )
        known = -30 if worker in data.known_staff else 0
        near = min(
            (
                draft.schedule.roads.base(worker, place, data.place)
                for start, end, _, place in draft.items[worker]
                if place >= 0 and start < high and end > low
            ),
            default=15,
        )
        return busy + known + 3 * near + rng.randrange(60), rng.randrange(1000), worker

    workers = list(now.staff)
    chosen = [worker for _, _, worker in sorted(ease(worker) for worker in able if worker not in workers)]
    workers += chosen[: max(0, people - len(workers))]
    bound = set().union(*(tied(draft, worker) for worker in workers))
    if seed in bound:
        return [], []
    inside: list[tuple[int, int]] = []
    partners: set[int] = set()
    for worker in workers:
        for start, end, contact, _ in draft.items[worker]:
            if contact == seed or contact in bound or problem.contacts[contact].frozen:
                continue
            if start < high and end > low and (abs(start - middle), contact) not in inside:
                inside.append((abs(start - middle), contact))
    for contact, placement in enumerate(draft.decisions):
        other = problem.contacts[contact]
        left_out = not placement.mode.served and contact != seed and not other.frozen
        near = other.earliest < high and other.limit > low
        if left_out and near and _able(draft, contact) & set(workers):
            inside.append((0, contact))
    free = [seed, *(contact for _, contact in sorted(inside))][:contacts]
    for contact in free:
        partners.update(set(draft.decisions[contact].staff) - set(workers))
    for partner in sorted(partners):
        free = [
            c
            for c in free
            if c == seed or partner not in draft.decisions[c].staff or c not in tied(draft, partner)
        ]
    partners = {worker for contact in free for worker in draft.decisions[contact].staff} - set(workers)
    return free, sorted({*workers, *partners})


def _able(draft: Draft, contact: int) -> set[int]:
    """Workers who may carry the contact out in some mode."""
    return {worker for mode in MODES for worker in may(draft, contact, mode)}


def _accept(draft: Draft, placements: dict[int, Placement]) -> bool:
    """Carry out the answer if the whole plan is possible and costs less; otherwise change nothing."""
    changed = {contact: new for contact, new in placements.items() if new != draft.decisions[contact]}
    if not changed:
        return False
    state = draft.snapshot()
    touched = sorted(
        {
            worker
            for contact, new in changed.items()
            for worker in (*new.staff, *draft.decisions[contact].staff)
        }
    )
    before = sum(draft.price(contact, draft.decisions[contact]) for contact in changed)
    before += sum(draft.day_price(draft.days[worker]) for worker in touched)
    for contact, placement in changed.items():
        draft.decisions[contact] = placement
    after = sum(draft.price(contact, placement) for contact, placement in changed.items())
    for worker in touched:
        items = [item for item in draft.items[worker] if item[2] not in changed]
        items += [draft.schedule.item(c, new) for c, new in changed.items() if worker in new.staff]
        draft.items[worker] = sorted(items)
        draft.days[worker] = draft.schedule.day(worker, draft.items[worker])
        after += draft.day_price(draft.days[worker])
    related = {other for contact in changed for other in (contact, *draft.related(contact))}
    if after < before and draft.gaps_hold(sorted(related)):
        return True
    draft.restore(state)
    return False
