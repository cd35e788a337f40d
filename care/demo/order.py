"""An order: one recurring row of one client, with its pattern, time and lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from care.contacts.channel import Channel
from care.demo.catalogue import BY_CODE
from care.services import Priority

FORTNIGHT = 14
DAY_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Kinds of rows, as the visit mix counts them; the last three are those on the tablet, and the night's.
CARE, CHECK, MEAL, SOCIAL, HOUSE, HEALTH = "care", "check", "meal", "social", "house", "health"
REMIND_MEAL, REMIND_HEALTH, FOLLOW_UP = "remind_meal", "remind_health", "follow_up"
NIGHT_CHECK = "night"


@dataclass(frozen=True)
class Pattern:
    """Week days, every week or every other; `days` are places in the fortnight."""

    weekdays: tuple[int, ...]
    #: None: both weeks. 0 or 1: only that week of the fortnight.
    week: int | None = None

    @cached_property
    def days(self) -> frozenset[int]:
        weeks = (0, 1) if self.week is None else (self.week,)
        return frozenset(7 * week + day for week in weeks for day in self.weekdays)

    @property
    def rrule(self) -> str:
        if len(self.weekdays) == 7 and self.week is None:
            return "FREQ=DAILY"
        days = ",".join(DAY_NAMES[day] for day in self.weekdays)
        interval = "" if self.week is None else "INTERVAL=2;"
        return f"FREQ=WEEKLY;{interval}BYDAY={days}"


DAILY = Pattern(tuple(range(7)))
WEEKDAYS = Pattern(tuple(range(5)))


@dataclass(frozen=True)
class Order:
    """One recurring row. `at` is the minute of the day, `lines` pairs of service code and minutes."""

    no: int
    person: int
    area: int
    kind: str
    lines: tuple[tuple[str, int], ...]
    channel: Channel
    pattern: Pattern
    at: int
    window: int
    staff: int
    priority: Priority
    #: Worker number of the nurse who ordered the health care lines, and who allowed them at a distance.
    ordered_by: int | None = None
    allowed_by: int | None = None

    @cached_property
    def minutes(self) -> int:
        return sum(minutes for _, minutes in self.lines)

    @cached_property
    def needs_delegation(self) -> bool:
        return any(BY_CODE[code].delegated for code, _ in self.lines)
