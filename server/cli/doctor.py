"""``samtid doctor``: is everything in order?"""

from __future__ import annotations

import sys

import click
from rich.table import Table
from rich.text import Text

from server.cli.ground import Ground, grounded
from server.operations.check import Verdict
from server.operations.doctor import examine

_MARKS = {Verdict.GOOD: ("✓", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.BAD: ("✗", "red")}


@click.command(short_help="See whether everything is in order.")
@grounded
async def command(ground: Ground) -> None:
    """Look at folder, database, clock, ports and settings. Exit 1 when something is wrong."""
    table = Table.grid(padding=(0, 1))
    rows = []
    async for check in examine(ground.configuration, ground.clock):
        sentence = ground.say(check.sentence, **check.values)
        mark, colour = _MARKS[check.verdict]
        table.add_row(Text(mark, style=colour), sentence)
        rows.append({"check": check.name, "verdict": check.verdict.value, "sentence": sentence})
    ground.give({"checks": rows}, table)
    if any(row["verdict"] == Verdict.BAD for row in rows):
        sys.exit(1)
