"""``samtid accounts``: who can sign in, and what only somebody at the machine itself can put right."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog, by_command
from care.access.rights import Action
from care.accounts import Account, AccountRole
from care.errors import Fault
from care.factors import CodeApp
from care.identity.vault import open_vault
from care.ids import new_id
from care.localtime import read_day
from care.municipality import Municipality
from care.words import N_
from server.accounts import leave_on, note_change
from server.cli.ground import Ground, grounded, open_folder
from server.pages.navigation import ROLE_WORDS
from server.security import one_time_code
from server.security.factors import factors_of, make_codes, reset
from server.security.sessions import is_open


@click.group(short_help="List accounts, set up or reset a second factor, end an account.")
def command() -> None:
    """The accounts of those who sign in."""


@command.command("list", short_help="Every account, its roles and second factors.")
@grounded
async def show(ground: Ground) -> None:
    """Every account: user name, roles, second factors, whether it is open. The reading is logged."""
    async with ground.database() as database, database.write() as session:
        now = ground.clock.now()
        rows: list[dict[str, Any]] = []
        for account in await session.scalars(select(Account).order_by(Account.username)):
            roles = await session.scalars(
                select(AccountRole.role).where(AccountRole.account_id == account.id).distinct()
            )
            owned = await factors_of(session, account.id)
            rows.append(
                {
                    "username": account.username,
                    "name": account.display_name,
                    "roles": sorted({role.value for role in roles}),
                    "passkeys": len(owned.passkeys),
                    "code_app": owned.code_app is not None,
                    "recovery_codes": owned.codes,
                    "last_day": account.last_day,
                    "open": is_open(account, now),
                }
            )
        session.add(
            by_command(
                now, Action.ACCOUNT_MANAGE, "accounts", where="samtid accounts list", purpose="administration"
            )
        )
    heads = (N_("Användarnamn"), N_("Roll"), N_("Lösennycklar"), N_("Kod i en app"), N_("Läge"))
    table = Table(*(ground.say(head) for head in heads), box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            row["username"],
            ", ".join(ground.say(ROLE_WORDS[role]) for role in ROLE_WORDS if role.value in row["roles"]),
            str(row["passkeys"]),
            ground.say("ja") if row["code_app"] else ground.say("nej"),
            ground.say("Öppet") if row["open"] else ground.say("Stängt"),
        )
    ground.give({"accounts": rows}, table)


@command.command("factor", short_help="Set up a code app for somebody, shown here once.")
@click.argument("username")
@grounded
async def factor(ground: Ground, username: str) -> None:
    """Give an account a fresh code app and recovery codes, shown here once; what it had before is gone.

    For the first administrator, and for the last one whose phone is lost.
    """
    open_folder(ground.configuration.data)
    vault = open_vault(ground.configuration.vault_file)
    secret = one_time_code.make_secret()
    async with ground.database() as database, database.write() as session:
        account = await _find(session, username)
        now = ground.clock.now()
        await reset(session, account.id, now)
        sealed = vault.seal(secret, about=str(account.id))
        session.add(CodeApp(id=new_id(), account_id=account.id, sealed=sealed, last_step=0, created_at=now))
        codes = await make_codes(session, account.id, now)
        town = await session.scalar(select(Municipality.name).limit(1))
        session.add(_note(ground, account, "second factor set up", "factor"))
    address = one_time_code.address(secret, account.username, f"Samtid {town or ''}".strip())
    shown = "\n".join(
        (
            ground.say("Läs av rutan med en kodapp, eller skriv in nyckeln %(secret)s.", secret=secret),
            one_time_code.terminal_picture(address),
            ground.say("Reservkoder, var och en gäller en gång:"),
            *codes,
        )
    )
    ground.give({"username": account.username, "otpauth": address, "recovery_codes": codes}, shown)


@command.command("reset-factors", short_help="Take somebody's second factors away: a phone is lost.")
@click.argument("username")
@grounded
async def reset_factors(ground: Ground, username: str) -> None:
    """Take every second factor away; the person is signed out and enrols anew at the next sign-in."""
    async with ground.database() as database, database.write() as session:
        account = await _find(session, username)
        await reset(session, account.id, ground.clock.now())
        session.add(_note(ground, account, "second factor reset", "reset-factors"))
    ground.give(
        {"username": account.username},
        ground.say("Det andra steget för %(username)s är nollställt.", username=account.username),
    )


@command.command("leave", short_help="Set the last day of somebody who leaves.")
@click.argument("username")
@click.argument("day")
@grounded
async def leave(ground: Ground, username: str, day: str) -> None:
    """The last DAY (2026-12-31) on which somebody may sign in; at midnight every session ends."""
    async with ground.database() as database, database.write() as session:
        account = await _find(session, username)
        await leave_on(session, ground.clock.now(), account, read_day(day, "DAY"))
        session.add(_note(ground, account, "last day set", "leave"))
    ground.give(
        {"username": account.username, "last_day": account.last_day},
        ground.say(
            "%(username)s kan logga in till och med %(day)s.", username=account.username, day=account.last_day
        ),
    )


async def _find(session: AsyncSession, username: str) -> Account:
    found: Account | None = await session.scalar(
        select(Account).where(Account.username == username.strip().lower())
    )
    if found is None:
        raise Fault("account.unknown", "Det finns inget konto med det namnet.", status=404, place="USERNAME")
    return found


def _note(ground: Ground, account: Account, what: str, word: str) -> AccessLog:
    return note_change(ground.clock.now(), account.id, what, where=f"samtid accounts {word}")
