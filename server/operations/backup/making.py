"""Making a backup while the server runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from care.clock import Clock
from care.errors import Fault
from care.storage.migrations import current
from server.configuration import FILE as SETTINGS_FILE
from server.configuration import Configuration
from server.operations.backup import package, sealing
from server.operations.backup.engines import copy_postgres, copy_sqlite, engine_of
from server.operations.backup.manifest import DATABASE_FILE, FORMAT, NAME, Manifest, Member, TableContent

_TEMPORARY = ".backup-"
_LOCK = "backup.lock"
#: What belongs to the running server alone, or is in the backup by another name.
_PASSING = {"samtid.sqlite3", "samtid.sqlite3-wal", "samtid.sqlite3-shm", "samtid.lock", _LOCK}


async def make(
    configuration: Configuration, clock: Clock, to: Path, lock: sealing.Lock | None, *, with_keys: bool
) -> Manifest:
    """Write a backup of database and settings to the new file `to`.

    Settings may hold passwords, and the vault's keys open the personal numbers: settings go along only when
    the backup is sealed with `lock`, the keys only when `with_keys` asks for them too.

    Raises `Fault` ``backup.exists``, ``backup.keys_unsealed``, ``backup.no_keys``, ``backup.busy``, those of
    `sealing.check` and of the engines.
    """
    if with_keys and lock is None:
        raise Fault(
            "backup.keys_unsealed",
            "Nycklarna till personnumren följer bara med i en låst säkerhetskopia. Ge en lösenfras eller en "
            "nyckel att låsa med.",
            place="--with-keys",
        )
    if lock is not None:
        sealing.check(lock)
    _check_place(to)
    schema = await current(configuration.database_url)
    if schema is None:
        raise Fault(
            "database.missing",
            "Det finns ingen databas än. Kör ”samtid migrate” först, eller peka ut rätt mapp med --data.",
            place="database",
        )
    with _workplace(configuration.data) as folder:
        return await _made(configuration, clock, to, lock, with_keys, schema, folder)


def _check_place(to: Path) -> None:
    if to.exists():
        raise _exists()
    if not to.parent.is_dir():
        raise Fault("backup.no_folder", "Mappen som kopian ska ligga i finns inte.", place="file")


def _exists() -> Fault:
    return Fault(
        "backup.exists",
        "Det finns redan en fil som heter så. En säkerhetskopia skrivs aldrig över.",
        status=409,
        place="file",
    )


async def _made(  # noqa: PLR0917
    configuration: Configuration,
    clock: Clock,
    to: Path,
    lock: sealing.Lock | None,
    with_keys: bool,
    schema: str,
    folder: Path,
) -> Manifest:
    engine = engine_of(configuration.database_url)
    name = DATABASE_FILE[engine]
    members = {name: folder / name}
    made_at = clock.now()
    tables = await _copied(engine, configuration.database_url, members[name])
    data = configuration.data
    if lock is not None and (data / SETTINGS_FILE).is_file():
        members[SETTINGS_FILE] = data / SETTINGS_FILE
    if with_keys:
        if not configuration.vault_file.is_file():
            raise Fault("backup.no_keys", "Det finns ingen nyckelfil att ta med.", place="--with-keys")
        # A copy, so that what is hashed is what is packed.
        members[configuration.vault_file.name] = folder / configuration.vault_file.name
        shutil.copy(configuration.vault_file, folder)
    found = sorted(path.name for path in data.iterdir() if not path.name.startswith("."))
    manifest = Manifest(
        format=FORMAT,
        made_at=made_at,
        program=version("samtid"),
        engine=engine,
        schema=schema,
        files={
            each: Member(path.stat().st_size, package.file_digest(path)) for each, path in members.items()
        },
        tables=tables,
        left_out=[each for each in found if each not in members and each not in _PASSING],
    )
    manifest.write(folder / NAME)
    whole = {NAME: folder / NAME, **members}
    if lock is not None:
        whole = _sealed(whole, lock, folder)
    _put(whole, to)
    return manifest


async def _copied(engine: str, url: str, to: Path) -> dict[str, TableContent]:
    return copy_sqlite(url, to) if engine == "sqlite" else await copy_postgres(url, to)


def _sealed(members: dict[str, Path], lock: sealing.Lock, folder: Path) -> dict[str, Path]:
    plain, content, key = folder / "plain", folder / "content.age", folder / "key.age"
    package.write(plain, members)
    has_key = sealing.seal(plain, content, lock, key)
    plain.unlink()
    return {"key.age": key, "content.age": content} if has_key else {"content.age": content}


def _put(members: dict[str, Path], to: Path) -> None:
    """Whole or not at all: written beside under a passing name, then given its own."""
    handle, name = tempfile.mkstemp(prefix=f".{to.name}.", dir=to.parent)
    os.close(handle)
    passing = Path(name)
    passing.unlink()
    try:
        package.write(passing, members)
        os.link(passing, to)
    except FileExistsError:
        raise _exists() from None
    except OSError as error:
        raise Fault(
            "backup.unwritable",
            "Säkerhetskopian gick inte att skriva: %(why)s.",
            status=500,
            place="file",
            values={"why": error.strerror or "?"},
        ) from None
    finally:
        passing.unlink(missing_ok=True)


@contextmanager
def _workplace(data: Path) -> Iterator[Path]:
    """A folder for what is not yet sealed, inside the data folder: plain data never lies elsewhere.

    What an interrupted backup left is removed first. Raises `Fault` ``backup.busy``.
    """
    handle = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Fault(
                "backup.busy", "En annan säkerhetskopiering pågår. Försök igen om en stund.", status=409
            ) from None
        for left in data.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=data) as folder:
            yield Path(folder)
    finally:
        os.close(handle)
