"""Minutes of a local day as instants, over both nights when the clocks change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from care.localtime import at


class Hours:
    """``Hours(day)(870)`` is half past two that day; beyond 1440 it is the next."""

    def __init__(self, day: date) -> None:
        self.day = day
        self._known: dict[int, datetime] = {}

    def __call__(self, minute: int) -> datetime:
        known = self._known.get(minute)
        if known is None:
            days, rest = divmod(minute, 1440)
            known = at(self.day + timedelta(days=days), time(rest // 60, rest % 60))
            self._known[minute] = known
        return known
