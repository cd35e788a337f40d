"""The three measures as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from care.measures.gather import gather
from care.measures.report import report
from server.exchange.extract.wanted import Wanted, group_names
from server.exchange.intake.importer import Importer

HEADING = ("från", "till", "omfattning", "mått", "andel", "antal", "dolt")
NUMBERS = frozenset({"andel", "antal"})


async def find_measures(session: AsyncSession, wanted: Wanted, exporter: Importer) -> dict[str, Any]:
    """The report, as pages and the API have it: small numbers are hidden in it already."""
    names = await group_names(session)
    if wanted.groups is not None:
        names = {key: name for key, name in names.items() if key in wanted.groups}
    figures = await gather(session, wanted.first, wanted.last, exporter.zone, wanted.groups)
    return report(figures, wanted.first, wanted.last, names)


def measure_lines(told: dict[str, Any]) -> Iterable[list[str]]:
    """A line for each measure: the whole, each group, each day."""
    span = [told["from"], told["to"]]
    same = told["same_day"]
    whole = {
        "genomfört samma dag": same,
        "genomfört samma dag, på plats": same["physical"],
        "genomfört samma dag, digitalt": same["digital"],
        "genomfört samma dag, flyttat": same["moved"],
        **{f"kvitterat, {goal}": cell for goal, cell in told["receipts"].items()},
        "nöjda brukare": told["pulse"]["clients"],
        "hann enligt plan": told["pulse"]["staff"],
    }
    parts = {
        "genomfört samma dag": "same_day",
        "kvitterat": "receipts",
        "nöjda brukare": "client_pulse",
        "hann enligt plan": "staff_pulse",
    }
    for name, cell in whole.items():
        yield [*span, "alla", name, *_share(cell)]
    for group in told["groups"]:
        for name, key in parts.items():
            yield [*span, group["name"], name, *_share(group[key])]
    for day in told["days"]:
        for name, key in parts.items():
            yield [day["date"], day["date"], "alla", name, *_share(day[key])]


def _share(cell: dict[str, Any]) -> list[str]:
    if cell.get("hidden"):
        return ["", "", "ja"]
    return [f"{cell['value']:.4f}".replace(".", ","), str(cell["n"]), "nej"]
