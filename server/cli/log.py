"""``samtid log``: who has read and changed what about one client (L6)."""

from __future__ import annotations

import sys
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.chain import verify
from care.access.log import AccessLog, by_command
from care.access.rights import Action
from care.accounts import Account
from care.clients import Client
from care.errors import Fault
from care.ids import read_id
from care.localtime import to_instant
from care.words import N_
from server.cli.ground import Ground, grounded


@click.command(short_help="Who has opened a client's data.")
@click.option("--client", metavar="ID", help="The client's id, here or in the system it came from.")
@click.option(
    "--from",
    "first",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day, as 2026-11-01 (default: 30 days ago).",
)
@click.option(
    "--to",
    "last",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day, as 2026-11-30 (default: today).",
)
@click.option("--verify", "is_verified", is_flag=True, help="Check the whole log: is every entry as written?")
@click.option("--head", metavar="SEQ:HASH", help="With --verify: a head printed earlier must still be there.")
@grounded
async def command(
    ground: Ground,
    *,
    client: str | None,
    first: datetime | None,
    last: datetime | None,
    is_verified: bool,
    head: str | None,
) -> None:
    """Show who has read and changed a client's data, oldest first. The look itself is logged too.

    With --verify the chain of the whole log is checked instead, and its head printed. Ends with 1 when an
    entry has been changed or is gone.
    """
    if is_verified:
        await _verify(ground, _head(head))
        return
    if client is None:
        raise Fault("log.client", "Säg vilken brukare med --client, eller kör --verify.", place="--client")
    end = last.date() if last else ground.clock.today()
    begin = first.date() if first else end - timedelta(days=30)
    if begin > end:
        raise Fault("log.backwards", "Första dagen ligger efter den sista.", place="--from")
    start = to_instant(datetime.combine(begin, time()))
    stop = to_instant(datetime.combine(end + timedelta(days=1), time()))
    async with ground.database() as database, database.write() as session:
        who = await _client(session, client)
        rows = (
            await session.execute(
                select(AccessLog, Account.display_name)
                .outerjoin(Account, Account.id == AccessLog.account_id)
                .where(AccessLog.client_id == who.id, AccessLog.at >= start, AccessLog.at < stop)
                .order_by(AccessLog.at, AccessLog.id)
            )
        ).all()
        session.add(_looked(ground, who))
    found = [_row(entry, name) for entry, name in rows]
    ground.give({"client_id": who.id, "rows": found}, _table(ground, found))


async def _verify(ground: Ground, noted: tuple[int, str] | None) -> None:
    async with ground.database() as database, database.read() as session:
        found = await verify(session, noted=noted)
    shown = [
        ground.say(_WHOLE if found.is_whole else _BROKEN, entries=found.entries, archived=found.archived),
        *(f"  {seq}: {ground.say(_FAULTS[word])}" for seq, word in found.faults[:_SHOWN]),
        ground.say("Slutet är %(head)s", head=f"{found.head_seq}:{found.head_hash}"),
    ]
    ground.give(
        {
            "whole": found.is_whole,
            "entries": found.entries,
            "archived": found.archived,
            "head": f"{found.head_seq}:{found.head_hash}",
            "faults": [{"seq": seq, "fault": word} for seq, word in found.faults],
        },
        "\n".join(shown),
    )
    if not found.is_whole:
        sys.exit(1)


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, own = text.partition(":")
    if not seq.isdigit() or len(seq) > 18 or len(own) != 64:
        raise Fault(
            "log.head", "Skriv slutet som det skrevs ut: nummer, kolon och 64 tecken.", place="--head"
        )
    return int(seq), own


async def _client(session: AsyncSession, text: str) -> Client:
    known: UUID | None = read_id(text)
    found = (
        await session.scalars(select(Client).where(Client.id == known if known else Client.extern_id == text))
    ).all()
    if len(found) != 1:
        raise Fault(
            "client.unknown",
            "Det finns ingen brukare med det id:t, eller så finns det flera.",
            status=404,
            place="--client",
        )
    return found[0]


def _row(entry: AccessLog, name: str | None) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "account": name,
        "device_id": entry.device_id,
        "role": entry.role,
        "relation": entry.relation,
        "action": entry.action,
        "thing": entry.thing,
        "purpose": entry.purpose,
        "allowed": entry.allowed,
        "where": entry.where,
        "address": entry.address,
    }


def _looked(ground: Ground, client: Client) -> AccessLog:
    return by_command(
        ground.clock.now(),
        Action.LOG_READ,
        "log",
        where="samtid log",
        purpose="log_review",
        group_id=client.group_id,
        client_id=client.id,
    )


#: Faults told in words; with --json all of them.
_SHOWN = 20
_WHOLE = N_("Loggen är hel: %(entries)s poster, och %(archived)s i arkivet.")
_BROKEN = N_("Loggen är INTE hel: %(entries)s poster, och %(archived)s i arkivet.")
_FAULTS = {
    "changed": N_("posten är ändrad"),
    "missing": N_("poster saknas härifrån"),
    "broken": N_("posten hör inte ihop med den före"),
    "head": N_("slutet som angavs finns inte"),
}
_HEADS = (N_("När"), N_("Vem"), N_("Roll"), N_("Vad"), N_("Genom"), N_("Svar"), N_("Var"))


def _table(ground: Ground, rows: list[dict[str, Any]]) -> Table:
    table = Table(*(ground.say(head) for head in _HEADS))
    for row in rows:
        at = datetime.fromisoformat(row["at"]).astimezone(ground.clock.zone)
        table.add_row(
            at.strftime("%Y-%m-%d %H.%M"),
            row["account"] or ("–" if row["device_id"] is None else ground.say("surfplattan")),
            row["role"],
            row["action"],
            row["relation"],
            ground.say("ja") if row["allowed"] else ground.say("nekad"),
            row["where"],
        )
    return table
