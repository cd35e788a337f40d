"""The days of the log that somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from care.errors import Fault
from care.localtime import day_span
from server.pages.form import Form


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last, both with."""

    since: date
    until: date

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When the first day begins, and when the day after the last does."""
        return day_span(self.since, zone)[0], day_span(self.until, zone)[1]


def read_span(asked: Form, today: date, *, usual: timedelta, longest: timedelta) -> Span:
    """``fran`` and ``till``; `usual` before the last day, or until `today`, where one is not given.

    Raises `Fault` ``date.bad``, ``log.backwards``, or ``log.long`` when more than `longest` lies between.
    """
    until = asked.day("till", needed=False) or today
    since = asked.day("fran", needed=False) or until - usual
    if since > until:
        raise Fault("log.backwards", "Första dagen ligger efter den sista.", place="fran")
    if until - since > longest:
        raise Fault(
            "log.long", "Välj högst %(days)s dagar åt gången.", place="fran", values={"days": longest.days}
        )
    return Span(since, until)
