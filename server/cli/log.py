"""``samtid log``: who has read and changed what about one client (L6)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

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
@click.option("--client", required=True, help="The client's id, here or in the system it came from.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day (default: 30 days ago).")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day (default: today).")
@grounded
async def command(ground: Ground, client: str, first: datetime | None, last: datetime | None) -> None:
    """Show who has read and changed a client's data, oldest first. The look itself is logged too."""
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
