"""Shifts into the roster. A shift has no id of its own: it is found by person and hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.ids import new_id
from care.staff import Shift, ShiftKind, Staff
from server.exchange.intake.changes import Changes
from server.exchange.intake.directory import directory_of
from server.exchange.intake.importer import Importer
from server.exchange.intake.staging import portions
from server.exchange.kinds.shifts import ShiftRow
from server.exchange.validation import Checked

#: Local hours that tell what a shift is called.
_EVENING, _NIGHT = time(13), time(20)
_LONGEST = timedelta(days=2)


async def plan(
    session: AsyncSession, rows: Sequence[Checked[ShiftRow]], importer: Importer, changes: Changes
) -> None:
    """Compare the roster with `rows`.

    A shift that begins when one in the roster does is that one; else it takes the place of one from the same
    source that it overlaps, so that changed hours do not leave the old ones standing.
    """
    directory = await directory_of(session, Staff, importer.source)
    groups = {row[0]: row[1] for row in await session.execute(select(Staff.id, Staff.group_id))}
    known: list[tuple[Checked[ShiftRow], UUID]] = []
    for one in rows:
        staff_id = directory.find(one.row.staff_id)
        if staff_id is None:
            changes.refuse(one.line, "personal_id", _nobody(one.row.staff_id))
        elif not importer.reach.covers(groups[staff_id]):
            changes.deny(one.line, "personal_id", groups[staff_id])
        else:
            known.append((one, staff_id))
    known = _apart(known, changes)
    roster = await _roster(session, known)
    # Exact starts first, for the whole file: an overlapped shift may be another line's own.
    taken = {
        shift.id: None
        for one, staff_id in known
        for shift in roster[staff_id]
        if shift.start == one.row.start
    }
    for one, staff_id in known:
        shift = _match(one.row, roster[staff_id], taken, importer.source)
        if shift is None:
            changes.insert(
                Shift,
                id=new_id(),
                source=importer.source,
                staff_id=staff_id,
                group_id=groups[staff_id],
                **_values(one.row, importer),
            )
            changes.imported += 1
            continue
        taken[shift.id] = None
        said = _values(one.row, importer)
        if "rast_minuter" not in one.given:
            del said["break_minutes"]
        changed = {name: value for name, value in said.items() if getattr(shift, name) != value}
        if shift.start == one.row.start:
            # What a shift is called may have been decided by a person.
            changed.pop("kind", None)
        if changed:
            changes.update(Shift, shift.id, changed)
            changes.updated += 1
        else:
            changes.unchanged += 1


def _nobody(text: str) -> Fault:
    return Fault(
        "import.unknown_staff",
        "Det finns ingen medarbetare med id ”%(id)s” (eller flera). Importera personalen först.",
        values={"id": text},
    )


def _apart(
    known: list[tuple[Checked[ShiftRow], UUID]], changes: Changes
) -> list[tuple[Checked[ShiftRow], UUID]]:
    """Without the shifts that overlap an earlier one of the same person in the file."""
    good = []
    last: dict[UUID, tuple[datetime, int]] = {}
    for one, staff_id in sorted(known, key=lambda pair: pair[0].row.start):
        end, line = last.get(staff_id, (None, 0))
        if end is not None and one.row.start < end:
            changes.refuse(
                one.line,
                "start",
                Fault("import.overlap", "Passet krockar med passet på rad %(line)s.", values={"line": line}),
            )
            continue
        last[staff_id] = (one.row.end, one.line)
        good.append((one, staff_id))
    return sorted(good, key=lambda pair: pair[0].line)


async def _roster(
    session: AsyncSession, known: Sequence[tuple[Checked[ShiftRow], UUID]]
) -> dict[UUID, list[Shift]]:
    """The ordinary shifts of the people in the file, around its days."""
    roster: dict[UUID, list[Shift]] = defaultdict(list)
    if not known:
        return roster
    first = min(one.row.start for one, _ in known) - _LONGEST
    last = max(one.row.end for one, _ in known)
    for ids in portions(sorted({staff_id for _, staff_id in known})):
        for shift in await session.scalars(
            select(Shift).where(
                Shift.staff_id.in_(ids),
                Shift.start >= first,
                Shift.start < last,
                Shift.kind != ShiftKind.DIGITAL,
            )
        ):
            roster[shift.staff_id].append(shift)
    return roster


def _match(row: ShiftRow, shifts: Iterable[Shift], taken: dict[UUID, None], source: str) -> Shift | None:
    for shift in shifts:
        if shift.start == row.start:
            return shift
    for shift in shifts:
        if (
            shift.id not in taken
            and shift.source == source
            and shift.start < row.end
            and row.start < shift.end
        ):
            return shift
    return None


def _values(row: ShiftRow, importer: Importer) -> dict[str, object]:
    begins, ends = row.start.astimezone(importer.zone), row.end.astimezone(importer.zone)
    if begins.time() >= _NIGHT or (ends.date() > begins.date() and ends.time() > time(2)):
        kind = ShiftKind.NIGHT
    else:
        kind = ShiftKind.EVENING if begins.time() >= _EVENING else ShiftKind.DAY
    return {
        "date": begins.date(),
        "start": row.start,
        "end": row.end,
        "break_minutes": row.break_minutes,
        "kind": kind,
    }
