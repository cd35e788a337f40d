"""What an import will do to the record, before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table

from care.errors import Fault
from care.storage.columns import Base
from server.exchange.intake.reach import elsewhere
from server.exchange.problem import Problem

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that a person here has changed, and what the file wanted instead: ours stands.

    `theirs` and `ours` are texts for people, e.g. ``09.00``.
    """

    line: int
    contact_id: UUID
    extern_id: str
    field: str
    theirs: str
    ours: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "contact_id": str(self.contact_id),
            "extern_id": self.extern_id,
            "field": self.field,
            "theirs": self.theirs,
            "ours": self.ours,
        }


@dataclass(slots=True)
class Changes:
    """Collected while planning. Nothing in here has happened yet.

    Attributes
    ----------
    inserts
        Whole rows by table.
    updates
        New values by table and set of columns: ``id``, the values, and ``was_version`` for tables with one.
    deletes
        Ids by table.
    opened
        Clients whose data changes (and their group), for the access log.
    moved
        Clients whose day changes: group, client, one of the contacts, and the staff who must see it.
    denied
        Clients (None for staff and new people) and groups that are not the importer's, for the access log.
    """

    file: str
    headings: dict[str, str]
    inserts: dict[Table, list[Values]] = field(default_factory=lambda: defaultdict(list))
    updates: dict[tuple[Table, tuple[str, ...]], list[Values]] = field(
        default_factory=lambda: defaultdict(list)
    )
    deletes: dict[Table, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    opened: dict[UUID, UUID] = field(default_factory=dict)
    moved: dict[UUID, tuple[UUID, UUID, set[UUID]]] = field(default_factory=dict)
    denied: set[tuple[UUID | None, UUID | None]] = field(default_factory=set)

    def insert(self, table: type[Base], **values: Any) -> None:
        """A new row. Columns that are left out get their defaults."""
        target = cast(Table, table.__table__)
        self.inserts[target].append(_filled(target, values))

    def update(self, table: type[Base], row_id: UUID, values: Values, *, version: int | None = None) -> None:
        """New values for a row; with `version`, only if nobody else has changed it since it was read."""
        target = cast(Table, table.__table__)
        given = {"id": row_id, **values}
        if version is not None:
            given |= {"was_version": version, "version": version + 1}
        self.updates[target, tuple(sorted(given))].append(given)

    def delete(self, table: type[Base], ids: Sequence[UUID]) -> None:
        self.deletes[cast(Table, table.__table__)].extend(ids)

    def refuse(self, line: int, column: str | None, fault: Fault) -> None:
        """The line is bad; its other changes must not be made."""
        self.errors.append(Problem.of(fault, self.file, line, self._heading(column)))

    def deny(
        self, line: int, column: str | None, group_id: UUID | None, client_id: UUID | None = None
    ) -> None:
        """The line is about somebody whom the importer has nothing to do with: refused, and to be logged."""
        self.denied.add((client_id, group_id))
        self.refuse(line, column, elsewhere())

    def warn(self, line: int, column: str | None, code: str, sentence: str, **values: Any) -> None:
        self.warnings.append(Problem(self.file, line, self._heading(column), code, sentence, values))

    def _heading(self, column: str | None) -> str | None:
        return self.headings.get(column, column) if column else None

    def move(self, group_id: UUID, client_id: UUID, contact_id: UUID, staff: Sequence[UUID]) -> None:
        """The client's day changes: tablet and lists must hear of it."""
        known = self.moved.setdefault(client_id, (group_id, contact_id, set()))
        known[2].update(staff)


def _filled(table: Table, values: Values) -> Values:
    """`values` and the defaults of the columns that it leaves out."""
    row = dict(values)
    for column in table.columns:
        if column.key in row:
            continue
        default: Any = column.default
        if default is None:
            row[column.key] = None
        else:
            row[column.key] = default.arg(None) if default.is_callable else default.arg
    return row
