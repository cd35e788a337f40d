"""``samtid retention``: what would go, and carrying out what two people have approved."""

from __future__ import annotations

import click
from rich.table import Table
from sqlalchemy import select

from care.access.log import by_command
from care.access.rights import Action
from care.errors import Fault
from care.retention.due import find_due
from care.retention.run import RetentionRun, RunState
from server.cli.ground import Ground, grounded
from server.operations.retention import carry_out_here
from server.pages.follow_up.retention import KIND_WORDS


@click.group(short_help="What is old enough to be erased.")
def command() -> None:
    """What is old enough to be erased (gallring). It is proposed and approved by two people on the page."""


@command.command("show", short_help="What would go today.")
@grounded
async def show(ground: Ground) -> None:
    """Show what would go today, by kind; nothing is changed."""
    async with ground.database() as database, database.read() as session:
        found = await find_due(session, ground.clock.today())
    table = Table(ground.say("Vad"), ground.say("Antal"))
    for kind, words in KIND_WORDS.items():
        table.add_row(ground.say(words), str(found.counts[kind]))
    ground.give({"as_of": found.as_of, **found.counts}, table)
    if found.not_ended:
        ground.tell(
            "%(number)s har ingen anteckning på fem år, men är inte avslutade.", number=found.not_ended
        )
    if found.birth_unknown:
        ground.tell("%(number)s saknar födelsedag och lämnas kvar.", number=found.birth_unknown)


@command.command("carry-out", short_help="Carry out what has been approved.")
@grounded
async def carry(ground: Ground) -> None:
    """Carry out the approved list, or go on with one that was interrupted.

    The approval itself is given on the page, by somebody else than who drew the list up: the command line
    does not know who is asking.
    """
    async with ground.database() as database:
        async with database.write() as session:
            run = await session.scalar(select(RetentionRun).where(RetentionRun.state == RunState.APPROVED))
            if run is None:
                raise Fault(
                    "retention.not_approved",
                    "Det finns ingen godkänd gallring. Två personer tar fram och godkänner den på sidan "
                    "Gallring.",
                    status=409,
                )
            session.add(
                by_command(
                    ground.clock.now(),
                    Action.RETENTION_MANAGE,
                    f"retention:{run.id}:carried out",
                    where="samtid retention",
                    purpose="retention",
                )
            )
        done = await carry_out_here(ground.configuration, database, ground.clock, run.id)
    ground.give(
        {"run": done.id, **done.result, "archives": done.archives},
        ground.say(
            "Klart: %(erased)s personer raderade, %(archived)s arkiverade, %(rows)s rader borta.",
            **done.result,
        ),
    )
