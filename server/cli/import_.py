"""``samtid import``: files of other systems into the record."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.table import Table

from care.access.rights import Action, Relation
from care.identity.vault import VAULT_FILE, open_vault
from care.words import N_
from server.cli.acting import acting
from server.cli.ground import Ground, grounded, language
from server.exchange.column_map import STANDARD
from server.exchange.error_file import name_of
from server.exchange.importing import Outcome, run_import
from server.exchange.intake.importer import Importer, source_of
from server.exchange.intake.reach import reach_of
from server.exchange.kind import Kind
from server.exchange.saved_maps import find_map
from server.exchange.table import MAX_BYTES
from server.language import translations
from server.security.actor import Actor

#: Problems shown to people; the JSON and the error file have them all.
_SHOWN = 50


@click.command(short_help="Import services, clients, staff, shifts, contacts or performed visits.")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--map", "map_name", default=STANDARD, metavar="NAME", help="Column map (lifecare, phoniro, own)."
)
@click.option("--source", metavar="NAME", help="The system the file comes from (default: the map's name).")
@click.option("--dry-run", is_flag=True, help="Say what would be done, change nothing.")
@click.option("--skip-bad", is_flag=True, help="Take the good lines; the bad ones go to FILE-fel.csv.")
@click.option(
    "--as",
    "username",
    metavar="USERNAME",
    help="In the name of this account: its groups, its line in the log.",
)
@click.option("--municipality", metavar="NAME", help="The municipality's name, when the database is new.")
@grounded
async def command(
    ground: Ground,
    *,
    kind: str,
    file: Path,
    map_name: str,
    source: str | None,
    dry_run: bool,
    skip_bad: bool,
    username: str | None,
    municipality: str | None,
) -> None:
    """Import FILE (CSV or xlsx): all of it or, when anything is wrong, nothing.

    Ends with 2 when a line was bad. The format of each kind is described in docs/import.md.
    """
    what = Kind(kind)
    importer = Importer(
        source=source_of(source, map_name, place="--source"),
        now=ground.clock.now(),
        today=ground.clock.today(),
        zone=ground.clock.zone,
        open_vault=lambda: open_vault(ground.configuration.data / VAULT_FILE),
        municipality=municipality,
    )
    async with ground.database() as database:
        async with database.read() as session:
            if username is not None:
                importer = _of(importer, await acting(session, username, Action.IMPORT_RUN, importer.now))
            column_map = await find_map(session, map_name, what)
        with ground.errors.status(ground.say("Läser filen…"), spinner="dots"):
            outcome = await run_import(
                database,
                what,
                _bytes(file),
                file.name,
                importer,
                column_map=column_map,
                dry_run=dry_run,
                skip_bad=skip_bad,
            )
        if outcome.denied:
            async with database.write() as session:
                session.add_all(importer.refusals(outcome.denied, Action.IMPORT_RUN, f"import:{kind}"))
    written = _write_error_file(outcome, file) if skip_bad and not dry_run else None
    say = translations(language()).gettext
    ground.give({**outcome.as_dict(say), "error_file": str(written) if written else None})
    if not ground.as_json:
        _tell(ground, outcome, written)
    if not outcome.is_good:
        sys.exit(2)


def _of(importer: Importer, who: Actor) -> Importer:
    """The importer as that account, which reaches no further than its rights do."""
    reach = reach_of(who)
    return replace(
        importer,
        account_id=who.account_id,
        role=",".join(sorted({held.role.value for held in who.roles})),
        relation=Relation.EVERYWHERE if reach.groups is None else Relation.OWN_GROUP,
        reach=reach,
    )


def _bytes(file: Path) -> bytes:
    """The file's content, cut just above the limit: what is larger is refused by its size, not read whole."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _write_error_file(outcome: Outcome, file: Path) -> Path | None:
    """``<file>-fel.csv`` beside the file, readable by its owner alone."""
    raw = outcome.error_file()
    if raw is None:
        return None
    path = file.with_name(name_of(file.name))
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(raw)
    return path


def _tell(ground: Ground, outcome: Outcome, written: Path | None) -> None:
    say = translations(language()).gettext
    for problems, head in ((outcome.errors, "Fel"), (outcome.warnings, "Varning")):
        if problems:
            table = Table(ground.say("Rad"), ground.say("Kolumn"), ground.say(head), box=None, pad_edge=False)
            for one in problems[:_SHOWN]:
                table.add_row(str(one.line or ""), one.column or "", one.say(say))
            ground.console.print(table)
        if len(problems) > _SHOWN:
            ground.tell("… och %(count)s till.", count=len(problems) - _SHOWN)
    for difference in outcome.differences[:_SHOWN]:
        ground.tell("Rad %(line)s: %(what)s", line=difference.line, what=outcome.said(difference, say))
    if outcome.applied:
        sentence = N_("Importerat: %(imported)s nya, %(updated)s ändrade, %(unchanged)s oförändrade.")
    elif outcome.dry_run:
        sentence = N_("Provkörning: %(imported)s nya, %(updated)s skulle ändras, %(unchanged)s oförändrade.")
    elif outcome.unreadable:
        sentence = N_("Inget är importerat. Rätta filen och försök igen.")
    else:
        sentence = N_("Inget är importerat. Rätta felen, eller ta de goda raderna med --skip-bad.")
    ground.tell(sentence, imported=outcome.imported, updated=outcome.updated, unchanged=outcome.unchanged)
    if written is not None:
        ground.tell("De felaktiga raderna ligger i %(file)s.", file=written)
