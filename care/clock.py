"""Where time comes from. There is one clock in a process, handed to whoever needs it.

``SAMTID_NOW=2026-12-01T06:40`` (local wall time) or an instant with an offset starts the clock there;
it runs on from that point.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from care.errors import Fault
from care.localtime import SWEDEN, to_instant


class Clock(Protocol):
    """Something that knows what time it is."""

    zone: ZoneInfo

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def today(self) -> date:
        """The calendar day of the municipality right now."""
        ...


class SystemClock:
    """The machine's clock, moved by a fixed offset."""

    def __init__(self, zone: ZoneInfo = SWEDEN, offset: timedelta = timedelta(0)) -> None:
        self.zone = zone
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()


class StandingClock:
    """A clock that stands until it is moved by hand: for tests and simulations."""

    def __init__(self, start: datetime, zone: ZoneInfo = SWEDEN) -> None:
        if start.tzinfo is None:
            start = to_instant(start, zone)
        self.zone = zone
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def today(self) -> date:
        return self._now.astimezone(self.zone).date()

    def move(self, step: timedelta) -> None:
        self._now += step

    def set(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            instant = to_instant(instant, self.zone)
        self._now = instant.astimezone(UTC)


def clock_from_environment(
    environment: Mapping[str, str] | None = None, zone: ZoneInfo = SWEDEN
) -> SystemClock:
    """The clock of this process, honouring ``SAMTID_NOW``.

    Raises `Fault` ``clock.bad_now`` when the variable cannot be read.
    """
    text = (os.environ if environment is None else environment).get("SAMTID_NOW")
    if not text:
        return SystemClock(zone)
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(
            "clock.bad_now",
            "SAMTID_NOW ska se ut som 2026-12-01T06:40, men är ”%(text)s”.",
            place="SAMTID_NOW",
            values={"text": text[:40]},
        ) from None
    if start.tzinfo is None:
        start = to_instant(start, zone)
    return SystemClock(zone, start - datetime.fromtimestamp(time.time(), UTC))
