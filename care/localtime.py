"""Between wall time in the municipality and instants in UTC.

A wall time in the spring gap does not exist and is an error with its place; a wall time in the autumn
fold happens twice and means the first (callers that read files warn about it).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from care.errors import Fault

SWEDEN = ZoneInfo("Europe/Stockholm")
#: Days further away are slips of the pen, and would break reckoning with days.
YEARS = range(1900, 2200)
_WALL = re.compile(r"([0-9]{1,2})(?:[.:]([0-9]{1,2}))?")


def read_day(text: str, place: str) -> date:
    """A day that somebody has written, such as 2026-12-01.

    Raises `Fault` ``date.bad`` at `place`, also for a day of another century than ours.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise _no_day(text, place)
    return day


def _no_day(text: str, place: str | None) -> Fault:
    return Fault(
        "date.bad",
        "Datumet ska se ut som 2026-12-01, men är ”%(text)s”.",
        place=place,
        values={"text": text[:40]},
    )


def read_wall(text: str, place: str) -> time:
    """A wall time that somebody has written: 14.30, 14:30, or 14 for the whole hour.

    Raises `Fault` ``time.bad`` at `place`.
    """
    found = _WALL.fullmatch(text)
    try:
        return time(int(found[1]), int(found[2] or "0")) if found else _no_time(place)
    except ValueError:
        return _no_time(place)


def _no_time(place: str) -> NoReturn:
    raise Fault("time.bad", "Tiden ska se ut som 14.30.", place=place) from None


def is_gap(wall: datetime, zone: ZoneInfo = SWEDEN) -> bool:
    """True when the naive wall time `wall` is skipped by the spring change."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


def is_fold(wall: datetime, zone: ZoneInfo = SWEDEN) -> bool:
    """True when the naive wall time `wall` happens twice (autumn change)."""
    first = wall.replace(tzinfo=zone, fold=0).utcoffset()
    second = wall.replace(tzinfo=zone, fold=1).utcoffset()
    return first != second and not is_gap(wall, zone)


def to_instant(wall: datetime, zone: ZoneInfo = SWEDEN, *, place: str | None = None) -> datetime:
    """The UTC instant of a naive wall time.

    Raises `Fault` ``time.gap`` when the clock skips it that night, and ``date.bad`` when it is of another
    century than ours. In the fold the first is meant.
    """
    if wall.year not in YEARS:
        raise _no_day(wall.date().isoformat(), place)
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    if is_gap(wall, zone):
        raise Fault(
            "time.gap",
            "Klockan %(time)s finns inte den %(date)s: då ställs klockan fram. Välj en annan tid.",
            place=place,
            values={"time": wall.strftime("%H.%M"), "date": wall.date().isoformat()},
        )
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def to_instant_shifted(wall: datetime, zone: ZoneInfo = SWEDEN) -> datetime:
    """As `to_instant`, but a time in the gap becomes the first real time after it.

    For recurring rules, where one night a year must not lose the contact: 02.30 becomes 03.00.
    """
    while is_gap(wall, zone):
        wall = (wall + timedelta(minutes=1)).replace(second=0, microsecond=0)
    return to_instant(wall, zone)


def to_wall(instant: datetime, zone: ZoneInfo = SWEDEN) -> datetime:
    """The aware local wall time of an instant."""
    return instant.astimezone(zone)


def day_span(day: date, zone: ZoneInfo = SWEDEN) -> tuple[datetime, datetime]:
    """First instant of the local day and of the next: 23, 24 or 25 hours apart."""
    start = datetime.combine(day, time(0)).replace(tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(0)).replace(tzinfo=zone).astimezone(UTC)
    return start, end


def at(day: date, wall: time, zone: ZoneInfo = SWEDEN) -> datetime:
    """The instant of a wall time on a day, shifted out of a gap."""
    return to_instant_shifted(datetime.combine(day, wall), zone)
