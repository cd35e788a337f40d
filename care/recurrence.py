"""From a contact rule to the days and instants it means: RFC 5545 recurrence in local wall time.

A recurrence is the text of an RRULE without DTSTART; none means once, on the first day. The day's clock
time is the rule's own, so 09.00 stays 09.00 over both nights when the clocks change; a time that is skipped
in spring becomes the first one that exists (02.30 → 03.00).

Only such parts are taken as a home care plan needs, and no combination that never comes: ``FREQ`` DAILY,
WEEKLY or MONTHLY, ``INTERVAL``, ``BYDAY``, ``BYMONTHDAY``, ``WKST``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from care.errors import Fault
from care.localtime import SWEDEN, at
from care.words import N_

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MOST_INTERVAL = {"DAILY": 31, "WEEKLY": 26, "MONTHLY": 6}
_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST"})
_BYDAY = re.compile(r"(?P<nth>[+-]?[1-5])?(?P<day>MO|TU|WE|TH|FR|SA|SU)")
_LONGEST = 200


class Pattern(StrEnum):
    """What the form offers; everything else is an own rule."""

    ONCE = "once"
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    EVERY_OTHER_WEEK = "every_other_week"
    OWN = "own"

    @property
    def words(self) -> str:
        """In Swedish (gettext message id)."""
        return _WORDS[self]


_WORDS = {
    Pattern.ONCE: N_("En gång"),
    Pattern.DAILY: N_("Varje dag"),
    Pattern.WEEKDAYS: N_("Vardagar"),
    Pattern.WEEKLY: N_("Varje vecka"),
    Pattern.EVERY_OTHER_WEEK: N_("Varannan vecka"),
    Pattern.OWN: N_("Egen upprepning"),
}


def recurrence_for(pattern: Pattern, first_day: date, days: Collection[int] = ()) -> str | None:
    """The recurrence of a choice in the form; None means once.

    `days` are days of the week (Monday is 0) for the weekly patterns, by default that of `first_day`.
    Raises `Fault` ``recurrence.pattern`` for `Pattern.OWN`, which has no text of its own.
    """
    by_day = ",".join(WEEKDAYS[day] for day in sorted(set(days) or {first_day.weekday()}))
    match pattern:
        case Pattern.ONCE:
            return None
        case Pattern.DAILY:
            return "FREQ=DAILY"
        case Pattern.WEEKDAYS:
            return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
        case Pattern.WEEKLY:
            return f"FREQ=WEEKLY;BYDAY={by_day}"
        case Pattern.EVERY_OTHER_WEEK:
            return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={by_day}"
        case Pattern.OWN:
            raise _fault("pattern", "Välj hur ofta kontakten ska komma igen.")


def pattern_of(recurrence: str | None) -> tuple[Pattern, tuple[int, ...]]:
    """The choice in the form that `recurrence` came from, and its days of the week (Monday is 0)."""
    if recurrence is None:
        return Pattern.ONCE, ()
    parts = _split(recurrence)
    by_day = parts.get("BYDAY", "")
    names = by_day.split(",") if by_day else []
    if any(name not in WEEKDAYS for name in names) or parts.keys() - {"FREQ", "INTERVAL", "BYDAY", "WKST"}:
        return Pattern.OWN, ()
    days = tuple(sorted(WEEKDAYS.index(name) for name in names))
    match parts["FREQ"], parts.get("INTERVAL", "1"), days:
        case "DAILY", "1", ():
            return Pattern.DAILY, ()
        case "WEEKLY", "1", (0, 1, 2, 3, 4):
            return Pattern.WEEKDAYS, days
        case "WEEKLY", "1", _:
            return Pattern.WEEKLY, days
        case "WEEKLY", "2", _:
            return Pattern.EVERY_OTHER_WEEK, days
    return Pattern.OWN, days


def check(recurrence: str | None) -> None:
    """Raise `Fault` ``recurrence.*`` (422, place ``recurrence``) unless the text is a rule we take."""
    if recurrence is None:
        return
    parts = _split(recurrence)
    frequency = parts["FREQ"]
    interval = int(parts.get("INTERVAL", "1"))
    by_day = [_BYDAY.fullmatch(day) for day in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    if any(day is None for day in by_day):
        raise _fault("day", "Veckodagar skrivs MO, TU, WE, TH, FR, SA och SU med komma emellan.")
    if frequency != "MONTHLY" and any(day and day["nth"] for day in by_day):
        raise _fault("day", "En viss veckodag i månaden kan bara väljas med FREQ=MONTHLY.")
    if "BYMONTHDAY" in parts:
        if frequency != "MONTHLY" or by_day:
            raise _fault("month_day", "BYMONTHDAY kan bara användas ensam tillsammans med FREQ=MONTHLY.")
        if any(not re.fullmatch(r"-?\d{1,2}", d) or not 1 <= abs(int(d)) <= 31
               for d in parts["BYMONTHDAY"].split(",")):  # fmt: skip
            raise _fault("month_day", "Dagar i månaden skrivs 1 till 31, eller −1 för den sista.")
    if frequency == "DAILY" and by_day and interval > 1:
        raise _fault("never", "Veckodagar tillsammans med var n:te dag kan aldrig inträffa. Välj WEEKLY.")
    try:
        rrulestr(recurrence, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - only to have it read
    except ValueError:
        raise _fault("form", "Upprepningen går inte att läsa.") from None


def days(
    recurrence: str | None, first_day: date, last_day: date | None, start: date, end: date
) -> list[date]:
    """The days from `start` to `end`, both included, on which the rule has a contact.

    Raises as `check`.
    """
    check(recurrence)
    low = max(start, first_day)
    high = end if last_day is None else min(end, last_day)
    if high < low:
        return []
    if recurrence is None:
        return [first_day] if low == first_day else []
    parts = _split(recurrence)
    origin = _near(first_day, low, parts["FREQ"], int(parts.get("INTERVAL", "1")))
    rule = rrulestr(recurrence, dtstart=_midnight(origin))
    return [day.date() for day in rule.between(_midnight(low), _midnight(high), inc=True)]


def instants(
    recurrence: str | None,
    wall: time,
    first_day: date,
    last_day: date | None,
    *,
    start: date,
    end: date,
    zone: ZoneInfo = SWEDEN,
) -> list[tuple[date, datetime]]:
    """As `days`, with the UTC instant of the wall time `wall` on each."""
    return [(day, at(day, wall, zone)) for day in days(recurrence, first_day, last_day, start, end)]


def _near(first_day: date, low: date, frequency: str, interval: int) -> date:
    """An origin with the same rhythm as `first_day` but close to `low`, so that old rules stay quick."""
    step = {"DAILY": interval, "WEEKLY": 7 * interval}.get(frequency)
    if step is None or low <= first_day:
        return first_day
    # One step early: a week that began before `low` still has days in it.
    return first_day + timedelta(days=max((low - first_day).days // step - 1, 0) * step)


def _split(recurrence: str) -> dict[str, str]:
    """The parts of the text by name, each once, with a frequency and an interval that we take."""
    if len(recurrence) > _LONGEST:
        raise _fault("form", "Upprepningen går inte att läsa.")
    parts: dict[str, str] = {}
    for part in recurrence.strip().removeprefix("RRULE:").split(";"):
        name, separator, value = part.partition("=")
        if not separator or not value or name in parts:
            raise _fault("form", "Upprepningen går inte att läsa.")
        if name in ("UNTIL", "COUNT"):
            raise _fault("until", "Skriv sista dagen i stället för UNTIL eller COUNT.")
        if name not in _PARTS:
            raise _fault("part", "Upprepningen får bara ha FREQ, INTERVAL, BYDAY och BYMONTHDAY.")
        parts[name] = value
    if parts.get("FREQ") not in _MOST_INTERVAL:
        raise _fault("frequency", "FREQ ska vara DAILY, WEEKLY eller MONTHLY.")
    interval = parts.get("INTERVAL", "1")
    if not re.fullmatch(r"[0-9]{1,3}", interval) or not 1 <= int(interval) <= _MOST_INTERVAL[parts["FREQ"]]:
        raise _fault("interval", "Mellanrummet är för stort eller går inte att läsa.")
    if parts.get("WKST", "MO") not in WEEKDAYS:
        raise _fault("form", "Upprepningen går inte att läsa.")
    return parts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0))


def _fault(word: str, sentence: str) -> Fault:
    return Fault(f"recurrence.{word}", sentence, place="recurrence")
