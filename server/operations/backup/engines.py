"""Copying a database that is being written to, and bringing it back: SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL, make_url

from care.errors import Fault
from server.operations.backup import content
from server.operations.backup.manifest import TableContent
from server.operations.backup.package import damaged


def engine_of(url: str) -> str:
    """``sqlite`` or ``postgresql``."""
    return make_url(url).get_backend_name()


def sqlite_file(url: str) -> Path:
    """The file of an SQLite address."""
    return Path(make_url(url).database or "")


def copy_sqlite(url: str, to: Path) -> dict[str, TableContent]:
    """Copy the database to the new file `to` as it stands at one moment; its tables.

    ``VACUUM INTO`` reads one snapshot, so writers go on beside it, and leaves out the pages where erased rows
    may still be readable.
    """
    with closing(sqlite3.connect(sqlite_file(url), timeout=30, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(to),))
    to.chmod(0o600)
    return content.of_sqlite(to)


def check_sqlite(path: Path) -> dict[str, TableContent]:
    """The tables of a copy that is whole. Raises `Fault` ``backup.damaged``."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise damaged()
        return content.of_sqlite(path)
    except sqlite3.DatabaseError:
        raise damaged() from None


async def copy_postgres(url: str, to: Path) -> dict[str, TableContent]:
    """Dump the database to the new file `to` as it stands at one moment; its tables at that same moment.

    Raises `Fault` ``backup.no_pg_tools`` or ``backup.pg_failed``.
    """
    program = _program("pg_dump")
    address = make_url(url)
    connection = await _connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
            os.close(os.open(to, os.O_WRONLY | os.O_CREAT, 0o600))
            await _run(program, [*options, f"--file={to}"], address)
            return await content.of_postgres(connection)
    finally:
        await connection.close()


async def restore_postgres(url: str, dump: Path, expected: dict[str, TableContent]) -> None:
    """Fill the empty database with `dump`, all or nothing.

    Raises `Fault` ``restore.database_not_empty``, ``backup.no_pg_tools``, ``backup.pg_failed``, or
    ``restore.differs``.
    """
    program = _program("pg_restore")
    address = make_url(url)
    await check_empty_postgres(url)
    await _run(
        program,
        ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
         f"--dbname={address.database}", str(dump)],
        address,
    )  # fmt: skip
    connection = await _connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if await content.of_postgres(connection) != expected:
                raise differs()
    finally:
        await connection.close()


async def check_empty_postgres(url: str) -> None:
    """Raises `Fault` ``restore.database_not_empty``."""
    connection = await _connect(make_url(url))
    try:
        if await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ):
            raise Fault(
                "restore.database_not_empty",
                "PostgreSQL-databasen är inte tom. Skapa en ny, tom databas och peka ut den med "
                "SAMTID_DATABASE. Inget är ändrat.",
                status=409,
                place="database",
            )
    finally:
        await connection.close()


def differs() -> Fault:
    return Fault(
        "restore.differs",
        "Det återställda innehållet stämmer inte med säkerhetskopian. Använd det inte.",
        status=500,
        place="database",
    )


def _program(name: str) -> str:
    """PostgreSQL's own program: on the path, else the newest that Debian has laid down."""
    newest = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parts[-3]),
        reverse=True,
    )
    found = str(newest[0]) if newest else shutil.which(name)
    if found is None:
        raise Fault(
            "backup.no_pg_tools",
            "Programmet %(program)s saknas. Installera postgresql-client och försök igen.",
            status=500,
            place=name,
            values={"program": name},
        )
    return found


async def _connect(address: URL) -> asyncpg.Connection:
    host = address.host or address.query.get("host")
    try:
        return await asyncpg.connect(
            host=host,
            port=address.port,
            user=address.username,
            password=address.password,
            database=address.database,
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise Fault(
            "database.unreachable",
            "Databasen går inte att nå. Kontrollera adressen och att databasen är igång.",
            status=503,
            place="database",
        ) from error


async def _run(program: str, options: list[str], address: URL) -> None:
    """Run one of PostgreSQL's programs; where and who go by the environment, so no list shows a password."""
    host = address.host or address.query.get("host")
    where = {
        "PGHOST": host,
        "PGPORT": address.port,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    environment = {**os.environ, **{name: str(value) for name, value in where.items() if value}}
    process = await asyncio.create_subprocess_exec(
        program, *options, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise Fault(
            "backup.pg_failed",
            "%(program)s kunde inte slutföra: %(why)s",
            status=500,
            place="database",
            values={"program": Path(program).name, "why": lines[0][:200] if lines else "?"},
        )
