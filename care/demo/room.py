"""Whether a row fits on a route, where, and at what price.

A route never has its worker in two places at once, allows for the road, keeps the break's worth of time free
and stays inside the shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from care.demo.order import Order
from care.demo.routes import Route, Stop

#: Minutes after a call, for the receipt.
AFTER_CALL = 2
#: What a minute from the wished time costs, in minutes of road.
A_MINUTE_OFF = 0.3


@dataclass(frozen=True, slots=True)
class Fit:
    """A place for a row on a route: before the stop `position`, at `start`, at a price."""

    cost: float
    start: int
    position: int
    road: int


@dataclass(frozen=True)
class Seeker:
    """A row that looks for room.

    Attributes
    ----------
    home
        Its home's place in the table of `roads`; None for a call, which is made where the worker is.
    window
        First and last minute to begin.
    over
        Minutes of the break that may be used.
    busy
        (start, end) of what the client has already that day: nobody is to meet two visits at once.
    """

    order: Order
    home: int | None
    window: tuple[int, int]
    roads: Sequence[Sequence[int]]
    over: int = 0
    busy: Sequence[tuple[int, int]] = ()

    @cached_property
    def length(self) -> int:
        return self.order.minutes + (0 if self.home is not None else AFTER_CALL)

    def fit(self, route: Route) -> Fit | None:
        """The cheapest place on `route`; None when there is none."""
        length = self.length
        room = route.budget + self.over - route.used
        first, last = self.window
        if length > room or route.last - length < first or route.first > last:
            return None
        best: Fit | None = None
        here, ready = 0, route.first
        for position, after in enumerate((*route.stops, None)):
            if ready > last:
                break
            until = after.start if after else route.last
            if until - length >= max(first, ready):
                found = self._between(route, position, here, (ready, until), room)
                if found is not None and (best is None or found.cost < best.cost):
                    best = found
            if after is not None:
                ready = after.end
                here = after.home if after.home is not None else here
        return best

    def _between(
        self, route: Route, position: int, here: int, free: tuple[int, int], room: int
    ) -> Fit | None:
        """A place in the free time before the stop `position`, coming from the home `here`."""
        ready, until = free
        # A call is made where the worker is; the road to the next home comes after it.
        place = here if self.home is None else self.home
        onward = self._onward(route, position, place)
        next_is_home = position < len(route.stops) and route.stops[position].home is not None
        if not next_is_home and not self._reaches(route, position, onward):
            return None
        earliest = ready + self.roads[here][place]
        latest = until - self.length - (onward if next_is_home else 0)
        road = 0
        if self.home is not None:
            road = self.roads[here][place] + onward - self._onward(route, position, here)
            if route.calls_from is not None:
                latest = min(latest, route.calls_from - self.length)
            if self.length + road > room:
                return None
        start = self._start(max(earliest, self.window[0]), min(latest, self.window[1]))
        if start is None:
            return None
        return Fit(road + A_MINUTE_OFF * abs(start - self.order.at), start, position, road)

    def _start(self, earliest: int, latest: int) -> int | None:
        """The minute nearest to the wished one, on a five minute mark where there is one."""
        if earliest > latest:
            return None
        at = self.order.at
        if earliest <= at <= latest:
            start = at
        elif earliest > at:
            start = min(latest, -(-earliest // 5) * 5)
        else:
            start = max(earliest, latest // 5 * 5)
        end = start + self.order.minutes
        return None if any(start < last and first < end for first, last in self.busy) else start

    def _onward(self, route: Route, position: int, here: int) -> int:
        """Minutes from `here` to the next home on the route from `position` on; 0 when there is none."""
        for stop in route.stops[position:]:
            if stop.home is not None:
                return self.roads[here][stop.home]
        return 0

    @staticmethod
    def _reaches(route: Route, position: int, onward: int) -> bool:
        """True when, past the calls that follow, the next home is still reached in time."""
        calls_end = None
        for stop in route.stops[position:]:
            if stop.home is not None:
                return calls_end is None or calls_end + onward <= stop.start
            calls_end = stop.end
        return True

    def put(self, route: Route, place: Fit) -> None:
        """Put the row on the route where `fit` found room."""
        end = place.start + self.length
        route.stops.insert(place.position, Stop(place.start, end, self.home, self.order))
        route.used += self.length + place.road
