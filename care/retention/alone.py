"""One retention at a time: the page and the command line may both be told to carry it out."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url, text

from care.errors import Fault
from care.storage.database import Database

#: Any number that nothing else in the database locks.
_KEY = 7_267_411_802_945


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Hold the database for a retention, against every other process; never waits.

    It is let go when the process dies, however it dies: nothing has to be cleared away by hand.
    Raises `Fault` ``retention.busy`` (409).
    """
    if database.is_sqlite:
        # The folder of the file: a lock on the file itself would get in the way of SQLite's own.
        folder = os.open(Path(make_url(database.url).database or ".").parent, os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _busy() from None
            yield
        finally:
            os.close(folder)
        return
    async with database.engine.connect() as connection:
        got = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY})
        # The lock belongs to the connection, not to the transaction.
        await connection.commit()
        if not got:
            raise _busy()
        try:
            yield
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})
            await connection.commit()


def _busy() -> Fault:
    return Fault("retention.busy", "Gallringen genomförs redan. Vänta tills den är klar.", status=409)
