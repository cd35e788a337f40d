"""Planned contacts into the plan.

A row that a person here has changed, or that has begun, is left as it is until it ends: the difference is
told. Everything else follows the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.digital import client_consents, nurse_allows
from care.contacts.facts import Wanted, facts_of
from care.contacts.life import Status
from care.errors import Fault
from care.ids import new_id
from care.services import Service
from care.staff import Staff
from server.exchange.intake.changes import Changes, Difference
from server.exchange.intake.directory import Directory, directory_of
from server.exchange.intake.held import Held, named, sources_for, whole_rows
from server.exchange.intake.importer import Importer
from server.exchange.intake.staging import portions
from server.exchange.intake.wish import Wish
from server.exchange.kinds.contacts import CHANNEL_NAMES, ContactRow
from server.exchange.validation import Checked

#: Channels without anybody in the home.
_AT_A_DISTANCE = frozenset({Channel.VIDEO, Channel.PHONE, Channel.PROMPT})

_UNKNOWN = {
    "import.unknown_client": "Det finns ingen brukare med id ”%(id)s” (eller flera). Importera brukarna "
    "först.",
    "import.unknown_staff": "Det finns ingen medarbetare med id ”%(id)s” (eller flera). Importera personalen "
    "först.",
    "import.unknown_service": "Insatskoden ”%(id)s” finns inte i katalogen. Importera insatserna först.",
}


class Contacts:
    """Plans one file of contacts."""

    def __init__(self, session: AsyncSession, importer: Importer, changes: Changes) -> None:
        self._session = session
        self._importer = importer
        self._changes = changes
        self._clients: Directory
        self._staff: Directory
        self._groups: dict[UUID, UUID] = {}
        self._services: dict[str, Service] = {}
        self._by_id: dict[UUID, Service] = {}
        self._names: dict[UUID, str] = {}
        self._sources: Sequence[str] = ()

    async def plan(self, rows: Sequence[Checked[ContactRow]]) -> None:
        """Compare the plan with `rows`, a portion at a time."""
        session, source = self._session, self._importer.source
        self._clients = await directory_of(session, Client, source)
        self._staff = await directory_of(session, Staff, source)
        for client in await session.execute(select(Client.id, Client.group_id)):
            self._groups[client[0]] = client[1]
        for service in await session.scalars(select(Service)):
            self._services[service.code.casefold()] = service
            self._by_id[service.id] = service
        for person in await session.scalars(select(Staff)):
            self._names[person.id] = person.short_name
        self._sources = await sources_for(session, self._importer)
        for portion in portions(rows):
            held = await self._held(portion)
            distant: list[tuple[int, Wanted]] = []
            for one in portion:
                self._take(one, held, distant)
            await self._warn_of_distance(distant)

    async def _held(self, portion: Sequence[Checked[ContactRow]]) -> dict[str, Held]:
        """The rows of the plan that the portion's ids name."""
        names = [one.row.extern_id for one in portion]
        found = await named(self._session, names, self._sources)
        whole = await whole_rows(self._session, found)
        directory = Directory(((one.id, one.source, one.extern_id) for one in found), self._importer.source)
        held: dict[str, Held] = {}
        for name in names:
            contact_id = directory.find(name, own_source_only=self._importer.own_source_only)
            if contact_id is not None:
                held[name] = whole[contact_id]
        return held

    def _take(
        self, one: Checked[ContactRow], held: dict[str, Held], distant: list[tuple[int, Wanted]]
    ) -> None:
        wish = self._wish(one)
        if wish is None:
            return
        known = held.get(one.row.extern_id)
        if known is None:
            contact_id = self._insert(one, wish)
        elif not self._importer.reach.covers(self._groups[known.contact.client_id]):
            theirs = known.contact.client_id
            self._changes.deny(one.line, "extern_id", self._groups[theirs], theirs)
            return
        elif known.contact.client_id != wish.client_id:
            self._changes.refuse(
                one.line,
                "brukare_id",
                Fault("import.other_client", "Kontakten hör till en annan brukare. Den kan inte flyttas."),
            )
            return
        else:
            contact_id = known.contact.id
            if not self._update(one, wish, known):
                return
        if wish.channel in _AT_A_DISTANCE:
            distant.append((one.line, wish.wanted(contact_id)))

    def _wish(self, one: Checked[ContactRow]) -> Wish | None:
        """The row with every id found, or None when something was refused."""
        row, before = one.row, len(self._changes.errors)
        client_id = self._clients.find(row.client_id)
        if client_id is None:
            self._refuse_unknown(one.line, "brukare_id", "import.unknown_client", row.client_id)
        elif not self._importer.reach.covers(self._groups[client_id]):
            self._changes.deny(one.line, "brukare_id", self._groups[client_id], client_id)
        services = [self._services.get(code.casefold()) for code in row.services]
        for code, service in zip(row.services, services, strict=True):
            if service is None:
                self._refuse_unknown(one.line, "insatser", "import.unknown_service", code)
        staff = [self._staff.find(name) for name in row.staff_ids]
        for column, name, person in zip(("personal_id", "personal_id_2"), row.staff_ids, staff, strict=False):
            if person is None:
                self._refuse_unknown(one.line, column, "import.unknown_staff", name)
        found = tuple(service for service in services if service is not None)
        self._check_hands(one.line, found, row.channel)
        if client_id is None or len(self._changes.errors) > before:
            return None
        window = None
        if row.window_start is not None and row.window_end is not None:
            window = (row.window_start, row.window_end)
        speaks_of_staff = bool({"personal_id", "personal_id_2"} & one.given)
        people = tuple(person for person in staff if person is not None)
        return Wish(
            client_id,
            self._groups[client_id],
            row.start,
            row.minutes,
            window,
            row.channel,
            found,
            people if speaks_of_staff else None,
        )

    def _check_hands(self, line: int, services: Iterable[Service], channel: Channel | None) -> bool:
        """Refuse hands-on services at a distance; True when nothing was refused."""
        hands = next((each for each in services if not each.digital_class.may_be_digital), None)
        if hands is None or channel not in _AT_A_DISTANCE:
            return True
        self._changes.refuse(
            line,
            "kanal",
            Fault(
                "import.hands_needed",
                "%(code)s behöver någon på plats och kan inte vara %(channel)s.",
                values={"code": hands.code, "channel": CHANNEL_NAMES[channel]},
            ),
        )
        return False

    def _refuse_unknown(self, line: int, column: str, code: str, name: str) -> None:
        self._changes.refuse(line, column, Fault(code, _UNKNOWN[code], values={"id": name}))

    def _insert(self, one: Checked[ContactRow], wish: Wish) -> UUID:
        contact_id = new_id()
        channel = wish.channel or Channel.PHYSICAL
        window = wish.own_window
        day = self._day(wish.start)
        staff = wish.staff or ()
        # What has been is not made to ring: it is unknown until somebody, or a file, says what came of it.
        is_past = window[1] < self._importer.now
        if is_past:
            self._changes.warn(
                one.line,
                "start",
                "import.past",
                "Tiden har redan varit. Raden står som okänd tills utfallet är känt.",
            )
        status = Status.UNKNOWN if is_past else Status.PLANNED
        self._changes.insert(
            PlannedContact,
            id=contact_id,
            source=self._importer.source,
            extern_id=one.row.extern_id,
            client_id=wish.client_id,
            group_id=wish.group_id,
            channel=channel,
            first_channel=channel,
            origin=Origin.IMPORT,
            owed_date=day,
            planned_date=day,
            window_start=window[0],
            window_end=window[1],
            start=wish.start,
            minutes=wish.minutes,
            staff_needed=max(1, len(staff)),
            priority=wish.priority,
            status=status,
            owner_id=staff[0] if staff else None,
            entered_late=is_past,
        )
        self._lines(contact_id, wish, ())
        self._assign(contact_id, staff)
        self._history(contact_id, "imported", None, status, {})
        self._changes.move(wish.group_id, wish.client_id, contact_id, staff)
        self._changes.opened[wish.client_id] = wish.group_id
        self._changes.imported += 1
        return contact_id

    def _update(self, one: Checked[ContactRow], wish: Wish, held: Held) -> bool:
        """Bring the row in line with the file, or tell the difference; True when it changed."""
        contact = held.contact
        wanted = self._wanted(wish, held)
        lines = tuple(service.id for service in wish.services) != held.services
        staff = wish.staff is not None and wish.staff != held.staff
        if not (wanted or lines or staff) or contact.status.is_end:
            self._changes.unchanged += 1
            return False
        if contact.touched or contact.status is not Status.PLANNED:
            self._changes.unchanged += 1
            self._tell(one, wish, held, wanted, lines=lines, staff=staff)
            return False
        if not self._check_hands(one.line, wish.services, wanted.get("channel", contact.channel)):
            return False
        if "start" in wanted:
            wanted["planned_date"] = self._day(wish.start)
            if contact.owed_date > self._importer.today:
                # The day it counts for moves only before that day begins.
                wanted["owed_date"] = wanted["planned_date"]
        change = {name: [_plain(getattr(contact, name)), _plain(value)] for name, value in wanted.items()}
        if lines:
            wanted["priority"] = wish.priority
            change["services"] = [[str(each) for each in held.services], [str(s.id) for s in wish.services]]
            self._changes.delete(ContactLine, [line.id for line in held.lines])
            self._lines(contact.id, wish, held.lines)
        people = held.staff
        if staff and wish.staff is not None:
            people = wish.staff
            wanted |= {"staff_needed": max(1, len(people)), "owner_id": people[0] if people else None}
            change["staff"] = [[str(each) for each in held.staff], [str(each) for each in people]]
            self._changes.delete(Assignment, [each.id for each in held.assignments])
            self._assign(contact.id, people)
        self._changes.update(PlannedContact, contact.id, wanted, version=contact.version)
        self._history(contact.id, "imported", contact.status, contact.status, change)
        self._changes.move(contact.group_id, contact.client_id, contact.id, [*held.staff, *people])
        self._changes.opened[contact.client_id] = contact.group_id
        self._changes.updated += 1
        return True

    def _wanted(self, wish: Wish, held: Held) -> dict[str, Any]:
        """The columns that the file wants otherwise than they are."""
        contact = held.contact
        wanted: dict[str, Any] = {"start": wish.start, "minutes": wish.minutes}
        if wish.channel is not None:
            wanted["channel"] = wish.channel
        if wish.window is not None:
            wanted |= {"window_start": wish.window[0], "window_end": wish.window[1]}
        elif wish.start != contact.start:
            window = wish.own_window
            wanted |= {"window_start": window[0], "window_end": window[1]}
        return {name: value for name, value in wanted.items() if getattr(contact, name) != value}

    def _tell(
        self,
        one: Checked[ContactRow],
        wish: Wish,
        held: Held,
        wanted: dict[str, Any],
        *,
        lines: bool,
        staff: bool,
    ) -> None:
        """ "Lifecare säger … här gäller …", a line for each thing that differs."""
        said = {
            name: (self._shown(value), self._shown(getattr(held.contact, name)))
            for name, value in wanted.items()
        }
        if lines:
            said["services"] = (
                "+".join(service.code for service in wish.services),
                "+".join(self._by_id[each].code for each in held.services),
            )
        if staff and wish.staff is not None:
            said["staff"] = (self._people(wish.staff), self._people(held.staff))
        self._changes.differences += [
            Difference(one.line, held.contact.id, one.row.extern_id, name, theirs, ours)
            for name, (theirs, ours) in said.items()
        ]

    def _shown(self, value: Any) -> str:
        if isinstance(value, datetime):
            return f"{value.astimezone(self._importer.zone):%Y-%m-%d %H.%M}"
        return CHANNEL_NAMES[value] if isinstance(value, Channel) else str(value)

    def _people(self, ids: Iterable[UUID]) -> str:
        return ", ".join(self._names[each] for each in ids) or "–"

    def _lines(self, contact_id: UUID, wish: Wish, old: Sequence[ContactLine]) -> None:
        """New lines; what a licensed professional has said of a service stays with it."""
        said = {line.service_id: line for line in old}
        for seq, (service, minutes) in enumerate(zip(wish.services, wish.shares, strict=True)):
            before = said.get(service.id)
            self._changes.insert(
                ContactLine,
                id=new_id(),
                contact_id=contact_id,
                seq=seq,
                service_id=service.id,
                goal_type=service.goal_type,
                law=service.law,
                minutes=minutes,
                ordered_by_id=before.ordered_by_id if before else None,
                digital_allowed_by_id=before.digital_allowed_by_id if before else None,
            )

    def _assign(self, contact_id: UUID, staff: Iterable[UUID]) -> None:
        for slot, staff_id in enumerate(staff, start=1):
            self._changes.insert(Assignment, id=new_id(), contact_id=contact_id, staff_id=staff_id, slot=slot)

    def _history(
        self, contact_id: UUID, event: str, before: Status | None, after: Status, change: dict[str, Any]
    ) -> None:
        self._changes.insert(
            ContactHistory,
            id=new_id(),
            contact_id=contact_id,
            at=self._importer.now,
            account_id=self._importer.account_id,
            by="import",
            event=event,
            status_before=before.value if before else None,
            status_after=after.value,
            change=change,
        )

    async def _warn_of_distance(self, distant: Sequence[tuple[int, Wanted]]) -> None:
        """Calls that may not be made yet: consent or the nurse's word is missing."""
        if not distant:
            return
        clock = StandingClock(self._importer.now, self._importer.zone)
        facts = await facts_of(self._session, [want for _, want in distant], clock)
        for (line, _), fact in zip(distant, facts, strict=True):
            for no in (client_consents(fact), nurse_allows(fact)):
                if no is not None:
                    self._changes.warn(line, "kanal", f"import.{no.rule}", no.sentence, **no.values)

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self._importer.zone).date()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Channel) else value
