"""``samtid keys``: the keys that seal personal numbers, and the key pair for backups."""

from __future__ import annotations

import os
from pathlib import Path

import click

from care.access.log import by_command
from care.access.rights import Action
from care.errors import Fault
from care.identity.resealing import keys_in_use, reseal
from care.identity.vault import forget, open_vault, rotate
from care.storage.database import Database
from server.cli.ground import Ground, grounded
from server.operations.backup.sealing import new_key


@click.group(short_help="The keys of personal numbers and of backups.")
def command() -> None:
    """The keys of personal numbers (vault.json) and of backups. No key is ever shown."""


@command.command("show", short_help="Which keys there are, and how much each has sealed.")
@grounded
async def show(ground: Ground) -> None:
    """List the keys by id, the current one first, with how many stored values each has sealed."""
    vault = open_vault(_existing(ground))
    async with ground.database() as database:
        used = await keys_in_use(database)
    ids = sorted({*vault.keys, *used}, reverse=True)
    rows = [
        {"key": one, "values": used[one], "current": one == vault.current, "in_file": one in vault.keys}
        for one in ids
    ]
    lines = [
        f"{row['key']}  {row['values']:>7}"
        + (f"  {ground.say('används nu')}" if row["current"] else "")
        + ("" if row["in_file"] else f"  {ground.say('saknas i nyckelfilen')}")
        for row in rows
    ]
    ground.give({"keys": rows}, "\n".join(lines))


@command.command("rotate", short_help="Seal every personal number with a fresh key.")
@click.option("--forget-old", is_flag=True, help="Take keys that seal nothing any more out of the file.")
@grounded
async def rotate_keys(ground: Ground, forget_old: bool) -> None:
    """Make a fresh key and seal every personal number anew, a batch at a time, while the server runs.

    A run that was interrupted is finished by running the command again; no further key is made then. Older
    backups need the old keys: with --forget-old they open only with a key file from that time.
    """
    path = _existing(ground)
    async with ground.database() as database:
        before = open_vault(path)
        unfinished = any(key != before.current for key in await keys_in_use(database))
        vault = before if unfinished else rotate(path)
        await _note(ground, database, f"vault:{vault.current}:rotation")
        count = await reseal(database, vault)
        # What another process sealed with the older key while this one worked.
        count += await reseal(database, vault)
        forgotten: list[str] = []
        if forget_old:
            used = await keys_in_use(database)
            forgotten = sorted(key for key in vault.keys if key != vault.current and not used[key])
            forget(path, forgotten)
            await _note(ground, database, f"vault:{len(forgotten)} keys forgotten")
    ground.give(
        {"current": vault.current, "resealed": count, "resumed": unfinished, "forgotten": forgotten},
        ground.say("%(count)s personnummer är låsta med nyckeln %(key)s.", count=count, key=vault.current),
    )
    if unfinished:
        ground.tell(
            "Det var ett avbrutet byte som nu är klart. Kör kommandot igen om du vill ha en ny nyckel."
        )
    if forgotten:
        ground.tell("Äldre nycklar är borttagna ur filen. Äldre säkerhetskopior behöver sin egen nyckelfil.")


@command.command("backup", short_help="Make a key pair that backups are sealed to.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@grounded
def backup_key(ground: Ground, file: Path) -> None:
    """Write a secret key to the new FILE, and show the public one for samtid backup --recipient.

    Keep the file away from the server: the server needs the public key only, and then nobody who takes it
    over can open older backups. It is in the age format.
    """
    secret, public = new_key()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Fault(
            "keys.unwritable",
            "Nyckeln gick inte att spara: %(why)s. En nyckel skrivs aldrig över.",
            status=409,
            place="file",
            values={"why": error.strerror or "?"},
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(f"# public key: {public}\n{secret}\n")
    ground.give(
        {"file": str(file), "recipient": public},
        ground.say("Den hemliga nyckeln ligger i %(file)s. Lås säkerhetskopior med:", file=file)
        + f"\n  samtid backup FIL --recipient {public}",
    )


def _existing(ground: Ground) -> Path:
    path = ground.configuration.vault_file
    if not path.is_file():
        raise Fault(
            "vault.no_key_file",
            "Det finns ingen nyckelfil (%(file)s) i mappen. Lägg tillbaka den, eller peka ut rätt mapp med "
            "--data.",
            place="data",
            values={"file": path.name},
        )
    return path


async def _note(ground: Ground, database: Database, thing: str) -> None:
    async with database.write() as session:
        session.add(
            by_command(
                ground.clock.now(),
                Action.ACCOUNT_MANAGE,
                thing,
                where="samtid keys rotate",
                purpose="administration",
            )
        )
