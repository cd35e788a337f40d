"""A process that dies in the middle of what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from care.storage.database import Database


class Killed(BaseException):
    """Like kill -9: nobody catches it."""


@contextmanager
def killed_at(database: Database, number: int) -> Iterator[list[str]]:
    """The process dies before its `number`-th statement (commits count as statements)."""
    done: list[str] = []

    def statement(_c: Any, _cursor: Any, text: str, *_: Any) -> None:
        if len(done) == number:
            raise Killed
        done.append(text)

    def commit(_c: Any) -> None:
        statement(None, None, "COMMIT")

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
