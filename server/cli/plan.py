"""``samtid plan disrupt FILE``: report a disruption, get the proposal, and approve it when told so."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Group as Lines
from rich.table import Table
from rich.text import Text

from care.access.log import AccessLog, by_command
from care.access.rights import Action
from care.contacts.step import Hand
from care.disruptions import Proposal
from care.errors import Fault
from care.words import N_
from scheduler.disruptions.approving import Outcome, approve
from scheduler.disruptions.proposing import propose
from scheduler.disruptions.report import read_report, record
from scheduler.disruptions.told import tell_outcome, tell_proposal
from scheduler.planning import PlanningPool
from server.cli.ground import Ground, grounded

LARGEST = 1024 * 1024
BY = "samtid plan disrupt"


@click.group(short_help="Plan around a disruption.")
def command() -> None:
    """Plan around a disruption."""


@command.command("disrupt", short_help="Report a disruption and get a proposal.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--apply", "apply_all", is_flag=True, help="Approve every change at once.")
@grounded
async def disrupt(ground: Ground, file: Path, apply_all: bool) -> None:
    """Report the disruption in FILE (JSON, see docs/disruptions.md) and show the proposal.

    Nothing in the plan changes without --apply.
    """
    report = read_report(_read(file))
    hand = Hand(BY)
    outcome: Outcome | None = None
    async with ground.database() as database:
        async with database.write() as session:
            disruption = await record(session, report, ground.clock, hand)
        pool = PlanningPool()
        try:
            proposal_id = await propose(
                database,
                ground.clock,
                pool,
                disruption.id,
                seconds=ground.configuration.planning_seconds,
            )
        finally:
            await pool.stop()
        async with database.write() as session:
            if apply_all:
                outcome = await approve(session, proposal_id, None, ground.clock, hand)
            told = (await tell_proposal(session, await session.get_one(Proposal, proposal_id))).json
            session.add_all(_notes(ground, told["changes"], apply_all))
        if outcome is not None:
            told = tell_outcome(told, outcome)
    ground.give(told, _shown(ground, told))


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Fault("file.too_large", "Filen är för stor för en rapport.", place=str(file))
        return file.read_bytes()
    except OSError as error:
        raise Fault(
            "file.unreadable",
            "Filen %(file)s går inte att läsa: %(why)s.",
            place="FILE",
            values={"file": str(file), "why": error.strerror or "?"},
        ) from None


def _notes(ground: Ground, changes: list[dict[str, Any]], applied: bool) -> list[AccessLog]:
    """Each client in the proposal was opened, and changed where it was applied."""
    action = Action.PROPOSAL_APPROVE if applied else Action.PROPOSAL_READ
    return [
        by_command(ground.clock.now(), action, "proposal", where=BY, purpose="care", client_id=UUID(client))
        for client in sorted({change["client_id"] for change in changes})
    ]


_SUMS = (
    ("affected", N_("berörs")),
    ("moved_to_video", N_("till video")),
    ("moved_to_phone", N_("till telefon")),
    ("moved_to_visit", N_("till besök")),
    ("reassigned", N_("annan personal")),
    ("retimed", N_("annan tid")),
    ("postponed", N_("annan dag")),
    ("cancelled", N_("ställs in")),
    ("unchanged", N_("oförändrade")),
    ("unsolved", N_("behöver ditt beslut")),
    ("clients_to_notify", N_("behöver få veta")),
)


def _shown(ground: Ground, told: dict[str, Any]) -> Lines:
    sums = Table(box=None, pad_edge=False, show_header=False)
    for key, word in _SUMS:
        sums.add_row(str(told["summary"][key]), ground.say(word))
    head = ground.say(
        "Förslag %(id)s, klart på %(seconds)s s.", id=told["proposal_id"], seconds=told["seconds"]
    )
    parts: list[Any] = [Text(head), sums]
    if "applied" in told:
        parts.append(Text(ground.say("%(count)s ändringar är godkända.", count=len(told["applied"]))))
    else:
        parts.append(
            Text(ground.say("Inget är ändrat. Godkänn på sidan Något har hänt, eller kör med --apply."))
        )
    return Lines(*parts)
