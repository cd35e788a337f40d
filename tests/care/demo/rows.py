"""Every row of the reference municipality, as the generator gives it: nothing is read from a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from care.demo.planting import days, frame
from care.demo.town import Town, make_town
from care.localtime import SWEDEN, to_instant

NOW = to_instant(datetime(2026, 12, 1, 6, 40))
TODAY = date(2026, 12, 1)

Row = dict[str, Any]


def plain(text: str, _about: object) -> bytes:
    """A seal that hides nothing: the numbers are to be looked at."""
    return text.encode()


@dataclass(slots=True)
class Demo:
    """A town and every row of it."""

    town: Town
    now: datetime
    tables: dict[str, list[Row]]
    code: dict[UUID, str] = field(default_factory=dict)
    lines: dict[UUID, list[Row]] = field(default_factory=dict)
    staff: dict[UUID, list[UUID]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.code = {row["id"]: row["code"] for row in self.tables["service"]}
        self.lines = grouped(self.tables["contact_line"], "contact_id")
        assigned = grouped(self.tables["assignment"], "contact_id")
        self.staff = {contact: [row["staff_id"] for row in rows] for contact, rows in assigned.items()}

    @property
    def today(self) -> date:
        return self.now.astimezone(SWEDEN).date()

    @property
    def contacts(self) -> list[Row]:
        """Every row but the night's camera checks, which are counted apart."""
        return [row for row in self.tables["planned_contact"] if row["channel"] != "camera_check"]

    @property
    def history(self) -> list[Row]:
        """Rows owed on a day that has gone by."""
        return [row for row in self.contacts if row["owed_date"] < self.today]

    def codes(self, contact: Row) -> list[str]:
        return [self.code[line["service_id"]] for line in self.lines[contact["id"]]]


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def make_demo(seed: int, now: datetime) -> Demo:
    town = make_town(seed, now.astimezone(SWEDEN).date())
    tables: dict[str, list[Row]] = defaultdict(list)
    for part in (frame(town, now, plain), *days(town, now)):
        for name, rows in part.items():
            tables[name] += rows
    return Demo(town, now, tables)
