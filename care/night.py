"""The night of a home: the hours when its screen is dark, and the people there are left in peace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from care.localtime import at, to_wall

_NOON = time(12)


class Sleeper(Protocol):
    """Somebody with a night: local wall times as ``21:00``."""

    @property
    def night_from(self) -> str: ...
    @property
    def night_to(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Night:
    """From `start` to `end`, local wall time, past midnight or not. The same hour twice means no night."""

    start: time = time(21)
    end: time = time(7)

    @classmethod
    def of(cls, home: Sequence[Sleeper]) -> Night:
        """The night of those who live in a home. Two who live together: it is night when both sleep."""
        if not home:
            return cls()
        starts = [time.fromisoformat(one.night_from) for one in home]
        ends = [time.fromisoformat(one.night_to) for one in home]
        # An hour after midnight is later in the evening than any before it.
        return cls(max(starts, key=lambda hour: (hour < _NOON, hour)), min(ends))

    def covers(self, instant: datetime, zone: ZoneInfo) -> bool:
        """True when the screen is dark at `instant`."""
        return self.over(instant, zone) > instant

    def over(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """When the night that `instant` lies in is over; `instant` itself by day."""
        around = self.around(instant, zone)
        return around[1] if around is not None else instant

    def around(self, instant: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Beginning and end of the night that `instant` lies in; None by day."""
        today = to_wall(instant, zone).date()
        for day in (today - timedelta(days=1), today):
            start, end = self._on(day, zone)
            if start <= instant < end:
                return start, end
        return None

    def lit(self, since: datetime, span: timedelta, zone: ZoneInfo) -> datetime:
        """When the screen has been lit for `span` since `since`: dark hours do not count."""
        while True:
            since = self.over(since, zone)
            dark = self._next(since, zone)
            if dark is None or since + span <= dark:
                return since + span
            span -= dark - since
            since = dark

    def _next(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        today = to_wall(instant, zone).date()
        spans = [self._on(today + timedelta(days=more), zone) for more in range(2)]
        return min((start for start, end in spans if instant <= start < end), default=None)

    def _on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The night that begins on `day`; an empty one where there is none."""
        start = at(day, self.start, zone)
        past = timedelta(days=1 if self.end < self.start else 0)
        return start, at(day + past, self.end, zone)
