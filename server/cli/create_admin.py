"""``samtid create-admin``: the first account, who makes the others."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select

from care.accounts import Role
from care.errors import Fault
from care.ids import new_id
from care.municipality import Municipality
from care.outbox import announce
from server.accounts import check_username, give_role, make_account, note_change
from server.cli.ground import Ground, grounded
from server.security.passwords import Passwords, check_new


@click.command(short_help="Make an administrator's account.")
@click.argument("username")
@click.option("--name", default="", help="The person's name (default: the user name).")
@click.option("--municipality", help="The municipality's name, when the database is new.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@grounded
async def command(
    ground: Ground, username: str, name: str, municipality: str | None, password_stdin: bool
) -> None:
    """Make an account that may manage the other accounts. The password is asked for, never an option."""
    username = check_username(username)
    async with ground.database() as database:
        async with database.read() as session:
            town = await session.scalar(select(Municipality).limit(1))
        if town is None and not municipality:
            raise Fault(
                "municipality.missing",
                "Databasen är ny. Säg vilken kommun det gäller med --municipality.",
                place="--municipality",
            )
        password = _ask(ground, password_stdin)
        check_new(password, username)
        password_hash = Passwords().hash_now(password)
        now = ground.clock.now()
        async with database.write() as session:
            if town is None:
                session.add(Municipality(id=new_id(), name=str(municipality)))
                await announce(session, now, "municipality.changed")
            account = await make_account(session, now, username, name.strip() or username, password_hash)
            await give_role(session, now, account, Role.ADMINISTRATOR, None)
            session.add(note_change(now, account.id, "made", where="samtid create-admin"))
    ground.give(
        {"username": username, "account_id": account.id},
        ground.say("Kontot %(username)s är klart.", username=username),
    )


def _ask(ground: Ground, from_stdin: bool) -> str:
    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(
        click.prompt(ground.say("Lösenord"), hide_input=True, confirmation_prompt=ground.say("En gång till"))
    )
