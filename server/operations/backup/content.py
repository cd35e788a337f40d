"""The content of every table as one hash, to tell that two databases hold the same.

It is taken from what the engine itself gives back, not through this version's tables, so a backup of an older
database is checked as well as one of today. Comparable only between databases of one engine.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg

from server.operations.backup.manifest import TableContent

#: Our migrations' own table is content too: it says which version the rest has.
_SQLITE_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
_POSTGRES_TABLES = """
    SELECT c.relname, coalesce(string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname), '')
    FROM pg_class c
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    GROUP BY c.relname ORDER BY c.relname
"""


def of_sqlite(path: Path) -> dict[str, TableContent]:
    """Table → rows and hash of the database file at `path`, which nobody writes to."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {
            name: _sqlite_table(connection, name) for (name,) in connection.execute(_SQLITE_TABLES).fetchall()
        }


def _sqlite_table(connection: sqlite3.Connection, name: str) -> TableContent:
    quoted = '"' + name.replace('"', '""') + '"'
    columns = connection.execute(f"PRAGMA table_info({quoted})").fetchall()
    keys = [column[1] for column in columns if column[5]] or [column[1] for column in columns]
    order = ", ".join(f'"{key}"' for key in keys)
    made, rows = hashlib.sha256(), 0
    # The names come from the database's own list of tables.
    for row in connection.execute(f"SELECT * FROM {quoted} ORDER BY {order}"):  # noqa: S608
        made.update(repr(row).encode())
        made.update(b"\n")
        rows += 1
    return TableContent(rows, made.hexdigest())


async def of_postgres(connection: asyncpg.Connection) -> dict[str, TableContent]:
    """Table → rows and hash, as the transaction of `connection` sees them."""
    await connection.execute("SET LOCAL TIME ZONE 'UTC'")
    await connection.execute("SET LOCAL extra_float_digits = 1")
    found = {}
    for name, keys in await connection.fetch(_POSTGRES_TABLES):
        quoted = '"' + name.replace('"', '""') + '"'
        order = f"ORDER BY {keys}" if keys else "ORDER BY 1"
        made, rows = hashlib.sha256(), 0
        statement = f"SELECT whole_row::text FROM {quoted} whole_row {order}"  # noqa: S608 - a table's own name
        async for (text,) in connection.cursor(statement, prefetch=1000):
            made.update(text.encode())
            made.update(b"\n")
            rows += 1
        found[name] = TableContent(rows, made.hexdigest())
    return found
