"""Routes (slingor): which rows follow each other on one shift, for each day of the fortnight.

Rows are put in one by one where they cost least: road, distance from the wished time, and leaving the small
team's usual route. A route never has its worker in two places at once, allows for the road, keeps the
break's worth of time free and stays inside the shift.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from care.contacts.channel import Channel
from care.demo.clients import Person
from care.demo.orders import FORTNIGHT, Order, Pattern, retimed
from care.demo.places import AREAS
from care.demo.roads import Spot, minutes
from care.demo.roster import DAY, EVENING, HOURS, is_weekend, needs_delegation, size
from care.staff import ShiftKind

#: On this route of a weekday the afternoon is booked for calls (the digital shift).
DIGITAL_ROUTE = 6
#: This route has no calls: for the one who does not make them.
SILENT_ROUTE = 1
#: Minutes after a call, for the receipt.
AFTER_CALL = 2
ROUNDS = 6
#: How far a wished time may draw towards the usual one.
DRIFT = 20
#: Minutes to try in turn for a daily row without room: later in the morning, earlier in the evening.
STEPS = (0, 40, 80, -25, 120, 60, 20)
#: Tried in turn: minutes outside the window, and minutes of the break that may be used.
SLACK = ((0, 0), (15, 0), (0, 25), (45, 15), (75, 30), (150, 30))


@dataclass(slots=True)
class Stop:
    """One row on a route. `home` is a place in the area's table of roads; None for what needs no road."""

    start: int
    end: int
    home: int | None
    order: Order


@dataclass(slots=True)
class Route:
    """One shift's rows in order of time, in minutes of the day."""

    area: int
    kind: ShiftKind
    index: int
    first: int
    last: int
    budget: int
    #: From this minute on there are calls alone.
    calls_from: int | None
    stops: list[Stop] = field(default_factory=list)
    used: int = 0

    @property
    def delegated(self) -> bool:
        return needs_delegation(self.index)

    @property
    def silent(self) -> bool:
        return self.index == SILENT_ROUTE


class Roads:
    """Minutes between the homes of one area; place 0 is the centre."""

    def __init__(self, area: int, people: Sequence[Person]) -> None:
        mine = [p for p in people if p.area == area and p.profile]
        self.place = {p.no: i for i, p in enumerate(mine, start=1)}
        spots: list[Spot] = [AREAS[area].centre, *(p.spot for p in mine)]
        hidden = {i for i, p in enumerate(mine, start=1) if p.is_protected}
        self.table = [
            [0 if i == j else 8 if i in hidden or j in hidden else minutes(a, b) for j, b in enumerate(spots)]
            for i, a in enumerate(spots)
        ]


def blank_routes(area: int, day: int) -> list[Route]:
    """The empty shifts of one day of the fortnight."""
    made = []
    for kind in (DAY, EVENING):
        first, last, rest = HOURS[kind]
        for index in range(size(area, kind, day)):
            digital = kind is DAY and index == DIGITAL_ROUTE and not is_weekend(day)
            calls_from = last - 60 * AREAS[area].digital_hours if digital else None
            made.append(Route(area, kind, index, first, last, last - first - rest, calls_from))
    return made


@dataclass(frozen=True, slots=True)
class Fit:
    """A place for a row on a route: before the stop `position`, at `start`, at a price."""

    cost: float
    start: int
    position: int
    road: int


def fit(
    route: Route,
    order: Order,
    home: int | None,
    window: tuple[int, int],
    roads: list[list[int]],
    over: int = 0,
) -> Fit | None:
    """The cheapest place for `order` on `route`, beginning inside `window`; None when there is none.

    `over` is how many minutes of the break may be used.
    """
    length = order.minutes + (0 if home is not None else AFTER_CALL)
    room = route.budget + over - route.used
    if length > room:
        return None
    best: Fit | None = None
    earliest_of_all, latest_of_all = window
    here, ready = 0, route.first
    for position, after in enumerate([*route.stops, None]):
        if ready > latest_of_all:
            break
        if after is None:
            there, until = None, route.last
        else:
            until = after.start
            there = after.home
        if until - length >= earliest_of_all:
            found = _between(
                route, order.at, (here, there), (ready, until), home, length, window, roads, position, room
            )
            if found is not None and (best is None or found.cost < best.cost):
                best = found
        if after is not None:
            ready = after.end
            here = after.home if after.home is not None else here
    return best


