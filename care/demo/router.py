"""Lays the routes of a group: each row where it costs least in road, in time, and in new faces."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from care.contacts.channel import Channel
from care.demo.clients import Person
from care.demo.order import FORTNIGHT, Order, Pattern
from care.demo.places import AREAS
from care.demo.room import Seeker
from care.demo.roster import DAY, is_weekend, size
from care.demo.routes import Roads, Route, blank_routes
from care.staff import ShiftKind

ROUNDS = 5
#: How far a wished time may draw towards the usual one.
DRIFT = 20
#: Minutes to try in turn for a daily row without room: later in the morning, earlier in the evening.
STEPS = (0, 40, 80, -25, 120, 60, 20)
#: Tried in turn: minutes outside the window, and minutes of the break that may be used.
SLACK = ((0, 0), (15, 0), (0, 25), (45, 15), (75, 30), (150, 30))
#: For what cannot wait till another day.
LAST_RESORT = ((240, 45),)
#: Minutes that a call may leave its wished time, as long as there is room anywhere.
PUNCTUAL = 15
#: From this minute on, rows are placed from the end of the day backwards.
LATE = 1140


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
        best: tuple[tuple[int, int], list[list[Route]], list[Order]] | None = None
        for round_ in range(ROUNDS):
            if round_:
                self._learn(laid)
            self.left_over.clear()
            if round_ == 1:
                self.faces.clear()
            laid = [self._day(day) for day in range(FORTNIGHT)]
            # What cannot wait weighs more than any number of cleanings.
            urgent = sum(order.priority.is_safety for _, order in self.left_over)
            lack = (urgent, len(self.left_over))
            if round_ and (best is None or lack < best[0]):
                best = lack, laid, list(self.orders)
        if best is None:
            raise ValueError("routes need two rounds at least")
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
                self.orders[place] = replace(order, at=min(first + DRIFT, max(first - DRIFT, at)))

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
        return replace(order, at=self.wished[order.no])

    def _day(self, day: int) -> list[Route]:
        routes = blank_routes(self.area, day)
        busy: dict[int, list[tuple[int, int]]] = defaultdict(list)
        rows = [order for order in self.orders if day in order.pattern.days]
        # The last of the evening before the rest of it: it has nowhere else to go.
        rows.sort(key=lambda o: (o.staff == 1, o.window > 60, _turn(o) - 20 * o.needs_delegation, o.no))
        for order in rows:
            for slack, over in (*SLACK, *(LAST_RESORT if order.priority.is_safety else ())):
                placed = self._place(self._seeker(order, slack, over, busy[order.person]), routes, day)
                if placed is not None:
                    busy[order.person].append((placed, placed + order.minutes))
                    break
            else:
                self.left_over.append((day, order))
        return routes

    def _seeker(self, order: Order, slack: int, over: int, busy: Sequence[tuple[int, int]]) -> Seeker:
        home = self.roads.place[order.person] if order.channel is Channel.PHYSICAL else None
        # Calls keep their time as long as they can.
        wide = PUNCTUAL if order.channel is Channel.VIDEO and slack == 0 else order.window + slack
        return Seeker(order, home, (order.at - wide, order.at + wide), self.roads.table, over, busy)

    def _place(self, seeker: Seeker, routes: Sequence[Route], day: int) -> int | None:
        """Put the row on the route, or the two, where it costs least; when it begins, None without room."""
        able = [route for route in routes if self._able(route, seeker.order)]
        first, last = seeker.window
        windows = [seeker.window]
        if seeker.order.staff == 2:
            # Two routes that have room at the same minute: the nearest to the wished one.
            able = [route for route in able if seeker.fit(route) is not None]
            at = seeker.order.at
            windows = [
                (minute, minute) for minute in sorted(range(first, last + 1, 5), key=lambda m: abs(m - at))
            ]
        for window in windows:
            trial = replace(seeker, window=window)
            found = [
                (place.cost + self._liking(route, seeker.order, day), route.name, route, place)
                for route in able
                if (place := trial.fit(route)) is not None
            ]
            if len(found) >= seeker.order.staff:
                chosen = sorted(found, key=lambda one: one[:2])[: seeker.order.staff]
                for _, _, route, place in chosen:
                    trial.put(route, place)
                self._remember(seeker.order, day, [route for _, _, route, _ in chosen])
                return chosen[0][3].start
        return None

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
        if route.name in self.usual.get((order.no, is_weekend(day)), ()):
            cost -= 10
        if route.name in self.faces[order.person, is_weekend(day)]:
            cost -= 6
        if route.delegated and not order.needs_delegation:
            cost += 1.5
        if (
            route.calls_from is not None
            and order.channel is Channel.VIDEO
            and order.at > route.calls_from - 15
        ):
            cost -= 30
        # A long day elsewhere: let the emptier of two equal routes have it.
        return cost + 4 * route.used / route.budget

    def _remember(self, order: Order, day: int, routes: list[Route]) -> None:
        names = [route.name for route in routes]
        self.usual[order.no, is_weekend(day)] = names
        self.faces[order.person, is_weekend(day)].update(names)


def _turn(order: Order) -> int:
    """When a row is to be placed among those of its sort."""
    return order.at if order.at < LATE else -order.at
