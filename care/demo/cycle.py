"""The plan that comes round again: for each of 28 days, who does which row, and when.

Routes are laid for a fortnight; the roster has 28 days. Each day the rostered workers are paired with the
routes so that homes meet those they know, and delegated tasks those who are delegated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from care.contacts.channel import Channel
from care.demo.clients import Person
from care.demo.draw import stream
from care.demo.matching import cheapest
from care.demo.order import FORTNIGHT, Order
from care.demo.passing_on import pass_on
from care.demo.places import AREAS
from care.demo.planned import Planned
from care.demo.roster import CYCLE, DAY, EVENING, NIGHT_SHIFT, Roster
from care.demo.router import Router
from care.demo.routes import Route
from care.demo.workers import NIGHT, Worker
from care.staff import ShiftKind

NEVER = 10_000.0
#: Where two homes are passed on and on: the group with staff enough for it.
LARGEST = 0
#: A face is recent for so many days; after them somebody else's turn comes.
RECENT, OLD_FACE = 6, 1.0
#: Homes with many contacts are the ones that many faces wear on.
WEIGHT = {"A": 0.3, "B": 1.0, "C": 1.2, "D": 1.6, "E": 3.0}


@dataclass(frozen=True, slots=True)
class Spare:
    """Time that a worker has free between rows, with the road taken off."""

    worker: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """Twenty-eight days of rows, digital shifts and spare time."""

    orders: tuple[Order, ...]
    rows: tuple[tuple[Planned, ...], ...]
    #: day → worker → (from, to) in minutes: booked for calls.
    digital: tuple[dict[int, tuple[int, int]], ...]
    #: day → area → spare time in the afternoon
    spare: tuple[tuple[tuple[Spare, ...], ...], ...]


def make_cycle(
    seed: int, people: Sequence[Person], workers: Sequence[Worker], orders: Sequence[Order], roster: Roster
) -> Cycle:
    """Lay the routes of each group and pair them with the roster."""
    final = {order.no: order for order in orders}
    rows: list[list[Planned]] = [[] for _ in range(CYCLE)]
    digital: list[dict[int, tuple[int, int]]] = [{} for _ in range(CYCLE)]
    spare: list[list[tuple[Spare, ...]]] = [[] for _ in range(CYCLE)]
    for area in range(len(AREAS)):
        router = Router(area, people, orders)
        laid = router.lay()
        final.update({order.no: order for order in router.orders})
        pairing = _Pairing(seed, area, people, workers, roster)
        # Twice round: the second time everybody has met, and the end of the cycle joins its beginning.
        pairs = [pairing.pair(day, laid[day % FORTNIGHT]) for day in range(2 * CYCLE)][CYCLE:]
        if area == LARGEST:
            pass_on(laid, pairs, workers)
        for day, taken in enumerate(pairs):
            routes = laid[day % FORTNIGHT]
            rows[day] += _rows(routes, taken)
            spare[day].append(
                tuple(s for route, who in zip(routes, taken, strict=True) for s in _spare(route, who))
            )
            for route, who in zip(routes, taken, strict=True):
                if route.calls_from is not None:
                    digital[day][who] = (route.calls_from, route.last)
    for day in range(CYCLE):
        rows[day] += _unmanned(final.values(), rows[day], day)
        rows[day] += _night(final.values(), roster, day)
        rows[day].sort(key=lambda row: (row.start, row.order))
    return Cycle(
        tuple(final[no] for no in sorted(final)),
        tuple(map(tuple, rows)),
        tuple(digital),
        tuple(map(tuple, spare)),
    )


def _rows(routes: Sequence[Route], taken: Sequence[int]) -> list[Planned]:
    found: dict[int, tuple[int, list[int]]] = {}
    for route, who in zip(routes, taken, strict=True):
        for stop in route.stops:
            found.setdefault(stop.order.no, (stop.start, []))[1].append(who)
    return [Planned(no, start, tuple(staff)) for no, (start, staff) in found.items()]


def _spare(route: Route, who: int) -> list[Spare]:
    """Gaps of an hour or more between noon and half past three, a quarter of an hour kept at each end."""
    if route.kind is not DAY or route.calls_from is not None:
        return []
    edges = [
        (route.first, route.first),
        *((stop.start, stop.end) for stop in route.stops),
        (route.last, route.last),
    ]
    gaps = [(a[1] + 15, b[0] - 15) for a, b in pairwise(edges)]
    return [
        Spare(who, max(start, 720), min(end, 945))
        for start, end in gaps
        if min(end, 945) - max(start, 720) >= 40
    ]


def _unmanned(orders: Iterable[Order], rows: Sequence[Planned], day: int) -> list[Planned]:
    """Rows that found no room on any route: they wait for somebody to man them."""
    manned = {row.order for row in rows}
    return [
        Planned(order.no, order.at, ())
        for order in orders
        if day % FORTNIGHT in order.pattern.days
        and order.no not in manned
        and order.channel is not Channel.CAMERA_CHECK
    ]


def _night(orders: Iterable[Order], roster: Roster, day: int) -> list[Planned]:
    """The camera checks: after midnight they belong to those who came the evening before."""
    looked_at: Counter[tuple[int, int]] = Counter()
    rows = []
    for order in sorted((o for o in orders if o.channel is Channel.CAMERA_CHECK), key=lambda o: (o.at, o.no)):
        shift = roster.days[(day if order.at >= 720 else day - 1) % CYCLE][NIGHT, NIGHT_SHIFT]
        # One look at a time: whoever has none at this minute takes it.
        who = min(shift, key=lambda no: (looked_at[no, order.at], no * 7 % 5, no))
        looked_at[who, order.at] += 1
        rows.append(Planned(order.no, order.at, (who,)))
    return rows


class _Pairing:
    """Pairs one group's workers with its routes, day after day, so that faces stay known."""

    def __init__(
        self, seed: int, area: int, people: Sequence[Person], workers: Sequence[Worker], roster: Roster
    ) -> None:
        self.random = stream(seed, "pairing", area)
        self.area, self.people, self.workers, self.roster = area, people, workers, roster
        #: (client, worker) → the last day they met
        self.met: dict[tuple[int, int], int] = {}

    def pair(self, day: int, routes: Sequence[Route]) -> list[int]:
        """A worker number for each route."""
        taken: dict[tuple[ShiftKind, int], int] = {}
        for kind in (DAY, EVENING):
            mine = [route for route in routes if route.kind is kind]
            shift = self.roster.days[day % CYCLE][self.area, kind]
            cost = [[self._cost(route, self.workers[no], day) for no in shift] for route in mine]
            for route, column in zip(mine, cheapest(cost), strict=True):
                taken[kind, route.index] = shift[column]
                for stop in route.stops:
                    self.met[stop.order.person, shift[column]] = day
        return [taken[route.kind, route.index] for route in routes]

    def _cost(self, route: Route, worker: Worker, day: int) -> float:
        cost = self.random.random() * 2
        if route.delegated and not worker.delegated:
            cost += NEVER
        if not worker.may_video and not route.silent:
            cost += NEVER
        if route.calls_from is not None and "digital" not in worker.skills:
            cost += NEVER
        for person in {stop.order.person for stop in route.stops}:
            cost += self._strangeness(person, worker, day)
        return cost

    def _strangeness(self, no: int, worker: Worker, day: int) -> float:
        """What it costs a client to meet this worker: least for their own team and for a recent face."""
        since = day - self.met.get((no, worker.no), -1000)
        person = self.people[no]
        weight = WEIGHT.get(person.profile or "A", 1.0)
        own = 1.0 if person.team == worker.team else 0.0
        return weight * (OLD_FACE * (RECENT < since <= CYCLE) - own - (since <= RECENT))
