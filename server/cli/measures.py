"""``samtid measures``: the three measures for a span of days."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table
from sqlalchemy import select

from care.localtime import read_day
from care.measures.gather import gather
from care.measures.report import report
from care.measures.span import span
from care.municipality import Group
from care.words import N_
from server.cli.ground import Ground, grounded
from server.cli.group import group_called


@click.command(short_help="Same day, receipts and pulse.")
@click.option("--from", "first", metavar="DAY", help="First day, as 2026-12-01. Default: seven days ago.")
@click.option("--to", "last", metavar="DAY", help="Last day. Default: yesterday, or the first day.")
@click.option("--group", "group_name", metavar="NAME", help="One home care group. Default: all.")
@grounded
async def command(ground: Ground, first: str | None, last: str | None, group_name: str | None) -> None:
    """The share of contacts done the same day, the receipt rate per goal type, and the pulse.

    Numbers of fewer than five are hidden, also where a total would reveal them.
    """
    begin = read_day(first, "--from") if first else None
    end = read_day(last, "--to") if last else None
    since, until = span(begin, end, ground.clock.today(), place="--to")
    async with ground.database() as database, database.read() as session:
        if group_name:
            groups = [await group_called(session, group_name)]
        else:
            groups = list(await session.scalars(select(Group).where(Group.is_night_patrol.is_(False))))
        wanted = frozenset(one.id for one in groups) if group_name else None
        figures = await gather(session, since, until, ground.clock.zone, wanted)
    told = report(figures, since, until, {one.id: one.name for one in groups})
    ground.give(told, _shown(ground, told))


def _shown(ground: Ground, told: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(ground.say("Mått"))
    for head in (N_("Andel"), N_("Antal")):
        table.add_column(ground.say(head), justify="right")
    same = told["same_day"]
    rows = [(ground.say("Genomfört samma dag"), same)]
    rows += [
        ("  " + ground.say("på plats"), same["physical"]),
        ("  " + ground.say("digitalt"), same["digital"]),
        ("  " + ground.say("flyttat och klart"), same["moved"]),
    ]
    rows += [(ground.say("Kvitterat: %(goal)s", goal=goal), cell) for goal, cell in told["receipts"].items()]
    rows += [
        (ground.say("Nöjda brukare"), told["pulse"]["clients"]),
        (ground.say("Hann enligt plan"), told["pulse"]["staff"]),
    ]
    for name, cell in rows:
        hidden = cell.get("hidden")
        share = ground.say("dolt") if hidden else f"{cell['value']:.1%}"
        table.add_row(name, share, "" if hidden else str(cell["n"]))
    return table
