"""``samtid serve``: the server."""

from __future__ import annotations

import logging

import click
import msgspec

from care.errors import Fault
from care.storage.database import Database
from care.storage.migrations import migrate
from server.application import create_app
from server.cli.ground import Ground, check_version, grounded, open_folder
from server.configuration import Configuration
from server.running import listen, only_one, run, secure
from server.security.factors import has_safe_administrator


async def check_sign_in(configuration: Configuration, database: Database) -> None:
    """Passwords alone are for this machine only, unless somebody has chosen otherwise (design 6, L7).

    Where other machines reach the server, an administrator must have a second factor before it starts, so
    that nobody has ever come in there with a password alone; or people sign in elsewhere, by OpenID Connect.

    Raises `Fault` ``serve.password_only``.
    """
    if not configuration.is_reachable or configuration.allow_password_login or configuration.oidc is not None:
        return
    async with database.read() as session:
        if await has_safe_administrator(session):
            return
    raise Fault(
        "serve.password_only",
        "Inloggning med bara lösenord är inte tillåten när servern nås från andra datorer (%(host)s), och "
        "ingen administratör har ett andra steg än. Kör ”samtid accounts factor NAMN”, eller ställ in "
        "[oidc]. Sätt allow_password_login = true om du ändå vill ha bara lösenord; då syns en varning på "
        "alla sidor.",
        place="host",
        values={"host": configuration.host},
    )


@click.command(short_help="Run the server.")
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (default 8080; 0: any free one).")
@click.option("--no-migrate", is_flag=True, help="Refuse instead of migrating an older database.")
@grounded
async def command(ground: Ground, host: str | None, port: int | None, no_migrate: bool) -> None:
    """Run the server until it is told to stop (Ctrl-C or SIGTERM).

    An older database is brought up to date first, in one transaction.
    """
    ground.given.update(host=host, port=port)
    configuration = ground.configuration
    open_folder(configuration.data)
    tls = secure(configuration)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("alembic", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with only_one(configuration.data):
        if no_migrate:
            await check_version(configuration)
        else:
            await migrate(configuration.database_url)
        database = Database(configuration.database_url)
        try:
            await check_sign_in(configuration, database)
            opened = listen(configuration.host, configuration.port)
            configuration = msgspec.structs.replace(configuration, port=opened.getsockname()[1])
            app = create_app(configuration, database, ground.clock, ticks=True)
            await run(
                app,
                opened,
                tls,
                lambda: ground.give(
                    {"url": configuration.url}, ground.say("Samtid svarar på %(url)s", url=configuration.url)
                ),
            )
        finally:
            await database.close()
