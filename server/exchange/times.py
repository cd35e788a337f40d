"""Dates and times as people and Excel write them, turned into days and instants, and back.

Wall times are those of the municipality. A time in the spring gap is a fault; a time in the autumn fold is
the first of the two unless its offset is written (``02:30+01:00``), as exports do for the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from care.errors import Fault
from care.localtime import to_instant

_FIRST_YEAR, _LAST_YEAR = 2000, 2099
_MIDNIGHT_TAIL = re.compile(r"[ T]0?0[:.]00([:.]00)?$", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})/(\d{1,2})(?:\s+|-|/)(\d{4})", re.ASCII)
_NO_YEAR = re.compile(r"\d{1,2}/\d{1,2}", re.ASCII)
_DATE_HEAD = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{8}|\d{1,2}/\d{1,2}(?:\s+|-|/)\d{4})[ T,]\s*(?P<clock>.+)", re.ASCII
)
_CLOCK = re.compile(
    r"(?:kl\.?\s*)?(?P<hour>\d{1,2})[.:](?P<minute>\d{2})(?:[.:](?P<second>\d{2}))?"
    r"\s*(?P<offset>[+-]\d{2}:\d{2}|Z)?",
    re.ASCII | re.IGNORECASE,
)
# Excel takes the leading zero off 0730.
_SHORT_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?P<minute>\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time of day as it stood in the file.

    Attributes
    ----------
    clock
        The time of day.
    date
        The day, where one was written beside it.
    offset
        Offset from UTC, where one was written.
    is_day_end
        True for 24.00: the midnight that ends the day.
    """

    clock: time
    date: date | None = None
    offset: timedelta | None = None
    is_day_end: bool = False


def read_date(text: str) -> date:
    """``2026-12-01``, ``1/12 2026`` or ``20261201``; a midnight after it, as from Excel, is let be."""
    text = _MIDNIGHT_TAIL.sub("", text)
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DAY_MONTH.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    elif _NO_YEAR.fullmatch(text):
        raise Fault("import.date_year", "Årtalet saknas. Skriv datumet som 2026-12-01 eller 1/12 2026.")
    else:
        raise Fault("import.date", "Skriv datumet som 2026-12-01, 1/12 2026 eller 20261201.")
    try:
        found = date(year, month, day)
    except ValueError:
        raise Fault(
            "import.no_such_date",
            "Det finns inget datum %(year)s-%(month)s-%(day)s.",
            values={"year": f"{year:04d}", "month": f"{month:02d}", "day": f"{day:02d}"},
        ) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Fault(
            "import.date_range",
            "Årtalet ska vara mellan %(first)s och %(last)s.",
            values={"first": _FIRST_YEAR, "last": _LAST_YEAR},
        )
    return found


def read_clock(text: str) -> WallClock:
    """``07.30``, ``7:30`` or ``0730``, alone or after a date; seconds and an offset may follow."""
    day = None
    if head := _DATE_HEAD.fullmatch(text):
        day, text = read_date(head["date"]), head["clock"]
    match = _CLOCK.fullmatch(text)
    offset = None
    if match:
        second = int(match["second"] or 0)
        offset = _offset(match["offset"]) if match["offset"] else None
    else:
        match, second = _SHORT_CLOCK.fullmatch(text), 0
    if match is None:
        raise Fault("import.time", "Skriv tiden som 07.30, 7:30 eller 0730.")
    hour, minute = int(match["hour"]), int(match["minute"])
    if (hour, minute, second) == (24, 0, 0) and offset is None:
        return WallClock(time(0), day, None, is_day_end=True)
    if hour > 23 or minute > 59 or second > 59:
        raise Fault(
            "import.no_such_time",
            "Det finns ingen tid %(hour)s.%(minute)s.",
            values={"hour": f"{hour:02d}", "minute": f"{minute:02d}"},
        )
    return WallClock(time(hour, minute, second), day, offset)


def _offset(text: str) -> timedelta:
    if text in ("Z", "z"):
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise Fault(
            "import.offset", "Skillnaden mot UTC efter tiden går inte att läsa. Skriv till exempel +01:00."
        )
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def read_moment(text: str) -> WallClock:
    """As `read_clock`, but the date must be there: ``2026-12-01 07.30``."""
    clock = read_clock(text)
    if clock.date is None:
        raise Fault("import.moment", "Skriv både datum och tid, till exempel 2026-12-01 07.30.")
    return clock


def start_of(day: date, clock: WallClock, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of `clock` on `day`, or on its own date where it has one.

    Raises `Fault` ``time.gap`` when the clock skips that time.
    """
    day = (clock.date or day) + timedelta(days=clock.is_day_end)
    wall = datetime.combine(day, clock.clock)
    if clock.offset is not None:
        return wall.replace(tzinfo=timezone(clock.offset)).astimezone(UTC)
    return to_instant(wall, zone)


def end_of(day: date, clock: WallClock, start: datetime, zone: ZoneInfo) -> datetime:
    """The instant of an end that belongs to `start`: an end before the start means the next day.

    `day` is the local day of the start. An end with a date of its own is taken at its word and may come out
    before the start.
    """
    if clock.date is not None or clock.is_day_end:
        return start_of(day, clock, zone)
    if clock.offset is not None:
        same_day = start_of(day, clock, zone)
        return same_day if same_day > start else start_of(day + timedelta(days=1), clock, zone)
    if clock.clock <= start.astimezone(zone).time():
        return start_of(day + timedelta(days=1), clock, zone)
    end = start_of(day, clock, zone)
    if end <= start:
        # The start was the second 02.10 of the autumn night, so the end is in the second hour too.
        end = datetime.combine(day, clock.clock).replace(tzinfo=zone, fold=1).astimezone(UTC)
    return end


def window_of(
    day: date, opens: WallClock, closes: WallClock, start: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The window around `start`: it may open the evening before and close the day after.

    Raises `Fault` ``import.start_outside_window`` when no such reading has the start inside.
    """
    first = start_of(day, opens, zone)
    if first > start and opens.date is None:
        first = start_of(day - timedelta(days=1), opens, zone)
    last = start if _same_clock(closes, start, zone) else end_of(day, closes, start, zone)
    if first > last or (opens.date is None and closes.date is None and last - first >= timedelta(days=1)):
        raise Fault("import.start_outside_window", "Starttiden ligger utanför tidsfönstret.")
    return first, last


def _same_clock(clock: WallClock, start: datetime, zone: ZoneInfo) -> bool:
    """True when `clock` without a date names the very time of `start`: a window may close as it starts."""
    local = start.astimezone(zone)
    return (
        clock.date is None
        and not clock.is_day_end
        and clock.clock == local.time()
        and clock.offset in (None, local.utcoffset())
    )


def write_clock(instant: datetime, zone: ZoneInfo) -> str:
    """``07:30``, with seconds where there are any, and the offset in the second hour of the autumn fold."""
    local = instant.astimezone(zone)
    text = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    return text + local.isoformat()[-6:] if local.fold else text


def write_moment(instant: datetime, zone: ZoneInfo) -> str:
    """``2026-12-01 07:30``, as `write_clock` after the local date."""
    return f"{instant.astimezone(zone):%Y-%m-%d} {write_clock(instant, zone)}"
