"""How long a trip takes when it begins at a given minute: matrix, way of travelling, slow hours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from scheduler.planner.problem import Problem

NEVER = 1_000_000
"""An arrival that does not happen, minutes."""
_MARGIN = 1500


class Roads:
    """Arrival and departure times on the problem's roads.

    A trip needs ``travel[a, b] * travel_percent`` units of progress; each minute gives the speed in percent
    that holds then (100 when nothing slows). Arrival is the first whole minute with enough progress. Leaving
    later therefore never means arriving earlier.
    """

    def __init__(self, problem: Problem) -> None:
        self._needs: dict[int, list[list[int]]] = {}
        base = problem.travel.tolist()
        for worker in problem.workers:
            percent = worker.travel_percent
            if percent not in self._needs:
                self._needs[percent] = [[minutes * percent for minutes in row] for row in base]
        self._areas = problem.areas
        self._percent = [worker.travel_percent for worker in problem.workers]
        self._origin = 0
        self._progress: dict[tuple[int, int], list[int]] = {}
        if problem.slowdowns:
            self._lay_progress(problem)

    def _lay_progress(self, problem: Problem) -> None:
        """Progress from the origin to each minute, for each pair of areas that something slows."""
        first = min(slowdown.start for slowdown in problem.slowdowns) - _MARGIN
        last = max(slowdown.end for slowdown in problem.slowdowns) + _MARGIN
        self._origin = first
        areas = sorted(set(problem.areas))
        profiles: dict[int, list[int]] = {}
        for area in areas:
            speed = [100] * (last - first)
            for slowdown in problem.slowdowns:
                if slowdown.area is None or slowdown.area == area:
                    for minute in range(slowdown.start - first, slowdown.end - first):
                        speed[minute] = min(speed[minute], slowdown.speed_percent)
            profiles[area] = speed
        for one in areas:
            for other in areas:
                slowest = [min(pair) for pair in zip(profiles[one], profiles[other], strict=True)]
                if min(slowest) < 100:
                    self._progress[one, other] = [0, *accumulate(slowest)]

    def base(self, worker: int, origin: int, target: int) -> int:
        """Minutes at normal speed for this worker, rounded up."""
        return -(-self._needs[self._percent[worker]][origin][target] // 100)

    def arrival(self, worker: int, origin: int, target: int, depart: int) -> int:
        """First minute at which the worker has arrived, leaving at ``depart``."""
        need = self._needs[self._percent[worker]][origin][target]
        if not need:
            return depart
        progress = self._progress.get((self._areas[origin], self._areas[target])) if self._progress else None
        if progress is None:
            return depart - (-need // 100)
        position = depart - self._origin
        last = len(progress) - 1
        if position >= last:
            return depart - (-need // 100)
        if position < 0:
            if need <= -position * 100:
                return depart - (-need // 100)
            need += position * 100
            position = 0
        goal = progress[position] + need
        if goal > progress[last]:
            return self._origin + last - ((progress[last] - goal) // 100)
        return self._origin + bisect_left(progress, goal)

    def departure(self, worker: int, origin: int, target: int, arrive: int) -> int:
        """Last minute at which the worker can leave and have arrived by ``arrive``."""
        need = self._needs[self._percent[worker]][origin][target]
        if not need:
            return arrive
        progress = self._progress.get((self._areas[origin], self._areas[target])) if self._progress else None
        if progress is None:
            return arrive + (-need // 100)
        position = arrive - self._origin
        last = len(progress) - 1
        if position <= 0:
            return arrive + (-need // 100)
        if position > last:
            if need <= (position - last) * 100:
                return arrive + (-need // 100)
            need -= (position - last) * 100
            position = last
        goal = progress[position] - need
        if goal < 0:
            return self._origin + (goal // 100)
        return self._origin + bisect_right(progress, goal) - 1
