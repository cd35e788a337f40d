"""Which days the measures are asked for: the last seven up to yesterday, unless something else is said."""

from __future__ import annotations

from datetime import date, timedelta

from care.errors import Fault

LONGEST_DAYS = 800


def span(first: date | None, last: date | None, today: date, *, place: str = "to") -> tuple[date, date]:
    """The first and last day, both included. Raises `Fault` ``measures.span`` with `place`."""
    yesterday = today - timedelta(days=1)
    until = last or max(first or yesterday, yesterday)
    since = first or until - timedelta(days=6)
    if until < since or (until - since).days >= LONGEST_DAYS:
        raise Fault(
            "measures.span", "Välj dagar i ordning, högst %(days)s dagar.", place=place,
            values={"days": LONGEST_DAYS},
        )  # fmt: skip
    return since, until
