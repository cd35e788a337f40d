"""``samtid restore``: a backup brought back, checked before anything is touched."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import click

from care.access.log import by_command
from care.access.rights import Action
from care.storage.migrations import current, head
from server.cli.ground import Ground, grounded, open_folder
from server.cli.secret import read_passphrase
from server.operations.backup.restoring import look, restore
from server.operations.backup.sealing import Key


@click.command(short_help="Bring a backup back.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="The passphrase stands in this file (otherwise it is asked for).")  # fmt: skip
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="The secret key of --recipient stands in this file.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Move what lies in the folder aside instead of refusing.")
@click.option("--check", is_flag=True, help="Only open and check the backup; restore nothing.")
@grounded
async def command(  # noqa: PLR0917
    ground: Ground,
    file: Path,
    passphrase_file: Path | None,
    key_file: Path | None,
    replace: bool,
    check: bool,
) -> None:
    """Restore FILE into an empty data folder (and, for PostgreSQL, an empty database).

    Everything is opened and checked first: checksums of files, the hash of every table, the version. Nothing
    is changed unless all of it is right.
    """

    def ask(wants_passphrase: bool) -> Key:
        if wants_passphrase:
            return Key(passphrase=read_passphrase(ground, passphrase_file, twice=False))
        return Key(identity=key_file.read_text(encoding="utf-8") if key_file else None)

    if check:
        with tempfile.TemporaryDirectory(prefix="samtid-check-") as folder:
            manifest = look(file, Path(folder), ask)
        shown = ground.say(
            "Säkerhetskopian är hel. Den är från %(when)s.", when=_when(ground, manifest.made_at)
        )
        ground.give({"made_at": manifest.made_at, "schema": manifest.schema, "whole": True}, shown)
        return
    open_folder(ground.configuration.data)
    done = await restore(ground.configuration, file, ask, replace=replace)
    # The settings may have come back just now.
    del ground.configuration
    await _note(ground)
    ground.give(
        {
            "made_at": done.manifest.made_at,
            "schema": done.manifest.schema,
            "rows": sum(table.rows for table in done.manifest.tables.values()),
            "has_keys": done.has_keys,
            "moved_to": str(done.moved_to) if done.moved_to else None,
        },
        ground.say(
            "Återställt till läget %(when)s. Allt innehåll stämmer med säkerhetskopian.",
            when=_when(ground, done.manifest.made_at),
        ),
    )
    if done.moved_to is not None:
        ground.tell("Det som låg där förut finns i %(folder)s.", folder=done.moved_to)
    if not (ground.configuration.vault_file).exists():
        ground.tell("Lägg tillbaka nyckelfilen vault.json i mappen, annars går personnumren inte att öppna.")
    if done.manifest.schema != head():
        ground.tell("Tabellerna är från en äldre version. Kör ”samtid migrate” innan servern startar.")


def _when(ground: Ground, at: datetime) -> str:
    return at.astimezone(ground.clock.zone).strftime("%Y-%m-%d %H.%M")


async def _note(ground: Ground) -> None:
    """The restored record itself says that it was restored."""
    if await current(ground.configuration.database_url) != head():
        return
    async with ground.database() as database, database.write() as session:
        session.add(
            by_command(
                ground.clock.now(), Action.IMPORT_RUN, "backup", where="samtid restore", purpose="backup"
            )
        )
