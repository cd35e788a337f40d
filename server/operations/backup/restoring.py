"""Bringing a backup back: everything is opened and checked beside, before anything is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from care.errors import Fault
from care.identity.vault import VAULT_FILE
from care.storage.migrations import config_for
from server.configuration import FILE as SETTINGS_FILE
from server.configuration import Configuration
from server.operations.backup import package, sealing
from server.operations.backup.engines import (
    check_sqlite,
    differs,
    engine_of,
    restore_postgres,
    sqlite_file,
)
from server.operations.backup.manifest import DATABASE_FILE, FORMAT, NAME, Manifest, read
from server.running import only_one

#: What may lie in a folder that counts as empty: the settings say where to, the lock says nothing.
_NOT_IN_THE_WAY = {SETTINGS_FILE, "samtid.lock", "backup.lock"}
_TEMPORARY = ".restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back."""

    manifest: Manifest
    has_keys: bool
    #: Where what was in the way lies now; None when nothing was.
    moved_to: Path | None


async def restore(
    configuration: Configuration, file: Path, ask: Callable[[bool], sealing.Key], *, replace: bool
) -> Restored:
    """Restore `file` into the data folder and the database of `configuration`.

    `ask` gives the key; it is called with True when a passphrase is wanted, only for a sealed backup. With
    `replace` what lies in the folder is moved aside, never removed.

    Raises `Fault` ``restore.not_empty``, ``restore.other_engine``, ``restore.newer``, ``backup.damaged``,
    ``data.in_use`` while the server runs, and those of `package`, `sealing` and the engines.
    """
    data = configuration.data
    in_the_way = [path for path in sorted(data.iterdir()) if _is_in_the_way(path)]
    if in_the_way and not replace:
        raise Fault(
            "restore.not_empty",
            "Mappen %(folder)s är inte tom. Välj en tom mapp, eller ge --replace för att flytta undan det "
            "som ligger där.",
            status=409,
            place="data",
            values={"folder": str(data)},
        )
    with only_one(data), tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=data) as name:
        folder = Path(name)
        manifest = _unpacked(file, folder, ask)
        url = _target(configuration, folder)
        if engine_of(url) != manifest.engine:
            raise Fault(
                "restore.other_engine",
                "Säkerhetskopian är av %(theirs)s men inställningarna pekar på %(ours)s. Inget är ändrat.",
                place="database",
                values={"theirs": manifest.engine, "ours": engine_of(url)},
            )
        database = folder / DATABASE_FILE[manifest.engine]
        if manifest.engine == "postgresql":
            await restore_postgres(url, database, manifest.tables)
            moved_to = _move_aside(in_the_way, data, manifest)
        else:
            if check_sqlite(database) != manifest.tables:
                raise differs()
            target = sqlite_file(url)
            if target.exists() and target.resolve() not in {path.resolve() for path in in_the_way}:
                raise Fault(
                    "restore.database_exists",
                    "Det ligger redan en databas där inställningarna pekar. Flytta den först.",
                    status=409,
                    place="database",
                )
            moved_to = _move_aside(in_the_way, data, manifest)
            _settle(database)
            database.replace(target)
        for each in (SETTINGS_FILE, VAULT_FILE):
            if each in manifest.files and not (data / each).exists():
                (folder / each).replace(data / each)
        return Restored(manifest, VAULT_FILE in manifest.files, moved_to)


def look(file: Path, folder: Path, ask: Callable[[bool], sealing.Key]) -> Manifest:
    """Open and check a backup in the empty `folder` without restoring it. Faults as `restore`."""
    manifest = _unpacked(file, folder, ask)
    if manifest.engine == "sqlite" and check_sqlite(folder / DATABASE_FILE["sqlite"]) != manifest.tables:
        raise differs()
    return manifest


def _unpacked(file: Path, folder: Path, ask: Callable[[bool], sealing.Key]) -> Manifest:
    """The manifest of the backup, with its checked files in `folder`."""
    with package.opened(file) as tar:
        names = tar.getnames()
        if "content.age" in names:
            sealed, key_file = folder / "content.age", folder / "key.age"
            package.take(tar, "content.age", sealed)
            has_key = "key.age" in names
            if has_key:
                package.take(tar, "key.age", key_file)
            plain = folder / "plain"
            sealing.unseal(sealed, plain, ask(has_key), key_file if has_key else None)
            sealed.unlink()
            with package.opened(plain) as inner:
                manifest = _taken(inner, folder)
            plain.unlink()
            return manifest
        return _taken(tar, folder)


def _taken(tar: tarfile.TarFile, folder: Path) -> Manifest:
    package.take(tar, NAME, folder / NAME)
    manifest = read(folder / NAME)
    if manifest.format > FORMAT or not _is_known(manifest.schema):
        raise Fault(
            "restore.newer",
            "Säkerhetskopian är gjord av en nyare version av Samtid (%(program)s). Installera den först.",
            place="file",
            values={"program": manifest.program},
        )
    # Only names that we know are ever written, whatever the file says.
    known = {*DATABASE_FILE.values(), SETTINGS_FILE, VAULT_FILE}
    needed = DATABASE_FILE.get(manifest.engine)
    if needed not in manifest.files or not manifest.files.keys() <= known:
        raise package.damaged()
    for each, member in manifest.files.items():
        package.take(tar, each, folder / each)
        if package.file_digest(folder / each) != member.sha256:
            raise package.damaged()
    return manifest


def _is_known(revision: str) -> bool:
    return any(one.revision == revision for one in ScriptDirectory.from_config(config_for()).walk_revisions())


def _is_in_the_way(path: Path) -> bool:
    return path.name not in _NOT_IN_THE_WAY and not path.name.startswith(_TEMPORARY)


def _target(configuration: Configuration, folder: Path) -> str:
    """The database to fill: as set here, else as the backup's own settings say, else in the data folder."""
    staged = folder / SETTINGS_FILE
    if not configuration.database and staged.is_file() and not (configuration.data / SETTINGS_FILE).exists():
        said = tomllib.loads(staged.read_text(encoding="utf-8")).get("database")
        if isinstance(said, str) and said:
            return said
    return configuration.database_url


def _move_aside(found: list[Path], data: Path, manifest: Manifest) -> Path | None:
    if not found:
        return None
    moved = Path(tempfile.mkdtemp(prefix=f"before-restore-{manifest.made_at:%Y%m%d}-", dir=data))
    for path in found:
        shutil.move(path, moved / path.name)
    return moved


def _settle(path: Path) -> None:
    """As the server keeps it: write-ahead log on, and safely on disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
