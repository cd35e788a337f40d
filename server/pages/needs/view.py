"""What stands in "Behöver en människa", in words: red rows and tasks, the most urgent first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.alerts import Alert
from care.clients import Client, ContactPerson
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.life import Status
from care.ids import read_id
from care.no_answer.case import NoAnswerCase, open_cases
from care.notices import Notice
from care.staff import Staff
from care.tasks import JUDGED_IN_LOG, Task, TaskKind
from scheduler.alerting import trails
from scheduler.closing import may_be_closed
from scheduler.passing import had_by
from scheduler.resolving import needs_a_person
from server.pages.account import alert_words
from server.pages.contact import no_answer_words
from server.pages.contact.row_words import services_text
from server.pages.needs.leads import LEADS, Lead, lead_of
from server.pages.needs.tasks import HEADINGS, OUTCOMES, task_sentence
from server.pages.rendering import clock_text
from server.tablets.notice import sentence

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to ring, and whose it is."""

    who: str
    number: str


@dataclass(slots=True)
class Need:
    """One thing on the page."""

    id: UUID
    kind: str
    heading: str
    client: Client | None
    sentence: str
    deadline: datetime | None
    is_late: bool
    owner: str | None
    owner_id: UUID | None = None
    #: Who was told of it on a closed phone, and what came of that.
    trail: str = ""
    #: The owner has said "Jag tar det".
    is_taken: bool = False
    #: When it was to be done at first, and how many have let it go by since.
    promised: datetime | None = None
    passed: int = 0
    phones: list[Phone] = field(default_factory=list)
    contact: PlannedContact | None = None
    #: The reader may know that it waits, but not whom it is about, and so not close it.
    is_nameless: bool = False
    services: str = ""
    #: What to do now, where nobody answers.
    step: str = ""
    outcomes: Sequence[tuple[str, str]] = ()
    #: Contacts to look at, in words: (id, words)
    rows: list[tuple[UUID, str]] = field(default_factory=list)
    #: Where it is answered, when that is not here.
    lead: Lead | None = None
    lead_parts: dict[str, str] = field(default_factory=dict)
    lead_query: str = ""


async def needs(
    session: AsyncSession,
    groups: Collection[UUID],
    clock: Clock,
    language: str,
    say: Translate,
    *,
    nameless: Callable[[Iterable[Client]], Awaitable[Collection[UUID]]],
) -> tuple[list[Need], list[Need]]:
    """Red rows, and tasks, of `groups`; `nameless` tells whose names the reader may not see."""
    found = await needs_a_person(session, groups)
    about = _About(session, clock, language, say)
    await about.read(found.contacts, found.tasks)
    about.nameless = await nameless(about.clients.values())
    about.unanswered = {
        one.id for one in found.tasks if one.kind in LEADS and not await may_be_closed(session, one, clock)
    }
    about.trails = await trails(session, [one.id for one in found.tasks], [one.id for one in found.contacts])
    # What was passed on has a new deadline, and is late all the same: it does not sink in the list.
    tasks = sorted(found.tasks, key=lambda one: (one.promised, one.id))
    return [about.red(row) for row in found.contacts], [about.task(one) for one in tasks]


