"""Every row of the reference municipality, as the generator gives it: nothing is read from a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from care.demo.planting import days, frame, plant
from care.demo.town import Town, make_town
from care.identity.vault import Vault
from care.localtime import SWEDEN, to_instant
from care.storage.database import Database

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


VAULT = Vault({"k0001": b"0" * 32}, "k0001")


async def plant_in(database: Database, **more: Any) -> Town:
    """Plant the demo as it is at `NOW`; one day gone by is enough where only today matters."""
    settings: dict[str, Any] = {
        "now": NOW,
        "seal": lambda text, about: VAULT.seal(text, about=str(about)),
        "hash_password": lambda text: f"hash of {text}",
        "password_of": lambda username: f"secret of {username}",
        "history": 1,
    }
    return await plant(database, **settings | more)


async def plant_at(url: str) -> None:
    """Plant in the database at `url`, and let go of it."""
    database = Database(url)
    try:
        await plant_in(database)
    finally:
        await database.close()
