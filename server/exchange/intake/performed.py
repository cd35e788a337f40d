"""Performed visits onto the plan: what another system says came of it.

A row is found by its id, or else by client, staff and time (`matching`); what is not clear is left to a
person. The state machine decides how it gets to its end; a row that has ended here keeps its end, and the
difference is told.
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
from server.exchange.intake.matching import NEAR, Planned, Visit, match
from server.exchange.intake.staging import portions
from server.exchange.kinds.performed import OUTCOME_NAMES, PerformedRow
from server.exchange.validation import Checked

#: Clients whose contacts are looked at together: a few milliseconds of the server's event loop.
_CLIENTS = 100
#: What began within this of what stands here is the same visit.
_SAME = timedelta(minutes=15)
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
    visits: list[Visit] = field(default_factory=list)


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
        self._groups: dict[UUID, UUID] = {}

    async def plan(self, rows: Sequence[Checked[PerformedRow]]) -> None:
        """Find the contact of each line, then let each contact take its end."""
        self._clients = await directory_of(self._session, Client, self._importer.source)
        self._staff = await directory_of(self._session, Staff, self._importer.source)
        self._sources = await sources_for(self._session, self._importer)
        for client in await self._session.execute(select(Client.id, Client.group_id)):
            self._groups[client[0]] = client[1]
        left = [one for portion in portions(rows) for one in await self._named(portion)]
        await self._find(left)
        for told in self._told.values():
            self._close(told)

    async def _named(self, portion: Sequence[Checked[PerformedRow]]) -> list[Checked[PerformedRow]]:
        """Take the lines whose contact the file names; the others, to be found by client, staff and time."""
        names = [one.row.extern_id for one in portion if one.row.extern_id]
        found = {one.id: one for one in await named(self._session, names, self._sources)}
        held = await whole_rows(self._session, found.values())
        directory = Directory(
            ((one.id, one.source, one.extern_id) for one in found.values()), self._importer.source
        )
        left = []
        for one in portion:
            if one.row.start > self._importer.now:
                self._refuse(one.line, "start", "import.future", "Tiden har inte varit än.")
                continue
            if any(self._staff.find(name) is None for name in one.row.staff_ids):
                self._refuse(
                    one.line,
                    "personal_id",
                    "import.unknown_staff_here",
                    "Det finns ingen medarbetare med det id:t.",
                )
                continue
            contact_id = (
                directory.find(one.row.extern_id, own_source_only=self._importer.own_source_only)
                if one.row.extern_id
                else None
            )
            if contact_id is not None:
                self._take(one, held[contact_id])
            elif one.row.client_id:
                # An id of theirs for the visit, which the plan does not have.
                left.append(one)
            else:
                self._no_match(one)
        return left

    async def _find(self, rows: Sequence[Checked[PerformedRow]]) -> None:
        """Find the contacts of lines that name none, all lines of a client together."""
        by_client: dict[UUID | None, list[Checked[PerformedRow]]] = defaultdict(list)
        for one in rows:
            by_client[self._clients.find(one.row.client_id or "")].append(one)
        for one in by_client.pop(None, []):
            self._no_match(one)
        for clients in portions([key for key in by_client if key is not None], _CLIENTS):
            lines = [one for key in clients for one in by_client[key]]
            held = await self._around(clients, lines)
            for key in clients:
                self._match(by_client[key], held[key])

    async def _around(
        self, clients: Sequence[UUID], lines: Sequence[Checked[PerformedRow]]
    ) -> dict[UUID, list[Held]]:
        """The contacts of those clients near the times of the lines; a night has two dates."""
        dates = {one.row.start.astimezone(self._importer.zone).date() for one in lines}
        days = {day + timedelta(days=by) for day in dates for by in (-1, 0, 1)}
        found = await self._session.scalars(
            select(PlannedContact).where(
                PlannedContact.client_id.in_(clients),
                PlannedContact.planned_date.in_(days),
                PlannedContact.status != Status.REPLACED,
            )
        )
        by_client: dict[UUID, list[Held]] = defaultdict(list)
        for each in (await whole_rows(self._session, found)).values():
            by_client[each.contact.client_id].append(each)
        return by_client

    def _match(self, lines: Sequence[Checked[PerformedRow]], rows: Sequence[Held]) -> None:
        held = {each.contact.id: each for each in rows}
        left = list(lines)
        # What stands to the minute before what stands about then.
        for about in (timedelta(minutes=1), _SAME):
            left = [one for one in left if not self._stands(one, rows, about)]
        open_ones = [each for each in rows if not each.contact.status.is_end]
        known = {key: self._told[key].visits for key in held if key in self._told}
        by_line = {one.line: one for one in left}
        found, unclear = match(
            [self._visit(one) for one in left], [_planned(each) for each in open_ones], known
        )
        for line, contact_id in found.items():
            self._take(by_line[line], held[contact_id])
        for each in unclear:
            if each.perhaps:
                self._ambiguous(by_line[each.visit.line], each.perhaps)
            elif not self._contradicts(by_line[each.visit.line], rows):
                self._no_match(by_line[each.visit.line])

    def _stands(self, one: Checked[PerformedRow], rows: Sequence[Held], about: timedelta) -> bool:
        """Whether the line tells what stands already: the same file again, or what was entered here too."""
        visit = self._visit(one)
        same = [
            each
            for each in rows
            if each.contact.status is one.row.outcome
            and (not visit.staff or visit.staff & set(each.staff))
            and abs((each.contact.actual_start or each.contact.start) - visit.start)
            <= (about if each.contact.actual_start else NEAR)
            and (each.contact.id not in self._told or len(each.staff) > 1)
        ]
        if not same:
            return False
        self._take(one, min(same, key=lambda each: abs(each.contact.start - visit.start)))
        return True

    def _contradicts(self, one: Checked[PerformedRow], rows: Sequence[Held]) -> bool:
        """Whether it says something else of the only row that has ended near it: told, and ours stands."""
        ended = [
            each
            for each in rows
            if each.contact.status.is_end
            and each.contact.status is not one.row.outcome
            and abs(each.contact.start - one.row.start) <= NEAR
        ]
        if len(ended) != 1 or ended[0].contact.id in self._told:
            return False
        self._take(one, ended[0])
        return True

    def _visit(self, one: Checked[PerformedRow]) -> Visit:
        staff = (self._staff.find(name) for name in one.row.staff_ids)
        return Visit(one.line, one.row.start, frozenset(each for each in staff if each))

    def _take(self, one: Checked[PerformedRow], held: Held) -> None:
        theirs = held.contact.client_id
        if not self._importer.reach.covers(self._groups[theirs]):
            column = "extern_id" if one.row.extern_id else "brukare_id"
            self._changes.deny(one.line, column, self._groups[theirs], theirs)
            return
        staff = tuple(each for each in (self._staff.find(name) for name in one.row.staff_ids) if each)
        self._note(one, held, staff)
        if held.contact.id in self._told:
            self._told[held.contact.id].visits.append(self._visit(one))

    def _no_match(self, one: Checked[PerformedRow]) -> None:
        self._refuse(
            one.line,
            "extern_id" if one.row.extern_id else "start",
            "import.no_match",
            "Ingen planerad kontakt stämmer med raden. Importera planen för dagen först.",
        )

    def _ambiguous(self, one: Checked[PerformedRow], perhaps: Sequence[Planned]) -> None:
        times = sorted(each.start for each in perhaps)
        self._changes.refuse(
            one.line,
            "start",
            Fault(
                "import.ambiguous",
                "Det går inte att säga vilken planerad kontakt det var (%(times)s). "
                "Skriv kontaktens extern_id på raden, eller skriv in besöket på rätt kontakt.",
                values={
                    "times": ", ".join(f"{each.astimezone(self._importer.zone):%H.%M}" for each in times)
                },
            ),
        )

    def _refuse(self, line: int, column: str, code: str, sentence: str) -> None:
        self._changes.refuse(line, column, Fault(code, sentence))

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


def _planned(held: Held) -> Planned:
    contact = held.contact
    staff = frozenset(held.staff)
    return Planned(contact.id, contact.start, staff, max(contact.staff_needed, len(staff)))


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
