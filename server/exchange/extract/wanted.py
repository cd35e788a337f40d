"""What is asked for in an export, and what is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.municipality import Group
from care.staff import Staff
from server.exchange.kind import Row


@dataclass(slots=True)
class Found:
    """What goes out: rows for spreadsheets, records for programs, and whose data it is (client → group)."""

    rows: list[Row] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    opened: dict[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    first, last
        Local days, both included; clients and staff have none.
    groups
        Only these home care groups; all when None.
    personal_numbers
        Write them in full. Never those of protected identities.
    """

    first: date
    last: date
    groups: frozenset[UUID] | None = None
    personal_numbers: bool = False


async def group_names(session: AsyncSession) -> dict[UUID, str]:
    return {row[0]: row[1] for row in await session.execute(select(Group.id, Group.name))}


def names_of(people: Iterable[Client] | Iterable[Staff]) -> dict[UUID, str]:
    """What a file calls each: the id of the system they came from while it is theirs alone, else ours."""
    known = [(one.id, one.extern_id) for one in people]
    uses = Counter(name for _, name in known)
    return {row_id: name if name and uses[name] == 1 else str(row_id) for row_id, name in known}
