"""``samtid tokens``: access tokens of programs, made and revoked at the machine itself."""

from __future__ import annotations

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.accounts import Account, Role
from care.errors import Fault
from care.ids import read_id
from care.words import N_
from server.accounts import OFFERED, note_change
from server.cli.ground import Ground, grounded
from server.pages.navigation import ROLE_WORDS
from server.security.tokens import CHANGING, LONGEST_DAYS, READING, living, make, offered, revoke


@click.group(short_help="Make, list and revoke access tokens of programs.")
def command() -> None:
    """Access tokens, with which other programs speak for an account through the HTTP API."""


@command.command("make", short_help="Make a token; it is shown once.")
@click.argument("username")
@click.option("--name", required=True, metavar="WORDS", help="What it is for.")
@click.option("--role", required=True, type=click.Choice([role.value for role in OFFERED]), help="One role.")
@click.option("--days", default=90, show_default=True, help=f"Good for so long; at most {LONGEST_DAYS}.")
@click.option("--changes", is_flag=True, help="May change, not only read.")
@click.option(
    "--action", "actions", multiple=True, type=click.Choice([one.value for one in (*READING, *CHANGING)]),
    help="Only this; may be given several times.",
)  # fmt: skip
@grounded
async def make_one(
    ground: Ground, username: str, *, name: str, role: str, days: int, changes: bool, actions: tuple[str, ...]
) -> None:
    """Make a token for USERNAME, in one of the account's roles. It is kept nowhere and shown here once."""
    chosen = [Action(one) for one in actions] or offered(Role(role), changing=changes)
    async with ground.database() as database, database.write() as session:
        account = await _find(session, username)
        now = ground.clock.now()
        token, text = await make(session, account, Role(role), chosen, name.strip()[:200], days, now)
        session.add(note_change(now, account.id, f"token made:{token.id}", where="samtid tokens make"))
    ground.give(
        {"id": token.id, "token": text, "actions": token.actions, "expires_at": token.expires_at},
        ground.say("Nyckeln visas bara nu:") + f"\n{text}",
    )


@command.command("list", short_help="The tokens of an account that are still good.")
@click.argument("username")
@grounded
async def show(ground: Ground, username: str) -> None:
    """Which tokens USERNAME has, what they may, and until when. The tokens themselves are kept nowhere."""
    async with ground.database() as database, database.read() as session:
        tokens = await living(session, (await _find(session, username)).id, ground.clock.now())
    table = Table(*(ground.say(head) for head in (N_("Nyckel"), N_("Roll"), N_("Gäller till"))), box=None)
    for one in tokens:
        table.add_row(f"{one.id} {one.name}", ground.say(ROLE_WORDS[one.role]), f"{one.expires_at:%Y-%m-%d}")
    told = [
        {
            "id": one.id, "name": one.name, "role": one.role.value, "actions": one.actions,
            "created_at": one.created_at, "expires_at": one.expires_at, "last_used_at": one.last_used_at,
        }
        for one in tokens
    ]  # fmt: skip
    ground.give({"tokens": told}, table)


@command.command("revoke", short_help="End a token at once.")
@click.argument("username")
@click.argument("token_id")
@grounded
async def end(ground: Ground, username: str, token_id: str) -> None:
    """End the token TOKEN_ID of USERNAME."""
    async with ground.database() as database, database.write() as session:
        account = await _find(session, username)
        now = ground.clock.now()
        await revoke(session, account.id, read_id(token_id), now)
        session.add(note_change(now, account.id, f"token revoked:{token_id}", where="samtid tokens revoke"))
    ground.give({"id": token_id}, ground.say("Nyckeln är återkallad."))


async def _find(session: AsyncSession, username: str) -> Account:
    found: Account | None = await session.scalar(
        select(Account).where(Account.username == username.strip().lower())
    )
    if found is None:
        raise Fault("account.unknown", "Det finns inget konto med det namnet.", status=404, place="USERNAME")
    return found
