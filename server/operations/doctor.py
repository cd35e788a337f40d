"""What may be wrong with an installation, each check in one sentence with what to do."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select, text

from care.clock import Clock
from care.errors import Fault
from care.storage.database import Database
from care.storage.migrations import current, head
from care.ticks import Tick
from server.alerts.ways import ways_out
from server.configuration import Configuration, Media, is_loopback
from server.language import N_
from server.operations import relay, relay_words
from server.operations.check import Check, Verdict
from server.operations.check import bad as _bad
from server.operations.check import good as _good
from server.operations.check import warning as _warning
from server.operations.media_nodes import examine_nodes
from server.security.factors import has_safe_administrator

_LOOSE = 0o077
_DRIFT = timedelta(seconds=5)


async def examine(configuration: Configuration, clock: Clock) -> AsyncIterator[Check]:
    """Every check in turn. Nothing is changed."""
    yield _folder(configuration.data)
    for check in _files(configuration.data):
        yield check
    async for check in _database(configuration, clock):
        yield check
    yield _clock(clock)
    yield _port(configuration)
    yield _sign_in(configuration, await _is_safe(configuration))
    yield _https(configuration)
    if configuration.public_url:
        yield _proxy(configuration)
    async for check in _turn(configuration, clock):
        yield check
    async for check in _rooms(configuration):
        yield check
    yield _alerts(configuration, clock)


def _folder(folder: Path) -> Check:
    if not folder.is_dir():
        return _bad("data", N_("Mappen %(folder)s finns inte. Kör ”samtid migrate”."), folder=folder)
    if folder.stat().st_mode & _LOOSE:
        return _bad(
            "data",
            N_("Mappen %(folder)s kan läsas av andra. Kör ”chmod 700 %(folder)s”."),
            folder=folder,
        )
    return _good("data", N_("Bara du kan läsa mappen %(folder)s."), folder=folder)


def _files(folder: Path) -> list[Check]:
    if not folder.is_dir():
        return []
    return [
        _bad("data", N_("Filen %(file)s kan läsas av andra. Kör ”chmod 600” på den."), file=path.name)
        for path in sorted(folder.iterdir())
        # The public certificate is meant to be read.
        if path.is_file() and path.suffix != ".crt" and path.stat().st_mode & _LOOSE
    ]


async def _database(configuration: Configuration, clock: Clock) -> AsyncIterator[Check]:
    kind = "SQLite" if configuration.database_url.startswith("sqlite") else "PostgreSQL"
    if (
        kind == "SQLite"
        and not configuration.database
        and not (configuration.data / "samtid.sqlite3").is_file()
    ):
        yield _bad("database", N_("Det finns ingen databas än. Kör ”samtid migrate”."))
        return
    try:
        found = await current(configuration.database_url)
    except Fault as fault:
        yield Check("database", Verdict.BAD, fault.sentence, fault.values)
        return
    if found != head():
        yield _bad(
            "database",
            N_("Databasens tabeller hör till en annan version (%(found)s). Kör ”samtid migrate”."),
            found=found or "–",
        )
        return
    yield _good("database", N_("Databasen (%(kind)s) har rätt tabeller."), kind=kind)
    database = Database(configuration.database_url)
    try:
        if database.is_sqlite:
            yield await _integrity(database)
        yield await _ticks(database, clock)
    finally:
        await database.close()


async def _integrity(database: Database) -> Check:
    async with database.read() as session:
        answer = (await session.execute(text("PRAGMA quick_check(1)"))).scalar_one()
    if answer == "ok":
        return _good("database", N_("Databasfilen är hel."))
    return _bad("database", N_("Databasfilen är skadad. Lägg tillbaka den senaste säkerhetskopian."))


async def _ticks(database: Database, clock: Clock) -> Check:
    async with database.read() as session:
        latest = await session.scalar(select(func.max(Tick.last_run_at)))
    if latest is None:
        return _warning("ticks", N_("Bevakningen har inte gått än. Den går när servern är igång."))
    minutes = round((clock.now() - latest).total_seconds() / 60)
    if minutes > 1:
        return _warning(
            "ticks",
            N_("Bevakningen gick senast för %(minutes)s minuter sedan. Är servern igång?"),
            minutes=minutes,
        )
    return _good("ticks", N_("Bevakningen går."))


def _clock(clock: Clock) -> Check:
    offset = clock.now() - datetime.fromtimestamp(time.time(), UTC)
    if abs(offset) > _DRIFT:
        return _warning(
            "clock",
            N_("Klockan är flyttad med SAMTID_NOW (nu %(now)s)."),
            now=clock.now().astimezone(clock.zone).strftime("%Y-%m-%d %H.%M"),
        )
    if datetime.fromtimestamp(time.time(), UTC).year < 2025:
        return _bad("clock", N_("Datorns klocka går fel. Slå på tidssynkronisering (NTP)."))
    return _good("clock", N_("Klockan är %(now)s."), now=clock.now().astimezone(clock.zone).strftime("%H.%M"))


def _port(configuration: Configuration) -> Check:
    values = {"port": configuration.port, "host": configuration.host}
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((configuration.host.strip("[]"), configuration.port))
        except OSError:
            return _warning("port", N_("Port %(port)s på %(host)s är upptagen. Är servern igång?"), **values)
    return _good("port", N_("Port %(port)s på %(host)s är ledig."), **values)


def _sign_in(configuration: Configuration, is_safe: bool) -> Check:
    """`is_safe`: an administrator has a second step (`server.cli.serve.check_sign_in` asks the same)."""
    if not configuration.is_reachable:
        return _good("sign_in", N_("Servern nås bara från den här datorn."))
    if configuration.allow_password_login:
        return _warning("sign_in", N_("Man loggar in med bara lösenord fast servern nås från andra datorer."))
    if is_safe or configuration.oidc is not None:
        return _good("sign_in", N_("Alla som loggar in med lösenord behöver ett andra steg."))
    return _bad(
        "sign_in", N_("Servern startar inte: ingen administratör har ett andra steg för att logga in.")
    )


async def _is_safe(configuration: Configuration) -> bool:
    if not configuration.is_reachable or await current(configuration.database_url) != head():
        return False
    database = Database(configuration.database_url)
    try:
        async with database.read() as session:
            return await has_safe_administrator(session)
    finally:
        await database.close()


def _https(configuration: Configuration) -> Check:
    if configuration.is_secure:
        return _good("https", N_("Adressen %(url)s är krypterad."), url=configuration.url)
    if is_loopback(configuration.host) and not configuration.public_url:
        return _good("https", N_("Utan HTTPS, men bara på den här datorn."))
    return _bad(
        "https",
        N_("Utan HTTPS fungerar varken kamera eller mikrofon på andra datorer, och lösenord går öppet."),
    )


def _proxy(configuration: Configuration) -> Check:
    """A public name and no certificate of its own: something on this machine or another passes it on."""
    public = urlsplit(configuration.public_url).hostname or ""
    is_behind = not is_loopback(public) and not configuration.certificate
    if is_behind and is_loopback(configuration.host) and not configuration.trusted_proxies:
        return _warning(
            "proxy",
            N_(
                "En proxy på den här datorn gör att alla ser ut att komma härifrån, och /metrics kan då "
                "läsas av vem som helst. Ange proxyns adress i trusted_proxies."
            ),
        )
    return _good("proxy", N_("Ingen okänd proxy döljer varifrån man kommer."))


async def _turn(configuration: Configuration, clock: Clock) -> AsyncIterator[Check]:
    """Every transport is tried by relaying something over it."""
    if configuration.turn is None:
        if configuration.is_reachable:
            yield _warning(
                "turn",
                N_(
                    "Det finns ingen TURN-server. Samtal kan misslyckas, och skyddade personer kan inte "
                    "ringas. docs/turn.md säger hur man ställer in en."
                ),
            )
        else:
            yield _warning("turn", N_("Det finns ingen TURN-server. På den här datorn behövs ingen."))
        return
    found = set()
    try:
        async for proof in relay.prove(configuration.turn, clock.now()):
            found.add(proof.address.transport)
            verdict = Verdict.GOOD if proof.result is relay.Result.RELAYS else Verdict.BAD
            said = relay_words.sentence(proof.address.transport, proof.result)
            yield Check("turn", verdict, said, relay_words.places(proof.address))
    except Fault as fault:
        yield Check("turn", Verdict.BAD, fault.sentence, fault.values)
        return
    if relay.Transport.TLS not in found:
        yield _warning(
            "turn",
            N_(
                "Ingen adress under [turn] går över TLS. Ett nät som bara släpper fram webbtrafik kommer då "
                "inte fram: lägg till turns:… i urls."
            ),
        )


def _alerts(configuration: Configuration, clock: Clock) -> Check:
    try:
        ways = ways_out(configuration, clock)
    except Fault as fault:
        return Check("alerts", Verdict.BAD, fault.sentence, fault.values)
    if not ways:
        return _good("alerts", N_("Inga besked skickas till stängda telefoner. Inget lämnar servern."))
    names = ", ".join(way.name for way in ways)
    if not configuration.public_url:
        return _warning(
            "alerts",
            N_("Besked till stängda telefoner skickas (%(ways)s), men utan länk: public_url är tom."),
            ways=names,
        )
    return _good("alerts", N_("Besked till stängda telefoner skickas (%(ways)s)."), ways=names)


async def _rooms(configuration: Configuration) -> AsyncIterator[Check]:
    media = configuration.media or Media()
    if media.engine == "janus":
        async for check in examine_nodes(media.nodes):
            yield check
    else:
        yield _embedded(configuration, media)


def _embedded(configuration: Configuration, media: Media) -> Check:
    if media.relay_only:
        return _good(
            "media", N_("Samtal med fler än två går genom TURN-servern. Servern behöver inga egna portar.")
        )
    if media.ports is not None:
        return _good(
            "media",
            N_("Samtal med fler än två går genom servern på UDP-portarna %(low)s–%(high)s. Öppna dem utåt."),
            low=media.ports[0],
            high=media.ports[1],
        )
    if not configuration.is_reachable:
        return _good("media", N_("Samtal med fler än två går genom den här datorn, på valfria UDP-portar."))
    return _warning(
        "media",
        N_(
            "Samtal med fler än två går genom servern på valfria UDP-portar, som en brandvägg stänger. "
            "Ställ in ports eller relay_only under [media]."
        ),
    )
