"""``samtid backup``: one checked file with everything a restore needs."""

from __future__ import annotations

from pathlib import Path

import click

from care.access.log import by_command
from care.access.rights import Action
from care.errors import Fault
from care.storage.migrations import current, head
from server.cli.ground import Ground, grounded
from server.cli.secret import read_passphrase
from server.operations.backup.making import make
from server.operations.backup.sealing import Lock


@click.command(short_help="Make a backup while the server runs.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Seal with the passphrase in this file.")  # fmt: skip
@click.option("--passphrase", "ask", is_flag=True, help="Seal with a passphrase that is asked for.")
@click.option("--recipient", help="Seal to this public key (age1…), see samtid keys backup.")
@click.option("--with-keys", is_flag=True, help="Take the keys of personal numbers along (sealed only).")
@grounded
async def command(  # noqa: PLR0917
    ground: Ground,
    file: Path,
    passphrase_file: Path | None,
    ask: bool,
    recipient: str | None,
    with_keys: bool,
) -> None:
    """Write a backup of database and settings to the new FILE.

    Writers go on meanwhile; the backup holds one moment. Settings go along only when it is sealed, the keys
    of personal numbers only when asked for as well. Every table's hash and every file's checksum lie in it.
    """
    lock = _lock(ground, passphrase_file, ask, recipient)
    await _note(ground)
    manifest = await make(ground.configuration, ground.clock, file, lock, with_keys=with_keys)
    rows = sum(table.rows for table in manifest.tables.values())
    ground.give(
        {
            "file": str(file),
            "sealed": lock is not None,
            "schema": manifest.schema,
            "rows": rows,
            "files": sorted(manifest.files),
            "left_out": manifest.left_out,
        },
        ground.say("Säkerhetskopian är klar: %(rows)s rader i %(file)s.", rows=rows, file=file),
    )
    if lock is None:
        ground.tell("Den är inte låst. Alla som kan läsa filen kan läsa det som står i den.")
    if not with_keys:
        ground.tell("Nycklarna till personnumren är inte med. Spara vault.json för sig, på ett annat ställe.")
    if manifest.left_out:
        ground.tell("Utelämnat: %(names)s.", names=", ".join(manifest.left_out))


def _lock(ground: Ground, passphrase_file: Path | None, ask: bool, recipient: str | None) -> Lock | None:
    if sum((passphrase_file is not None, ask, recipient is not None)) > 1:
        raise Fault(
            "backup.two_locks",
            "Välj ett sätt att låsa: --passphrase, --passphrase-file eller --recipient.",
            place="--recipient",
        )
    if recipient is not None:
        return Lock(recipient=recipient)
    if ask or passphrase_file is not None:
        return Lock(passphrase=read_passphrase(ground, passphrase_file, twice=True))
    return None


async def _note(ground: Ground) -> None:
    """A line in the access log, before the copy, so that the copy has it too."""
    if await current(ground.configuration.database_url) != head():
        return
    async with ground.database() as database, database.write() as session:
        session.add(
            by_command(
                ground.clock.now(), Action.EXPORT_RUN, "backup", where="samtid backup", purpose="backup"
            )
        )
