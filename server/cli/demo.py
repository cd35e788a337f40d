"""``samtid demo``: a demo municipality on this machine, ready to be used."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import click
import msgspec
from aiohttp import web
from rich.console import Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from care.accounts import Role
from care.demo.devices import keep_alive
from care.storage.database import Database
from care.storage.migrations import migrate
from care.words import N_
from server.application import create_app
from server.background import ended
from server.cli.ground import Ground, grounded, open_folder
from server.configuration import Configuration
from server.demo import prepare_demo, write_demo
from server.keys import CLOCK, DATABASE
from server.operations.authority import Address, Certificates, local_addresses, prepare
from server.pages.navigation import ROLE_WORDS
from server.running import listen, only_one, run, secure

log = logging.getLogger("samtid.demo")

#: The pretended tablets are heard of so often, seconds.
ALIVE_EVERY = 10.0


@click.command(short_help="Run a demo municipality on this machine.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (default 8080; 0: any free one).")
@click.option(
    "--lan", is_flag=True, help="HTTPS for tablets in the same network, by a certificate of its own."
)
@grounded
async def command(ground: Ground, port: int | None, lan: bool) -> None:
    """Make the demo municipality at the first start, and run it until Ctrl-C.

    Everybody in it is invented. It listens on this machine alone, unless --lan is given.
    """
    addresses = local_addresses() if lan else []
    host = _everywhere(addresses) if lan else "127.0.0.1"
    ground.given.update(
        port=port, host=host, public_url="", certificate="", certificate_key="", allow_password_login=lan
    )
    configuration = ground.configuration
    open_folder(configuration.data)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with only_one(configuration.data):
        opened = listen(configuration.host, configuration.port)
        with opened:
            configuration = msgspec.structs.replace(configuration, port=opened.getsockname()[1])
            certificates = None
            if lan:
                certificates = prepare(configuration.data, addresses)
                configuration = _over_https(configuration, certificates, str(addresses[0]))
            await _serve(ground, configuration, opened, certificates)


def _everywhere(addresses: list[Address]) -> str:
    """Every address of this machine; ``::`` answers IPv4 too where there is IPv6."""
    return "::" if any(one.version == 6 for one in addresses) else "0.0.0.0"  # noqa: S104 - asked for


def _over_https(configuration: Configuration, certificates: Certificates, address: str) -> Configuration:
    host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    return msgspec.structs.replace(
        configuration,
        certificate=str(certificates.certificate),
        certificate_key=str(certificates.key),
        public_url=f"https://{host}:{configuration.port}",
    )


async def _serve(
    ground: Ground, configuration: Configuration, opened: socket.socket, certificates: Certificates | None
) -> None:
    file = configuration.data / "demo.json"
    file.unlink(missing_ok=True)  # whoever waits for it must not read an earlier start's
    await migrate(configuration.database_url)
    database = Database(configuration.database_url)
    try:
        with _bar(ground) as bar:
            work = bar.add_task(ground.say("Gör i ordning demokommunen"), total=None)
            demo = await prepare_demo(
                configuration,
                database,
                ground.clock,
                lambda done, of: bar.update(work, completed=done, total=of),
            )
        app = create_app(configuration, database, ground.clock, ticks=True)
        app.cleanup_ctx.append(_tablets_alive)

        def ready() -> None:
            write_demo(file, demo)
            ground.give(demo, shown(ground, demo, certificates))

        await run(app, opened, secure(configuration), ready)
    finally:
        await database.close()


def _bar(ground: Ground) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=ground.errors,
        transient=True,
        disable=ground.as_json,
    )


async def _tablets_alive(app: web.Application) -> AsyncIterator[None]:
    """The tablets that the demo pretends to have are heard of as long as the server runs."""

    async def tell() -> None:
        while True:
            try:
                await keep_alive(app[DATABASE], app[CLOCK].now())
            except Exception:
                log.exception("the pretended tablets could not be kept alive")
            await asyncio.sleep(ALIVE_EVERY)

    await keep_alive(app[DATABASE], app[CLOCK].now())
    task = asyncio.create_task(tell(), name="pretended tablets")
    yield
    await ended(task)


def shown(ground: Ground, demo: dict[str, Any], certificates: Certificates | None) -> Group:
    """What the terminal shows: address, accounts, tablets, what to try first."""
    say = ground.say
    accounts = Table(
        *(say(head) for head in (N_("Roll"), N_("Användarnamn"), N_("Lösenord"), N_("Grupp"))),
        title=say("Konton"), title_justify="left", title_style="bold", box=None, pad_edge=False,
    )  # fmt: skip
    for one in demo["accounts"]:
        accounts.add_row(
            say(ROLE_WORDS[Role(one["role"])]), one["username"], one["password"], one["group"] or say("alla")
        )
    # No table: an address broken over two lines could not be copied.
    tablets = Text(say("Surfplattor att koppla, var och en öppnas en gång"), style="bold")
    widest = max((len(one["client"]) for one in demo["tablets"]), default=0)
    for one in demo["tablets"]:
        tablets.append(f"\n{one['client']:<{widest}}  {one['pair_url']}", style="not bold")
    first = demo["first_call"]
    pair_url = next(
        (one["pair_url"] for one in demo["tablets"] if one["client_id"] == first["client_id"]), ""
    )
    steps = Text(
        say(
            "Prova ett samtal:\n"
            "1. Öppna surfplattan hos %(client)s i ett fönster: %(pair_url)s\n"
            "2. Logga in som %(username)s i ett annat fönster: %(url)s\n"
            "3. Tryck på Ring vid namnet %(client)s.",
            client=first["client"], pair_url=pair_url, username=first["username"], url=demo["url"],
        )
    )  # fmt: skip
    parts: list[Any] = [accounts, Text(), tablets, Text(), steps, Text()]
    if certificates is not None:
        parts += [Text(trust(ground, demo["url"], certificates)), Text()]
    parts.append(Text(say("Samtid svarar på %(url)s   (Ctrl-C avslutar)", url=demo["url"]), style="bold"))
    return Group(*parts)


def trust(ground: Ground, url: str, certificates: Certificates) -> str:
    """How a real tablet comes to trust the demo's own certificates."""
    return ground.say(
        "Så litar en surfplatta i samma nät på demon:\n"
        "1. Öppna %(url)s/samtid-ca.crt på surfplattan. Webbläsaren varnar en gång: gå vidare ändå.\n"
        "   Säkrare: flytta filen %(file)s dit på annat sätt.\n"
        "2. Android: Inställningar > Säkerhet > Kryptering och autentiseringsuppgifter >\n"
        "   Installera ett certifikat > CA-certifikat. Välj filen.\n"
        "   iPad: installera profilen i Inställningar, och slå på den under Allmänt > Om >\n"
        "   Tillförlitlighet för certifikat.\n"
        "3. Jämför fingeravtrycket (SHA-256):\n   %(fingerprint)s\n"
        "4. Öppna adressen på surfplattan igen. Nu ska varningen vara borta.\n"
        "Ta bort certifikatet från surfplattan när ni har provat klart. Det gäller bara privata adresser.",
        url=url,
        file=certificates.authority,
        fingerprint=certificates.fingerprint,
    )
