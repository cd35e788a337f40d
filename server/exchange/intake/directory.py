"""Finding people and rows by the ids that other systems give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.ids import read_id
from care.staff import Staff


class Directory:
    """Ids of one table, by what a file may call them.

    A name is looked up in the file's own source first, then among all sources if it is the only one there,
    then as an id of our own, as exports write for rows that came from nowhere else.
    """

    def __init__(self, rows: Iterable[tuple[UUID, str, str | None]], source: str) -> None:
        self._own: dict[str, UUID] = {}
        self._all: dict[str, set[UUID]] = defaultdict(set)
        self._ids: set[UUID] = set()
        for row_id, row_source, extern_id in rows:
            self._ids.add(row_id)
            if extern_id is not None:
                self._all[extern_id].add(row_id)
                if row_source == source:
                    self._own[extern_id] = row_id

    def find(self, text: str, *, own_source_only: bool = False) -> UUID | None:
        """The id, or None when there is none, or several in other sources.

        `own_source_only` is for the rows of a file that says where it comes from: the same id in another
        system is somebody else.
        """
        if text in self._own:
            return self._own[text]
        if not own_source_only and len(self._all.get(text, ())) == 1:
            return next(iter(self._all[text]))
        ours = read_id(text)
        return ours if ours in self._ids else None


async def directory_of(session: AsyncSession, table: type[Client | Staff], source: str) -> Directory:
    """Everybody in `table`."""
    rows = await session.execute(select(table.id, table.source, table.extern_id))
    return Directory(((row[0], row[1], row[2]) for row in rows), source)
