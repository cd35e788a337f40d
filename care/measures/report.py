"""The report that pages, API and command line share: three measures, by group and by day."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from care.measures.gather import Cell, Figures
from care.measures.hiding import Share, shown, table, to_hide
from care.measures.same_day import measure

#: Levels of the same-day share and of the receipt rate (domain 57, 58): configurable defaults.
GREEN_SAME_DAY, AMBER_SAME_DAY, GREEN_RECEIPTS = 0.97, 0.93, 0.90

Key = TypeVar("Key", bound=Hashable)


def report(figures: Figures, first: date, last: date, group_names: Mapping[UUID, str]) -> dict[str, Any]:
    """The three measures for `first`–`last`.

    Returns
    -------
    dict
        ``same_day`` (total, physical, digital, moved), ``receipts`` by goal type with ``reached``,
        ``pulse`` (clients, staff), and the same totals under ``groups`` and ``days``. A share is
        ``{"value": 0–1, "n", "part"}`` or ``{"value": null, "hidden": true}``.
    """
    same = measure(figures.contacts)
    parts = table({"physical": same.physical, "digital": same.digital})
    goals = {goal: _sum(cells.values()) for goal, cells in sorted(figures.receipts.items())}
    secret = to_hide(goals)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    by_group = _split(figures, group_names, lambda cell: cell[0], lambda one: one.group_id)
    by_day = _split(figures, days, lambda cell: cell[1], lambda one: one.day)
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "same_day": {**shown(same.total), **parts, "moved": shown(same.moved)},
        "all_receipts": shown(_sum(goals.values())),
        "receipts": {
            goal: {
                **shown(share, hide=goal in secret),
                "reached": shown(_sum(figures.reached[goal].values()), hide=goal in secret),
            }
            for goal, share in goals.items()
        },
        "pulse": {
            "clients": shown(_sum(figures.client_pulse.values())),
            "staff": shown(_sum(figures.staff_pulse.values())),
        },
        "groups": [{"id": str(key), "name": group_names[key], **cells} for key, cells in by_group.items()],
        "days": [{"date": key.isoformat(), **cells} for key, cells in by_day.items()],
    }


def _split(
    figures: Figures, keys: Iterable[Key], of_cell: Callable[[Cell], Key], of_contact: Callable[[Any], Key]
) -> dict[Key, dict[str, Any]]:
    """Total share, receipts and pulses along one axis, hidden so that the totals reveal nothing."""
    wanted = list(keys)
    same = dict.fromkeys(wanted, Share(0, 0))
    for one in figures.contacts:
        key = of_contact(one)
        if key in same:
            same[key] = same[key] + Share(int(one.done_same_day), 1)
    columns = {
        "same_day": table(same),
        "receipts": table(_along(wanted, figures.receipts.values(), of_cell)),
        "client_pulse": table(_along(wanted, [figures.client_pulse], of_cell)),
        "staff_pulse": table(_along(wanted, [figures.staff_pulse], of_cell)),
    }
    return {key: {name: column[key] for name, column in columns.items()} for key in wanted}


def _along(
    keys: list[Key], many: Iterable[dict[Cell, Share]], of_cell: Callable[[Cell], Key]
) -> dict[Key, Share]:
    sums = dict.fromkeys(keys, Share(0, 0))
    for cells in many:
        for cell, share in cells.items():
            key = of_cell(cell)
            if key in sums:
                sums[key] = sums[key] + share
    return sums


def _sum(shares: Iterable[Share]) -> Share:
    total = Share(0, 0)
    for share in shares:
        total = total + share
    return total
