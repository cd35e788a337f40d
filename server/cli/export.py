"""``samtid export``: the plan, people and measures as files."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import click

from care.errors import Fault
from care.identity.vault import VAULT_FILE, open_vault
from care.localtime import read_day
from server.cli.ground import Ground, grounded
from server.cli.group import group_called
from server.exchange.exporting import Export, FileFormat, export
from server.exchange.extract.wanted import Wanted
from server.exchange.intake.importer import OWN_FORMAT, Importer

_LONGEST = timedelta(days=800)


@click.command(short_help="Export contacts, clients, staff or measures.")
@click.argument("what", type=click.Choice([what.value for what in Export]))
@click.option("--date", "day", metavar="DAY", help="One day, as 2026-12-01. Default: today.")
@click.option("--from", "first", metavar="DAY", help="First day.")
@click.option("--to", "last", metavar="DAY", help="Last day.")
@click.option("--group", "group_name", metavar="NAME", help="One home care group. Default: all.")
@click.option(
    "--format", "file_format", type=click.Choice([one.value for one in FileFormat]), help="Default: csv."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of to the terminal."
)
@click.option("--personal-numbers", is_flag=True, help="Clients: personal numbers in full.")
@grounded
async def command(
    ground: Ground,
    *,
    what: str,
    day: str | None,
    first: str | None,
    last: str | None,
    group_name: str | None,
    file_format: str | None,
    out: Path | None,
    personal_numbers: bool,
) -> None:
    """Write a file that can be imported again (CSV, xlsx) or read by programs (JSON).

    Every client in it stands in the access log afterwards.
    """
    chosen = FileFormat(file_format or ("json" if ground.as_json else "csv"))
    if chosen is FileFormat.XLSX and out is None and sys.stdout.isatty():
        raise Fault(
            "export.out", "En Excelfil kan inte visas här. Säg var den ska ligga med --out.", place="--out"
        )
    since, until = _span(ground, day, first, last)
    exporter = Importer(
        source=OWN_FORMAT,
        now=ground.clock.now(),
        today=ground.clock.today(),
        zone=ground.clock.zone,
        open_vault=lambda: open_vault(ground.configuration.data / VAULT_FILE),
        where="samtid export",
    )
    async with ground.database() as database:
        async with database.read() as session:
            groups = frozenset({(await group_called(session, group_name)).id}) if group_name else None
        wanted = Wanted(since, until, groups, personal_numbers)
        raw = await export(database, Export(what), chosen, wanted, exporter)
    _put(raw, out)
    if out is not None:
        ground.tell("Filen ligger i %(file)s.", file=out)


def _put(raw: bytes, out: Path | None) -> None:
    """To the file, readable by its owner alone, or as it is to standard output."""
    if out is None:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        return
    out.touch(mode=0o600)
    out.write_bytes(raw)


def _span(ground: Ground, day: str | None, first: str | None, last: str | None) -> tuple[date, date]:
    if day is not None:
        if first or last:
            raise Fault("export.span", "Välj antingen --date eller --from och --to.", place="--date")
        first = last = day
    begin = read_day(first, "--from") if first else None
    end = read_day(last, "--to") if last else None
    since = begin or end or ground.clock.today()
    until = end or since
    if not timedelta(0) <= until - since < _LONGEST:
        raise Fault(
            "export.span_order",
            "Välj dagar i ordning, högst %(days)s dagar.",
            place="--to",
            values={"days": _LONGEST.days},
        )
    return since, until
