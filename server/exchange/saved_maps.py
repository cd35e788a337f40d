"""Column maps that the municipality has made its own, kept in the record."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.ids import new_id
from care.imports import ColumnMap as SavedMap
from server.exchange.column_map import STANDARD, ColumnMap, builtin_map, builtin_maps, check_map
from server.exchange.kind import Kind


async def find_map(session: AsyncSession, name: str, kind: Kind) -> ColumnMap:
    """The municipality's own map of that name, else the one that comes with the program.

    Raises `Fault` ``import.unknown_map``.
    """
    saved = await _saved(session, name, kind)
    if saved is None:
        return builtin_map(name, kind)
    return msgspec.convert(saved.columns, ColumnMap)


async def map_names(session: AsyncSession, kind: Kind) -> Sequence[str]:
    """Every name that `find_map` knows for `kind`, the plain format first."""
    own = await session.scalars(select(SavedMap.name).where(SavedMap.kind == kind.value))
    builtin = [name for name, file in builtin_maps().items() if kind in file.kinds]
    return [STANDARD, *sorted({*own, *builtin})]


async def save_map(session: AsyncSession, name: str, kind: Kind, column_map: ColumnMap) -> None:
    """Keep the map under `name`, in place of what was there.

    Raises `Fault` ``import.map_name`` for a name that cannot be used, and those of `check_map`.
    """
    name = name.strip()
    if not name or len(name) > 40 or name == STANDARD:
        raise Fault(
            "import.map_name",
            "Ge kolumnkartan ett namn på högst 40 tecken, och inte ”standard”.",
            place="map",
        )
    check_map(kind, column_map)
    columns = msgspec.to_builtins(column_map)
    saved = await _saved(session, name, kind)
    if saved is None:
        session.add(SavedMap(id=new_id(), name=name, kind=kind.value, columns=columns))
    else:
        saved.columns = columns
    await session.flush()


async def _saved(session: AsyncSession, name: str, kind: Kind) -> SavedMap | None:
    found: SavedMap | None = await session.scalar(
        select(SavedMap).where(SavedMap.name == name, SavedMap.kind == kind.value)
    )
    return found
