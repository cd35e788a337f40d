"""A worker's time at work, compiled: where contacts and trips fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.planner.problem import ANYWHERE, Worker
from scheduler.planner.roads import NEVER, Roads

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order of time with adjoining ones joined."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def earliest_fit(spans: Sequence[Span], time: int, minutes: int) -> int:
    """First start from ``time`` on at which ``minutes`` lie within one span; ``NEVER`` if there is none."""
    for start, end in spans:
        begin = max(start, time)
        if begin + minutes <= end:
            return begin
    return NEVER


def latest_fit(spans: Sequence[Span], time: int, minutes: int) -> int:
    """Last start up to ``time`` at which ``minutes`` lie within one span; ``-NEVER`` if there is none."""
    for start, end in reversed(spans):
        begin = min(time, end - minutes)
        if begin >= start:
            return begin
    return -NEVER


class Shift:
    """One worker's spans.

    Attributes
    ----------
    calls, visits
        Spans for calls and for visits and driving, allowed overtime included.
    end
        End of the last interval, overtime not included; ``-NEVER`` when absent all day.
    start_place, end_place
        As in :class:`Worker`.
    """

    def __init__(self, index: int, worker: Worker, roads: Roads) -> None:
        self.index = index
        self.start_place = worker.start_place
        self.end_place = worker.end_place
        self._roads = roads
        intervals = list(worker.intervals)
        self.end = intervals[-1].end if intervals else -NEVER
        spans = [(i.start, i.end, i.digital_only) for i in intervals]
        if spans and worker.overtime_limit:
            start, end, digital_only = spans[-1]
            spans[-1] = (start, end + worker.overtime_limit, digital_only)
        self.calls = merged((start, end) for start, end, _ in spans)
        self.visits = merged((start, end) for start, end, digital_only in spans if not digital_only)

    def visit_from(self, time: int, minutes: int, blocked: Sequence[Span]) -> int:
        """First start from ``time`` for a visit that no blocked span touches."""
        begin = earliest_fit(self.visits, time, minutes)
        for start, end in blocked:
            if begin < end and begin + minutes > start:
                begin = earliest_fit(self.visits, end, minutes)
        return begin

    def visit_until(self, time: int, minutes: int, blocked: Sequence[Span]) -> int:
        """Last start up to ``time`` for a visit that no blocked span touches."""
        begin = latest_fit(self.visits, time, minutes)
        for start, end in reversed(blocked):
            if begin < end and begin + minutes > start:
                begin = latest_fit(self.visits, start - minutes, minutes)
        return begin

    def trip(self, origin: int, target: int, time: int) -> Span:
        """Departure and arrival of the first trip from ``time`` on that lies within time at work."""
        if ANYWHERE in (origin, target) or origin == target:
            return time, time
        for start, end in self.visits:
            depart = max(start, time)
            if depart <= end:
                arrive = self._roads.arrival(self.index, origin, target, depart)
                if arrive <= end:
                    return depart, arrive
        return NEVER, NEVER

    def trip_until(self, origin: int, target: int, time: int) -> int:
        """Last departure that arrives by ``time``, within time at work; ``-NEVER`` if there is none."""
        if ANYWHERE in (origin, target) or origin == target:
            return time
        for start, end in reversed(self.visits):
            arrive = min(time, end)
            if arrive >= start:
                depart = self._roads.departure(self.index, origin, target, arrive)
                if depart >= start:
                    return depart
        return -NEVER