class _About:
    """Everything that the sentences need, read in a few queries."""

    def __init__(self, session: AsyncSession, clock: Clock, language: str, say: Translate) -> None:
        self.session, self.now, self.zone, self.language, self.say = (
            session,
            clock.now(),
            clock.zone,
            language,
            say,
        )
        self.clients: dict[UUID, Client] = {}
        self.staff: dict[UUID, Staff] = {}
        self.persons: dict[UUID, list[ContactPerson]] = {}
        self.contacts: dict[UUID, PlannedContact] = {}
        self.notices: dict[UUID, list[Notice]] = {}
        self.nameless: Collection[UUID] = ()
        self.trails: dict[UUID, list[tuple[Alert, Staff]]] = {}
        #: Rows that somebody is going through the steps of, as nobody answered.
        self.cases: dict[UUID, NoAnswerCase] = {}
        #: Tasks that are answered elsewhere, and have not been.
        self.unanswered: Collection[UUID] = ()

    async def read(self, red: Sequence[PlannedContact], tasks: Sequence[Task]) -> None:
        session = self.session
        notices = list(
            await session.scalars(
                select(Notice)
                .where(Notice.task_id.in_([one.id for one in tasks]), Notice.told_at.is_(None))
                .order_by(Notice.made_at)
            )
        )
        for notice in notices:
            if notice.task_id is not None:
                self.notices.setdefault(notice.task_id, []).append(notice)
        wanted = {row.id for row in red} | {one.contact_id for one in tasks if one.contact_id}
        wanted |= {notice.contact_id for notice in notices}
        for one in tasks:
            if one.kind is not TaskKind.SYSTEM_WAS_AWAY:
                wanted |= {key for text in one.facts.get("contacts", []) if (key := read_id(str(text)))}
        for row in await session.scalars(
            select(PlannedContact)
            .where(PlannedContact.id.in_(wanted))
            .options(
                selectinload(PlannedContact.lines).selectinload(ContactLine.service),
                selectinload(PlannedContact.assignments).selectinload(Assignment.staff),
            )
            .execution_options(populate_existing=True)
        ):
            self.contacts[row.id] = row
        clients = {row.client_id for row in self.contacts.values()} | {
            one.client_id for one in tasks if one.client_id
        }
        self.clients = {
            one.id: one for one in await session.scalars(select(Client).where(Client.id.in_(clients)))
        }
        for person in await session.scalars(
            select(ContactPerson).where(ContactPerson.client_id.in_(clients)).order_by(ContactPerson.rank)
        ):
            self.persons.setdefault(person.client_id, []).append(person)
        self.cases = await open_cases(session, [row.id for row in red])
        owners = {row.owner_id for row in red} | {one.owner_id for one in tasks}
        self.staff = {
            one.id: one
            for one in await session.scalars(
                select(Staff).where(Staff.id.in_([key for key in owners if key]))
            )
        }

    def red(self, row: PlannedContact) -> Need:
        full = self.contacts[row.id]
        client = self.clients[row.client_id]
        unknown = row.status is Status.UNKNOWN
        text = (
            self.say("Det är okänt om kontakten kl. %(time)s blev av.")
            if unknown
            else self.say("Kontakten kl. %(time)s har inte blivit av.")
        )
        if row.cause == Cause.CONSENT_WITHDRAWN and not unknown:
            text = self.say(
                "Samtycket till video togs tillbaka under samtalet kl. %(time)s. Behövs ett besök?"
            )
        case = self.cases.get(row.id)
        return Need(
            id=row.id,
            kind="red",
            step=self.say(no_answer_words.HEADINGS[case.step]) if case is not None else "",
            heading=self._name(client),
            is_nameless=client.id in self.nameless,
            client=client,
            sentence=text % {"time": clock_text(row.start, self.zone)},
            deadline=row.deadline,
            is_late=row.deadline is not None and row.deadline < self.now,
            owner=self._owner(row.owner_id),
            **self._told_of(row.id, row.owner_id),
            phones=self._phones(client),
            contact=row,
            services=services_text(full.lines, self.language),
        )

    def task(self, one: Task) -> Need:
        client = self.clients.get(one.client_id) if one.client_id else None
        is_nameless = client is not None and client.id in self.nameless
        lead, parts, rest = lead_of(one)
        return Need(
            id=one.id,
            kind=one.kind.value,
            heading=self.say(HEADINGS[one.kind]),
            client=client,
            is_nameless=is_nameless,
            sentence="" if is_nameless else self._sentence(one, client),
            deadline=one.deadline,
            is_late=one.is_late(self.now),
            promised=one.promised,
            passed=len(had_by(one)),
            owner=self._owner(one.owner_id),
            **self._told_of(one.id, one.owner_id),
            # Who judges what was read needs no telephone to the home.
            phones=self._phones(client) if client and one.kind not in JUDGED_IN_LOG else [],
            contact=self.contacts.get(one.contact_id) if one.contact_id else None,
            outcomes=[(word, self.say(words)) for word, words in OUTCOMES[one.kind]]
            if one.id not in self.unanswered
            else [],
            rows=[] if one.kind is TaskKind.SYSTEM_WAS_AWAY else self._rows(one),
            lead=lead,
            lead_parts=parts,
            lead_query=rest,
        )

    def _sentence(self, one: Task, client: Client | None) -> str:
        if one.kind is TaskKind.TELL_CLIENT:
            return " ".join(self._told(notice) for notice in self.notices.get(one.id, []))
        return task_sentence(one, client, self.zone, self.language, self.say)

    def _told(self, notice: Notice) -> str:
        row = self.contacts.get(notice.contact_id)
        if row is None:
            return ""
        word = row.lines[0].service.kiosk_word if row.lines else ""
        return sentence(
            notice.facts,
            row,
            [one.staff.first_name for one in row.assignments],
            self.say(word) if word else "",
            now=self.now,
            zone=self.zone,
            language=self.language,
            translate=self.say,
        )

    def _rows(self, one: Task) -> list[tuple[UUID, str]]:
        listed = []
        for text in one.facts.get("contacts", []):
            key = read_id(str(text))
            row = self.contacts.get(key) if key else None
            if row is not None:
                name = self._name(self.clients[row.client_id])
                listed.append((row.id, f"{clock_text(row.start, self.zone)} {name}"))
        return listed

    def _name(self, client: Client) -> str:
        return self.say("Skyddade uppgifter") if client.id in self.nameless else client.short_name

    def _phones(self, client: Client) -> list[Phone]:
        """Whom to ring; nothing of a protected identity stands in a list (I3)."""
        if client.is_protected:
            return []
        found = [Phone(client.first_name, client.phone)] if client.phone else []
        return found + [
            Phone(f"{one.name}, {one.relation}", one.phone) for one in self.persons.get(client.id, [])
        ]

    def _told_of(self, thing: UUID, owner_id: UUID | None) -> dict[str, Any]:
        steps = self.trails.get(thing, [])
        return {
            "owner_id": owner_id,
            "trail": alert_words.trail(steps, self.zone, self.say),
            "is_taken": owner_id is not None and alert_words.is_taken_by(steps, owner_id),
        }

    def _owner(self, staff_id: UUID | None) -> str | None:
        found = self.staff.get(staff_id) if staff_id else None
        return found.short_name if found else None
