"""Alembic's environment: runs in the connection and transaction that `migrate` has opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Enum

from care.storage.columns import UtcDateTime
from care.storage.tables import metadata


def render(kind: str, thing: Any, _autogenerate: Any) -> str | Literal[False]:
    """Write our own column types as plain ones: a revision must not change when the code does."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Enum):
        return f"sa.String(length={thing.length})"
    return False


def run(connection: Connection) -> None:
    """Run what was asked for on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite cannot alter most things: tables are rebuilt beside and swapped.
        render_as_batch=True,
        render_item=render,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
