"""Two homes that are passed on and on: more than 35 faces in a month (domain 5.5), so that reports have them.

They are the two of the largest group that meet most faces anyway. On some days the one who would have come
there changes routes with a colleague who has never been.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from care.contacts.channel import Channel
from care.demo.routes import Route
from care.demo.workers import Worker

HOMES, FACES = 2, 39


def pass_on(laid: Sequence[Sequence[Route]], pairs: list[list[int]], workers: Sequence[Worker]) -> None:
    """Change routes between colleagues, in place, until two homes have met `FACES` or nobody is left.

    `laid` are the routes of a fortnight, `pairs` the worker of each route for each day of the cycle.
    """
    people = {person for routes in laid for route in routes for person in homes_on(route)}
    most = sorted(people, key=lambda person: (-len(_faces(laid, pairs, person)), person))
    for place, person in enumerate(most[:HOMES]):
        before = most[:place]
        # Days far from each other in turn, so that the new faces come evenly.
        days = sorted(range(len(pairs)), key=lambda day: day * 5 % len(pairs))
        while len(_faces(laid, pairs, person)) < FACES:
            if not any(_change(laid, pairs, day, person, workers=workers, before=before) for day in days):
                break


def homes_on(route: Route) -> set[int]:
    """The clients whom the worker of a route meets."""
    return {stop.order.person for stop in route.stops if stop.order.channel is not Channel.PROMPT}


def _faces(laid: Sequence[Sequence[Route]], pairs: Sequence[Sequence[int]], person: int) -> Counter[int]:
    """On how many of the cycle's routes the client meets each worker."""
    return Counter(
        who
        for day, taken in enumerate(pairs)
        for route, who in zip(laid[day % len(laid)], taken, strict=True)
        if person in homes_on(route)
    )


def _change(
    laid: Sequence[Sequence[Route]],
    pairs: list[list[int]],
    day: int,
    person: int,
    *,
    workers: Sequence[Worker],
    before: Sequence[int],
) -> bool:
    """Let somebody new come on `day`, in the place of one who comes on other days too.

    The homes in `before` are not to lose a face by it.
    """
    routes, taken = laid[day % len(laid)], pairs[day]
    met = _faces(laid, pairs, person)
    for here, route in enumerate(routes):
        old = workers[taken[here]]
        if person not in homes_on(route) or met[old.no] < 2:
            continue
        for there, other in enumerate(routes):
            new = workers[taken[there]]
            if other.kind is route.kind and not met[new.no] and fits(route, new) and fits(other, old):
                had = [len(_faces(laid, pairs, one)) for one in before]
                taken[here], taken[there] = new.no, old.no
                if [len(_faces(laid, pairs, one)) for one in before] >= had:
                    return True
                taken[here], taken[there] = old.no, new.no
    return False


def fits(route: Route, worker: Worker) -> bool:
    """True when the worker may do all that is on the route."""
    if route.delegated and not worker.delegated:
        return False
    if route.calls_from is not None and "digital" not in worker.skills:
        return False
    return worker.may_video or route.silent