def _between(
    route: Route, at: int, around: tuple[int, int | None], free: tuple[int, int], home: int | None, length: int,
    window: tuple[int, int], roads: list[list[int]], position: int, room: int,
) -> Fit | None:  # fmt: skip
    here, there = around
    ready, until = free
    if home is None:
        # A call is made where the worker is; the road to the next home comes after it.
        onward = _onward(route, position, here, roads)
        earliest, latest, road = ready, until - length - (onward if there is not None else 0), 0
        if there is None and not _reaches(route, position, here, roads):
            return None
    else:
        away = roads[here][home]
        onward = _onward(route, position, home, roads)
        before = _onward(route, position, here, roads)
        earliest, latest = ready + away, until - length - (onward if there is not None else 0)
        if there is None and not _reaches(route, position, home, roads):
            return None
        road = away + onward - before
        if route.calls_from is not None:
            latest = min(latest, route.calls_from - length)
        if length + road > room:
            return None
    earliest, latest = max(earliest, window[0]), min(latest, window[1])
    if earliest > latest:
        return None
    if earliest <= at <= latest:
        start = at
    elif earliest > at:
        start = min(latest, -(-earliest // 5) * 5)
    else:
        start = max(earliest, latest // 5 * 5)
    return Fit(road + 0.3 * abs(start - at), start, position, road)


def _onward(route: Route, position: int, here: int, roads: list[list[int]]) -> int:
    """Minutes from `here` to the next home on the route from `position` on; 0 when there is none."""
    for stop in route.stops[position:]:
        if stop.home is not None:
            return roads[here][stop.home]
    return 0


def _reaches(route: Route, position: int, here: int, roads: list[list[int]]) -> bool:
    """True when, past the calls that follow, the next home is still reached in time."""
    calls_end = None
    for stop in route.stops[position:]:
        if stop.home is None:
            calls_end = stop.end
        else:
            return calls_end is None or calls_end + roads[here][stop.home] <= stop.start
    return True


def put(route: Route, order: Order, home: int | None, place: Fit) -> None:
    """Put `order` on the route where `fit` found room."""
    length = order.minutes + (0 if home is not None else AFTER_CALL)
    route.stops.insert(place.position, Stop(place.start, place.start + length, home, order))
    route.used += length + place.road


class Router:
    """Lays the routes of one area for the fortnight; a row keeps its route from day to day where it can."""

    def __init__(self, area: int, people: Sequence[Person], orders: Sequence[Order]) -> None:
        self.area, self.people = area, people
        self.orders = [
            order for order in orders if order.area == area and order.channel is not Channel.CAMERA_CHECK
        ]
        self.first_wish = {order.no: order.at for order in self.orders}
        self.wished = dict(self.first_wish)
        self.tries: Counter[int] = Counter()
        self.roads = Roads(area, people)
        self.teams = AREAS[area].small_teams
        #: order number → (kind, route) of last time, apart for weekdays and weekends
        self.usual: dict[tuple[int, bool], list[tuple[ShiftKind, int]]] = {}
        #: client → routes that come there, so that one route takes several of a client's rows
        self.faces: dict[tuple[int, bool], set[tuple[ShiftKind, int]]] = defaultdict(set)
        self.left_over: list[tuple[int, Order]] = []

    def lay(self) -> list[list[Route]]:
        """Several rounds: after each, wished times draw near those that rows mostly get.

        `orders` then holds the orders as they came to be.
        """
        laid: list[list[Route]] = []
        best: tuple[int, list[list[Route]], list[Order]] | None = None
        for round_ in range(ROUNDS):
            if round_:
                self._learn(laid)
            self.left_over.clear()
            if round_ == 1:
                self.faces.clear()
            laid = [self._day(day) for day in range(FORTNIGHT)]
            if round_ and (best is None or len(self.left_over) < best[0]):
                best = len(self.left_over), laid, list(self.orders)
        assert best is not None
        self.orders = best[2]
        return best[1]

    def _learn(self, laid: list[list[Route]]) -> None:
        starts: dict[int, list[int]] = defaultdict(list)
        work = [sum(route.used for route in routes if route.kind is DAY) for routes in laid]
        for routes in laid:
            for route in routes:
                for stop in route.stops:
                    starts[stop.order.no].append(stop.start)
        left = {order.no for _, order in self.left_over}
        for place, order in enumerate(self.orders):
            if order.no in left:
                self.orders[place] = self._give_way(order, work)
            elif order.no in starts:
                first = self.wished[order.no]
                at = round(median(starts[order.no]) / 5) * 5
                self.orders[place] = retimed(order, min(first + DRIFT, max(first - DRIFT, at)))

    def _give_way(self, order: Order, work: list[int]) -> Order:
        """Somewhere else for a row that found no room: a quieter weekday, or an earlier hour."""
        if len(order.pattern.weekdays) == 1:
            week = order.pattern.week
            quiet = min(
                range(5),
                key=lambda day: work[day] + work[day + 7] if week is None else 2 * work[day + 7 * week],
            )
            for day in range(quiet, FORTNIGHT, 7):
                work[day] += order.minutes + 10
            return replace(order, pattern=Pattern((quiet,), week))
        self.tries[order.no] += 1
        step = STEPS[self.tries[order.no] % len(STEPS)] * (1 if order.at < 720 else -1)
        self.wished[order.no] = min(1235, max(435, self.first_wish[order.no] + step))
        return retimed(order, self.wished[order.no])

    def _day(self, day: int) -> list[Route]:
        routes = blank_routes(self.area, day)
        rows = [order for order in self.orders if day in order.pattern.days]
        rows.sort(key=lambda o: (o.staff == 1, o.window > 60, o.at - 20 * o.needs_delegation, o.no))
        for order in rows:
            for slack, over in SLACK:
                if self._place(order, routes, day, slack, over):
                    break
            else:
                self.left_over.append((day, order))
        return routes

    def _place(self, order: Order, routes: list[Route], day: int, slack: int, over: int) -> bool:
        home = self.roads.place[order.person] if order.channel is Channel.PHYSICAL else None
        window = (order.at - order.window - slack, order.at + order.window + slack)
        if order.channel is Channel.VIDEO and slack == 0:
            window = (order.at - 15, order.at + 15)
        able = [route for route in routes if self._able(route, order)]
        if order.staff == 2:
            return self._place_two(order, able, home, window, day, over)
        best: tuple[float, Route, Fit] | None = None
        for route in able:
            found = fit(route, order, home, window, self.roads.table, over)
            if found is not None:
                cost = found.cost + self._liking(route, order, day)
                if best is None or cost < best[0]:
                    best = (cost, route, found)
        if best is None:
            return False
        put(best[1], order, home, best[2])
        self._remember(order, day, [best[1]])
        return True

    def _place_two(
        self, order: Order, able: list[Route], home: int | None, window: tuple[int, int], day: int, over: int
    ) -> bool:
        for step in sorted(range(window[0] - order.at, window[1] - order.at + 1, 5), key=abs):
            at = order.at + step
            found = []
            for route in able:
                place = fit(route, order, home, (at, at), self.roads.table, over)
                if place is not None:
                    found.append(
                        (place.cost + self._liking(route, order, day), route.kind, route.index, route, place)
                    )
            if len(found) >= 2:
                found.sort(key=lambda f: f[:3])
                for _, _, _, route, place in found[:2]:
                    put(route, order, home, place)
                self._remember(order, day, [f[3] for f in found[:2]])
                return True
        return False

    def _able(self, route: Route, order: Order) -> bool:
        if order.needs_delegation and not route.delegated:
            return False
        return not (order.channel is Channel.VIDEO and route.silent)

    def _liking(self, route: Route, order: Order, day: int) -> float:
        """What it costs the client that it is this route: low for the team's own and the usual one."""
        team = self.people[order.person].team or 0
        count = size(self.area, route.kind, day)
        own = (route.index + 0.5) * self.teams / count
        cost = 1.6 * abs(own - team - 0.5)
        if (route.kind, route.index) in self.usual.get((order.no, is_weekend(day)), ()):
            cost -= 10
        if (route.kind, route.index) in self.faces[order.person, is_weekend(day)]:
            cost -= 6
        if route.delegated and not order.needs_delegation:
            cost += 1.5
        if (
            route.calls_from is not None
            and order.channel is Channel.VIDEO
            and order.at >= route.calls_from - 10
        ):
            cost -= 30
        # A long day elsewhere: let the emptier of two equal routes have it.
        return cost + 4 * route.used / route.budget

    def _remember(self, order: Order, day: int, routes: list[Route]) -> None:
        names = [(route.kind, route.index) for route in routes]
        self.usual[order.no, is_weekend(day)] = names
        self.faces[order.person, is_weekend(day)].update(names)
