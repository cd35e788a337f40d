"""Performed visits onto the plan: what another system says came of it.

A row is found by its id, or else by client, staff and the nearest time that day. The state machine decides
how it gets to its end; a row that has ended here keeps its end, and the difference is told.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.contacts.cause import Cause
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import STEPS, Status
from care.errors import Fault
from care.ids import new_id
from care.staff import Staff
from server.exchange.intake.changes import Changes, Difference
from server.exchange.intake.directory import Directory, directory_of
from server.exchange.intake.held import Held, named, sources_for, whole_rows
from server.exchange.intake.importer import Importer
from server.exchange.intake.staging import portions
from server.exchange.kinds.performed import OUTCOME_NAMES, PerformedRow
from server.exchange.validation import Checked

#: How far from its planned start a visit may have been begun and still be that visit.
NEAR = timedelta(hours=3)
#: Steps that lead to an end without saying anything untrue on the way, the plainest first.
_BETWEEN = (Status.DUE, Status.AWAITING, Status.UNKNOWN)


@dataclass(slots=True)
class _Told:
    """What the file says of one contact, over all its lines (double staffing has two)."""

    held: Held
    line: int
    name: str
    outcome: Status
    start: datetime
    end: datetime | None
    manual: bool
    client_away: bool
    staff: dict[UUID, None] = field(default_factory=dict)


class Performed:
    """Plans one file of performed visits."""

    def __init__(self, session: AsyncSession, importer: Importer, changes: Changes) -> None:
        self._session = session
        self._importer = importer
        self._changes = changes
        self._clients: Directory
        self._staff: Directory
        self._told: dict[UUID, _Told] = {}
        self._sources: Sequence[str] = ()
        self._used: set[tuple[UUID, tuple[UUID, ...]]] = set()
        self._groups: dict[UUID, UUID] = {}

    async def plan(self, rows: Sequence[Checked[PerformedRow]]) -> None:
        """Find the contact of each line, then let each contact take its end."""
        self._clients = await directory_of(self._session, Client, self._importer.source)
        self._staff = await directory_of(self._session, Staff, self._importer.source)
        self._sources = await sources_for(self._session, self._importer)
        for client in await self._session.execute(select(Client.id, Client.group_id)):
            self._groups[client[0]] = client[1]
        for portion in portions(rows):
            await self._find(portion)
        for told in self._told.values():
            self._close(told)

    async def _find(self, portion: Sequence[Checked[PerformedRow]]) -> None:
        names = [one.row.extern_id for one in portion if one.row.extern_id]
        clients = {
            one.line: self._clients.find(one.row.client_id)
            for one in portion
            if not one.row.extern_id and one.row.client_id
        }
        days = {one.row.start.astimezone(self._importer.zone).date() for one in portion}
        found = {one.id: one for one in await named(self._session, names, self._sources)}
        theirs = select(PlannedContact).where(
            PlannedContact.client_id.in_([each for each in set(clients.values()) if each]),
            PlannedContact.planned_date.in_(days),
        )
        found |= {one.id: one for one in await self._session.scalars(theirs)}
        held = await whole_rows(self._session, found.values())
        directory = Directory(
            ((one.id, one.source, one.extern_id) for one in found.values()), self._importer.source
        )
        by_client: dict[UUID, list[Held]] = defaultdict(list)
        for each in held.values():
            by_client[each.contact.client_id].append(each)
        for one in portion:
            self._take(one, directory, held, by_client, clients.get(one.line))

    def _take(
        self,
        one: Checked[PerformedRow],
        directory: Directory,
        held: dict[UUID, Held],
        by_client: dict[UUID, list[Held]],
        client_id: UUID | None,
    ) -> None:
        row = one.row
        if row.start > self._importer.now:
            self._refuse(one.line, "start", "import.future", "Tiden har inte varit än.")
            return
        staff = tuple(each for each in (self._staff.find(name) for name in row.staff_ids) if each)
        if len(staff) != len(row.staff_ids):
            self._refuse(
                one.line,
                "personal_id",
                "import.unknown_staff_here",
                "Det finns ingen medarbetare med det id:t.",
            )
            return
        if row.extern_id:
            contact_id = directory.find(row.extern_id, own_source_only=self._importer.own_source_only)
            match = held[contact_id] if contact_id else None
        else:
            match = self._nearest(row, staff, by_client[client_id] if client_id else [])
        if match is None:
            self._refuse(
                one.line,
                "extern_id" if row.extern_id else "start",
                "import.no_match",
                "Ingen planerad kontakt stämmer med raden. Importera planen för dagen först.",
            )
            return
        theirs = match.contact.client_id
        if not self._importer.reach.covers(self._groups[theirs]):
            self._changes.deny(
                one.line, "extern_id" if row.extern_id else "brukare_id", self._groups[theirs], theirs
            )
            return
        self._note(one, match, staff)

    def _refuse(self, line: int, column: str, code: str, sentence: str) -> None:
        self._changes.refuse(line, column, Fault(code, sentence))

    def _nearest(self, row: PerformedRow, staff: tuple[UUID, ...], rows: Sequence[Held]) -> Held | None:
        """The contact that day that is nearest in time, one with the same staff before one with other."""
        near = [
            each
            for each in rows
            if each.contact.status is not Status.REPLACED
            and abs(each.contact.start - row.start) <= NEAR
            and (each.contact.id, staff) not in self._used
        ]
        if not near:
            return None
        best = min(
            near, key=lambda each: (not set(staff) & set(each.staff), abs(each.contact.start - row.start))
        )
        self._used.add((best.contact.id, staff))
        return best

    def _note(self, one: Checked[PerformedRow], held: Held, staff: tuple[UUID, ...]) -> None:
        """Add the line to what is told of its contact."""
        row = one.row
        known = self._told.get(held.contact.id)
        if known is None:
            known = self._told[held.contact.id] = _Told(
                held, one.line, row.extern_id or str(held.contact.id), row.outcome, row.start, row.end,
                bool(row.manual), row.client_away,
            )  # fmt: skip
        elif known.outcome is not row.outcome:
            self._changes.refuse(
                one.line,
                "utfall",
                Fault(
                    "import.two_outcomes",
                    "Rad %(line)s säger något annat om samma kontakt.",
                    values={"line": known.line},
                ),
            )
            return
        else:
            known.start = min(known.start, row.start)
            known.end = max(filter(None, (known.end, row.end)), default=None)
            known.manual = known.manual or bool(row.manual)
            known.client_away = known.client_away or row.client_away
        known.staff |= dict.fromkeys(staff)

    def _close(self, told: _Told) -> None:
        contact = told.held.contact
        if contact.status.is_end:
            self._changes.unchanged += 1
            if contact.status is not told.outcome:
                self._changes.differences.append(
                    Difference(
                        told.line, contact.id, told.name, "status",
                        OUTCOME_NAMES[told.outcome], OUTCOME_NAMES.get(contact.status, contact.status.value),
                    )
                )  # fmt: skip
            return
        values: dict[str, Any] = {"status": told.outcome, "deadline": None}
        if told.outcome.is_done:
            values |= {
                # What was measured here when it happened is not overwritten.
                "actual_start": contact.actual_start or told.start,
                "actual_end": contact.actual_end or told.end,
                "entered_late": contact.entered_late or told.manual,
            }
        else:
            values["cause"] = Cause.CLIENT_AWAY if told.client_away else Cause.IMPORTED
        self._changes.update(PlannedContact, contact.id, values, version=contact.version)
        self._history(told, values)
        if told.outcome.is_done and told.staff and set(told.staff) != set(told.held.staff):
            self._reassign(told)
        self._changes.move(contact.group_id, contact.client_id, contact.id, [*told.held.staff, *told.staff])
        self._changes.opened[contact.client_id] = contact.group_id
        self._changes.updated += 1

    def _history(self, told: _Told, values: dict[str, Any]) -> None:
        """A line for each step on the way."""
        contact = told.held.contact
        before = contact.status
        for after in path(contact.status, told.outcome):
            is_last = after is told.outcome
            times = ("actual_start", "actual_end")
            change = {
                name: [None, values[name].isoformat()] for name in times if is_last and values.get(name)
            }
            self._changes.insert(
                ContactHistory,
                id=new_id(),
                contact_id=contact.id,
                at=self._importer.now,
                account_id=self._importer.account_id,
                by="import",
                event="performed" if is_last else after.value,
                status_before=before.value,
                status_after=after.value,
                change=change,
            )
            before = after

    def _reassign(self, told: _Told) -> None:
        """Who came is who did it: continuity counts them."""
        self._changes.delete(Assignment, [one.id for one in told.held.assignments])
        for slot, staff_id in enumerate(list(told.staff)[:2], start=1):
            self._changes.insert(
                Assignment, id=new_id(), contact_id=told.held.contact.id, staff_id=staff_id, slot=slot
            )


def path(before: Status, after: Status) -> list[Status]:
    """The steps from `before` to the end `after`, as few as the state machine allows.

    Raises `Fault` ``contact.step`` when there is no way.
    """
    ways = deque([[before]])
    while ways:
        way = ways.popleft()
        if after in STEPS[way[-1]]:
            return [*way[1:], after]
        ways.extend([*way, step] for step in _BETWEEN if step in STEPS[way[-1]] and step not in way)
    raise Fault("contact.step", "Kontakten kan inte få det utfallet.", status=409, place="status")
