"""Two homes that are passed on and on: more than 35 faces in a month (domain 5.5), so that reports have them.

They are the two of the largest group that meet most faces anyway. On some days the one who would have come
there changes routes with a colleague who has never been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from care.contacts.channel import Channel
from care.demo.routes import Route
from care.demo.workers import Worker

HOMES, FACES = 2, 39


def pass_on(laid: Sequence[Sequence[Route]], pairs: list[list[int]], workers: Sequence[Worker]) -> None:
    """Change routes between colleagues, in place, until the two homes have met `FACES`.

    `laid` are the routes of a fortnight, `pairs` the worker of each route for each day of the cycle.
    """
    met: dict[int, set[int]] = defaultdict(set)
    for day, taken in enumerate(pairs):
        for route, who in zip(laid[day % len(laid)], taken, strict=True):
            for person in homes_on(route):
                met[person].add(who)
    chosen = sorted(met, key=lambda no: (-len(met[no]), no))[:HOMES]
    for person in chosen:
        # Days far from each other in turn, so that the new faces come evenly.
        for day in sorted(range(len(pairs)), key=lambda d: d * 5 % len(pairs)):
            if len(met[person]) < FACES:
                _change(laid[day % len(laid)], pairs[day], workers, person, met)


def homes_on(route: Route) -> set[int]:
    """The clients whom the worker of a route meets."""
    return {stop.order.person for stop in route.stops if stop.order.channel is not Channel.PROMPT}


def _change(
    routes: Sequence[Route],
    taken: list[int],
    workers: Sequence[Worker],
    person: int,
    met: dict[int, set[int]],
) -> None:
    """One change of routes on this day, if two may change and nobody else of `met` is lost by it."""
    for here, route in enumerate(routes):
        if person not in homes_on(route):
            continue
        for there, other in enumerate(routes):
            new, old = workers[taken[there]], workers[taken[here]]
            if (
                other.kind is route.kind
                and new.no not in met[person]
                and fits(route, new)
                and fits(other, old)
            ):
                taken[here], taken[there] = new.no, old.no
                met[person].add(new.no)
                return


def fits(route: Route, worker: Worker) -> bool:
    """True when the worker may do all that is on the route."""
    if route.delegated and not worker.delegated:
        return False
    if route.calls_from is not None and "digital" not in worker.skills:
        return False
    return worker.may_video or route.silent
