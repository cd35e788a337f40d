"""An import from bytes to receipt: read, check, compare with the record, write all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client, Protection
from care.errors import Fault
from care.ids import new_id
from care.imports import ImportDifference, ImportRun
from care.storage.database import Database
from care.words import N_
from server.exchange.cells import Circumstances
from server.exchange.column_map import ColumnMap
from server.exchange.error_file import write_error_file
from server.exchange.intake import clients, services, shifts, staff
from server.exchange.intake.changes import Changes, Difference
from server.exchange.intake.contacts import Contacts
from server.exchange.intake.importer import Importer
from server.exchange.intake.performed import Performed
from server.exchange.intake.staging import Overtaken, write
from server.exchange.kind import FORMATS, Kind, Row
from server.exchange.kinds.clients import WITHHELD
from server.exchange.problem import Problem, Unreadable
from server.exchange.table import Table, open_table
from server.exchange.validation import Checked, Validation, validate

#: Rows shown before an import is made.
PREVIEW = 20
#: Times that an import is planned anew because somebody changed the same rows meanwhile.
_TRIES = 3

#: What a difference is about, as it is said.
FIELD_WORDS = {
    "start": N_("starttiden"),
    "minutes": N_("längden"),
    "window_start": N_("fönstrets början"),
    "window_end": N_("fönstrets slut"),
    "channel": N_("kanalen"),
    "services": N_("insatserna"),
    "staff": N_("personalen"),
    "status": N_("utfallet"),
}


@dataclass(slots=True)
class Outcome:
    """What came of an import.

    Attributes
    ----------
    applied
        True when the record has been written. The counts say what was done, or would have been.
    unreadable
        True when nothing can be taken from the file, not even the good lines.
    preview
        The first good rows as they were understood, by default heading.
    """

    kind: Kind
    source: str
    applied: bool = False
    dry_run: bool = False
    unreadable: bool = False
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    preview: list[dict[str, str]] = field(default_factory=list)
    #: Clients and groups of rows that were refused because they are another group's.
    denied: set[tuple[UUID | None, UUID | None]] = field(default_factory=set)
    run_id: UUID | None = None
    file: ReadFile | None = None

    @property
    def is_good(self) -> bool:
        """True when every line of the file was taken, or could be."""
        return not self.errors

    def error_file(self) -> bytes | None:
        """The bad lines to mend and import again; None when there are none, or the whole file is bad."""
        if self.file is None or self.unreadable or not self.errors:
            return None
        file = self.file
        return write_error_file(self.kind, file.table, file.column_map, self.errors, file.protected)

    def said(self, difference: Difference, translate: Any = None) -> str:
        """The difference in words: "Lifecare säger … här gäller …"."""
        _ = translate or str
        sentence: str = _("%(source)s säger att %(field)s är %(theirs)s, här gäller %(ours)s.")
        return sentence % {
            "source": self.source.capitalize(),
            "field": _(FIELD_WORDS[difference.field]),
            "theirs": difference.theirs,
            "ours": difference.ours,
        }

    def as_dict(self, translate: Any = None) -> dict[str, Any]:
        """As the command line and the API report it."""
        return {
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "errors": [one.as_dict(translate) for one in self.errors],
            "warnings": [one.as_dict(translate) for one in self.warnings],
            "differences": [
                {**one.as_dict(), "message": self.said(one, translate)} for one in self.differences
            ],
            "applied": self.applied,
        }


@dataclass(frozen=True, slots=True)
class ReadFile:
    table: Table
    column_map: ColumnMap
    protected: frozenset[str]


async def run_import(
    database: Database,
    kind: Kind,
    data: bytes,
    name: str,
    importer: Importer,
    *,
    column_map: ColumnMap,
    dry_run: bool = False,
    skip_bad: bool = False,
) -> Outcome:
    """Import the file `data` called `name`.

    With errors nothing is written, unless `skip_bad` lets the good lines in. `dry_run` writes nothing and
    says what would be done. The file is read in a thread, so that a server goes on serving.

    Raises
    ------
    Fault
        ``import.not_yours`` (403) for a kind of file that the importer has nothing to do with,
        ``import.demo`` (409) for people in a demo, ``municipality.missing`` in a new database,
        ``import.overtaken`` (409) when somebody keeps changing the same rows.
    """
    importer.reach.check(kind)
    outcome = Outcome(kind, importer.source, dry_run=dry_run)
    around = Circumstances(importer.today, importer.zone)
    try:
        table, checked = await asyncio.to_thread(_read, kind, data, name, column_map, around)
    except Unreadable as fault:
        outcome.unreadable = True
        outcome.errors = [Problem.of(fault, name, fault.line)]
        return outcome
    outcome.unreadable = checked.unreadable
    for _ in range(_TRIES):
        changes = Changes(table.file, checked.headings)
        async with database.read() as session:
            if not checked.unreadable:
                await _plan(kind, session, checked.rows, importer, changes)
            protected = await _protected(session, kind)
            outcome.file = ReadFile(table, column_map, protected)
            outcome.preview = [_as_read(kind, one.row, importer, protected) for one in checked.rows[:PREVIEW]]
        _fill(outcome, checked, changes)
        if dry_run or checked.unreadable or (outcome.errors and not skip_bad):
            if not dry_run:
                outcome.imported = outcome.updated = outcome.unchanged = 0
            return outcome
        outcome.run_id = _record(kind, importer, outcome, changes)
        try:
            await write(database, changes, importer.now)
        except Overtaken:
            continue
        outcome.applied = True
        return outcome
    raise Fault(
        "import.overtaken",
        "Någon annan ändrar samma rader just nu. Inget är importerat. Försök igen om en stund.",
        status=409,
    )


def _read(
    kind: Kind, data: bytes, name: str, column_map: ColumnMap, around: Circumstances
) -> tuple[Table, Validation]:
    table = open_table(data, name)
    return table, validate(kind, table, column_map, around)


async def _plan(
    kind: Kind, session: AsyncSession, rows: Sequence[Checked[Row]], importer: Importer, changes: Changes
) -> None:
    """Hand the rows, all of one kind, to whoever knows that kind."""
    given = cast(Any, rows)
    match kind:
        case Kind.SERVICES:
            await services.plan(session, given, importer, changes)
        case Kind.CLIENTS:
            await clients.plan(session, given, importer, changes)
        case Kind.STAFF:
            await staff.plan(session, given, importer, changes)
        case Kind.SHIFTS:
            await shifts.plan(session, given, importer, changes)
        case Kind.CONTACTS:
            await Contacts(session, importer, changes).plan(given)
        case Kind.PERFORMED:
            await Performed(session, importer, changes).plan(given)


async def _protected(session: AsyncSession, kind: Kind) -> frozenset[str]:
    """Ids of clients whose identity the record protects, as a file of clients may name them."""
    if kind is not Kind.CLIENTS:
        return frozenset()
    rows = await session.execute(
        select(Client.id, Client.extern_id).where(Client.protection != Protection.NONE)
    )
    return frozenset(name for row in rows for name in (str(row[0]), row[1]) if name)


def _as_read(kind: Kind, row: Row, importer: Importer, protected: frozenset[str]) -> dict[str, str]:
    """The row as it was understood, without what may not be shown of somebody whom the record protects."""
    cells = FORMATS[kind].write(row, importer.zone)
    if kind is Kind.CLIENTS and cells["extern_id"] in protected:
        cells |= dict.fromkeys(WITHHELD, "")
    return cells


def _fill(outcome: Outcome, checked: Validation, changes: Changes) -> None:
    def in_order(one: Problem) -> int:
        return one.line

    outcome.imported, outcome.updated, outcome.unchanged = (
        changes.imported,
        changes.updated,
        changes.unchanged,
    )
    outcome.errors = sorted([*checked.errors, *changes.errors], key=in_order)
    outcome.warnings = sorted([*checked.warnings, *changes.warnings], key=in_order)
    outcome.differences = changes.differences
    outcome.denied = changes.denied


def _record(kind: Kind, importer: Importer, outcome: Outcome, changes: Changes) -> UUID:
    """Add the run, its differences and the access log to what is written; the run's id."""
    run_id = new_id()
    changes.insert(
        ImportRun,
        id=run_id,
        kind=kind.value,
        source=importer.source,
        at=importer.now,
        account_id=importer.account_id,
        imported=outcome.imported,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        refused=len({one.line for one in outcome.errors}),
    )
    for one in outcome.differences:
        changes.insert(
            ImportDifference,
            id=new_id(),
            run_id=run_id,
            contact_id=one.contact_id,
            field=one.field,
            theirs=one.theirs[:200],
            ours=one.ours[:200],
        )
    importer.log(changes, changes.opened, Action.IMPORT_RUN, f"import {run_id}")
    return run_id
