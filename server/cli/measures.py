"""``samtid measures``: the three measures for a span of days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from babel.numbers import format_decimal, format_percent
from rich.table import Table
from sqlalchemy import select

from care.localtime import read_day
from care.measures.gather import gather
from care.measures.report import report
from care.measures.span import span
from care.municipality import Group
from care.services import GoalType
from care.words import N_
from server.cli.ground import Ground, grounded, language
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
        goals = {one.code: one for one in await session.scalars(select(GoalType))}
        figures = await gather(session, since, until, ground.clock.zone, wanted)
    told = report(figures, since, until, {one.id: one.name for one in groups})
    ground.give(told, _shown(ground, told, goals))


def _shown(ground: Ground, told: dict[str, Any], goals: Mapping[str, GoalType]) -> Table:
    tongue = language()
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
    for code, cell in told["receipts"].items():
        goal = goals.get(code)
        name = code if goal is None else goal.name_en if tongue == "en" else goal.name_sv
        rows.append((ground.say("Kvitterat: %(goal)s", goal=name), cell))
    rows += [
        (ground.say("Nöjda brukare"), told["pulse"]["clients"]),
        (ground.say("Hann enligt plan"), told["pulse"]["staff"]),
    ]
    for name, cell in rows:
        hidden = cell.get("hidden")
        share = (
            ground.say("dolt")
            if hidden
            else format_percent(cell["value"], "#,##0.0 %" if tongue == "sv" else "#,##0.0%", locale=tongue)
        )
        table.add_row(name, share, "" if hidden else format_decimal(cell["n"], locale=tongue))
    return table
