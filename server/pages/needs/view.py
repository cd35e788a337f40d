"""What stands in "Behöver en människa", in words: red rows and tasks, the most urgent first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from babel.dates import format_date
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
from server.language import N_
from server.pages.account import alert_words
from server.pages.client import review_words
from server.pages.contact import no_answer_words
from server.pages.contact.row_words import services_text
from server.pages.needs.leads import LEADS, Lead, lead_of
from server.pages.rendering import clock_text
from server.pages.tablet import task_words
from server.tablets.notice import sentence

Translate = Callable[[str], str]

HEADINGS: dict[TaskKind, str] = {
    **review_words.HEADINGS,
    **task_words.HEADINGS,
    **no_answer_words.TASK_HEADINGS,
    TaskKind.TELL_CLIENT: N_("Ring och berätta"),
    TaskKind.CONFIRM_CONSENT: N_("Samtycke att bekräfta"),
    TaskKind.CALL_REQUEST: N_("Vill bli uppringd"),
    TaskKind.SYSTEM_WAS_AWAY: N_("Systemet var borta"),
    TaskKind.FOLLOW_UP: N_("Att följa upp"),
    TaskKind.EMERGENCY_OPENED: N_("Nödöppning att granska"),
    TaskKind.LOG_SAMPLE: N_("Månadens stickprov ur loggen"),
    TaskKind.ALERT_FAILED: N_("Besked kom inte fram"),
}
#: What a task may end with, by kind: (word for the record, words on the button). The first is the usual.
OUTCOMES: dict[TaskKind, tuple[tuple[str, str], ...]] = {
    **review_words.OUTCOMES,
    **task_words.OUTCOMES,
    **no_answer_words.TASK_OUTCOMES,
    TaskKind.TELL_CLIENT: (
        ("told", N_("Har berättat")),
        ("not_reached", N_("Nådde inte, tar det på besöket")),
    ),
    TaskKind.CONFIRM_CONSENT: (
        ("confirmed", N_("Samtycket är bekräftat")),
        ("declined", N_("Personen vill inte")),
    ),
    TaskKind.CALL_REQUEST: (("called", N_("Har ringt")), ("not_reached", N_("Nådde inte"))),
    TaskKind.SYSTEM_WAS_AWAY: (("checked", N_("Raderna är kontrollerade")),),
    TaskKind.FOLLOW_UP: (("done", N_("Uppföljt")),),
    TaskKind.ALERT_FAILED: (("handled", N_("Den som skulle ha besked vet")),),
    # Judged in the log, line by line.
    TaskKind.EMERGENCY_OPENED: (),
    TaskKind.LOG_SAMPLE: (),
}


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
            sentence="" if is_nameless else self._special(one, client) or self._sentence(one, client),
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
        facts = one.facts
        match one.kind:
            case TaskKind.TELL_CLIENT:
                return " ".join(self._told(notice) for notice in self.notices.get(one.id, []))
            case TaskKind.SYSTEM_WAS_AWAY:
                return self.say(
                    "Samtid var borta %(start)s–%(end)s. Skriv vad det blev av kontakterna under den tiden."
                ) % {
                    "start": self._time(facts.get("from")),
                    "end": self._time(facts.get("to")),
                }
            case TaskKind.FOLLOW_UP | TaskKind.EMERGENCY_OPENED:
                return self._follow_up(one, client)
            case TaskKind.CONFIRM_CONSENT:
                return self.say(
                    "Samtycket kommer från en import och gäller inte förrän någon har bekräftat det."
                )
            case _:
                return str(one.note or "")

    def _special(self, one: Task, client: Client | None) -> str:
        """Of the kinds with words of their own; empty for the others."""
        if one.kind in review_words.HEADINGS:
            return review_words.sentence(one.kind, one.facts, client, self.zone, self.say)
        if one.kind in no_answer_words.TASK_HEADINGS:
            return no_answer_words.task_sentence(one.kind, one.facts, client, self.say)
        if one.kind in task_words.HEADINGS:
            return task_words.sentence(one.kind, one.facts, self.zone, self.say)
        if one.kind is TaskKind.LOG_SAMPLE:
            return self.say(
                "%(count)s slumpvis valda rader från %(month)s. Hade den som öppnade skäl till det?"
            ) % {
                "count": one.facts.get("entries", ""),
                "month": self._month(one.facts.get("month")),
            }
        if one.kind is TaskKind.CALL_REQUEST:
            time = clock_text(one.created_at, self.zone)
            return self.say("Bad om det på skärmen kl. %(time)s.") % {"time": time}
        return ""

    def _follow_up(self, one: Task, client: Client | None) -> str:
        if one.kind is TaskKind.EMERGENCY_OPENED:
            return self.say("%(name)s har nödöppnat kl. %(time)s. Skälet står i loggen.") % {
                "name": one.facts.get("by", ""),
                "time": clock_text(one.created_at, self.zone),
            }
        why = one.facts.get("why")
        if why == "put_off":
            name = client.first_name if client else ""
            return self.say("%(name)s tryckte Inte nu. Hör efter att allt är bra.") % {"name": name}
        if why == "delegation":
            return self.say("Någon med delegering behöver kvittera det som inte är kvitterat.")
        if why == "carried":
            return self.say("Något som skrevs in utan täckning stämmer inte med det som redan står. Bestäm.")
        return str(one.note or "") or self.say("Den som kvitterade vill att det följs upp.")

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

    def _time(self, text: Any) -> str:
        try:
            return clock_text(datetime.fromisoformat(str(text)), self.zone)
        except ValueError:
            return self.say("okänd tid")

    def _month(self, text: Any) -> str:
        try:
            return str(format_date(date.fromisoformat(f"{text}-01"), "LLLL yyyy", locale=self.language))
        except ValueError:
            return ""
