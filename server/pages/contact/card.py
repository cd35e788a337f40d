"""Everything that the card of one contact shows, read in a dozen queries and said in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from babel import Locale
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.access.rights import Part
from care.accounts import display_names
from care.calls.ring import against_ringing
from care.clients import Client, ContactPerson, contact_persons
from care.clock import Clock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, ContactLine, PlannedContact
from care.contacts.digital import No
from care.contacts.elsewhere import registered_in
from care.contacts.life import Status
from care.delegation import delegated
from care.known_staff import is_known
from care.localtime import to_wall
from care.municipality import Group
from care.receipts import Result, valid_receipts
from care.services import GoalType, Law
from care.staff import Staff
from server.pages.contact.row_words import Translate, change_parts, event_text, reason_text
from server.pages.day.list import DAYS_AHEAD, names_in

#: The parts of the system that act by themselves: the first word of `ContactHistory.by`.
_SYSTEM = "Samtid"
#: What a worker need not read: the clock's own steps.
_QUIET = frozenset({"due", "deadline_moved", "reminded"})


@dataclass(frozen=True, slots=True)
class Goal:
    """One line: what is to be done, and what for."""

    service: str
    goal: str
    minutes: int
    is_health_care: bool
    ordered_by: str | None
    needs_delegation: bool = False
    #: Those who are to do it and have no delegation.
    undelegated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """One thing that has happened to the row."""

    at: datetime
    text: str
    by: str
    reason: str | None
    #: What the phone's clock showed, for what was entered without cover.
    phone_at: datetime | None = None


@dataclass(slots=True)
class Card:
    """A contact with all that stands around it."""

    contact: PlannedContact
    client: Client
    group: Group
    lines: list[ContactLine]
    goals: dict[str, GoalType]
    staff: list[Staff]
    persons: list[ContactPerson]
    history: list[ContactHistory]
    accounts: dict[UUID, str]
    names: dict[str, str]
    next_call: PlannedContact | None = None
    next_call_staff: list[Staff] = field(default_factory=list)
    nurses: dict[UUID, str] = field(default_factory=dict)
    #: Of `staff` those who may do what needs a delegation on that day.
    delegated: set[UUID] = field(default_factory=set)
    photo_consent: bool = False
    #: Why this video row may not be rung now; then there is no call button.
    no_call: No | None = None
    knows: bool = False
    lacks_receipt: bool = False
    #: The system that registers this visit; then there is no check-in here.
    registered_in: str | None = None
    #: The client pressed Klart, and nobody has said more of any line.
    is_pressed: bool = False


async def read_card(
    session: AsyncSession, contact: PlannedContact, staff_id: UUID | None, clock: Clock
) -> Card:
    """The card of `contact` as the worker `staff_id` sees it."""
    client = await session.get_one(Client, contact.client_id)
    lines = list(
        await session.scalars(
            select(ContactLine)
            .where(ContactLine.contact_id == contact.id)
            .options(selectinload(ContactLine.service))
            .order_by(ContactLine.seq)
        )
    )
    history = list(
        await session.scalars(
            select(ContactHistory)
            .where(ContactHistory.contact_id == contact.id)
            .order_by(ContactHistory.at, ContactHistory.id)
        )
    )
    card = Card(
        contact=contact,
        client=client,
        group=await session.get_one(Group, contact.group_id),
        lines=lines,
        goals={one.code: one for one in await session.scalars(select(GoalType))},
        staff=(await assigned(session, [contact.id]))[contact.id],
        persons=[] if client.is_protected else await contact_persons(session, client.id),
        history=history,
        accounts=await display_names(session, {entry.account_id for entry in history}),
        names=await names_in(session, history),
    )
    nurses = {line.ordered_by_id for line in lines if line.ordered_by_id is not None}
    if nurses:
        card.nurses = {
            one.id: one.name for one in await session.scalars(select(Staff).where(Staff.id.in_(nurses)))
        }
    if any(line.service.delegation_required for line in lines):
        day = to_wall(contact.start, clock.zone).date()
        card.delegated = await delegated(session, [one.id for one in card.staff], day)
    await _next_call(session, card, clock)
    consents = await session.scalars(
        select(Consent).where(Consent.client_id == client.id, Consent.kind == ConsentKind.PHOTO)
    )
    if contact.channel is Channel.VIDEO and not contact.status.is_end:
        card.no_call = (await against_ringing(session, [contact.id], clock)).get(contact.id)
    card.photo_consent = has_consent(consents, ConsentKind.PHOTO, clock.now())
    card.knows = staff_id is not None and await is_known(session, client, staff_id)
    if not contact.status.is_end:
        card.registered_in = await registered_in(session, contact)
    if contact.status.is_done or card.registered_in:
        receipts = await valid_receipts(session, [line.id for line in lines])
        card.lacks_receipt = len(receipts) < len(lines)
        card.is_pressed = bool(receipts) and all(one.result is Result.PRESSED for one in receipts.values())
    return card


def narrow(card: Card, parts: frozenset[Part], clock: Clock) -> Card:
    """The card with no more than the `parts` of the client that the reader may see."""
    contact = card.contact
    nobody_answers = Part.NO_ANSWER in parts and contact.start <= clock.now() and not contact.status.is_end
    if Part.CONTACT_PERSONS not in parts and not nobody_answers:
        card.persons = []
    if Part.HISTORY not in parts:
        card.history = []
    if Part.WEEK not in parts and card.next_call is not None and card.next_call.planned_date != clock.today():
        card.next_call = None
    return card


async def _next_call(session: AsyncSession, card: Card, clock: Clock) -> None:
    today = clock.today()
    card.next_call = await session.scalar(
        select(PlannedContact)
        .where(
            PlannedContact.client_id == card.client.id,
            PlannedContact.planned_date.between(today, today + timedelta(days=DAYS_AHEAD)),
            PlannedContact.channel == Channel.VIDEO,
            PlannedContact.status.in_((Status.PLANNED, Status.DUE)),
            PlannedContact.start > max(card.contact.start, clock.now()),
        )
        .options(selectinload(PlannedContact.lines))
        .order_by(PlannedContact.start)
        .limit(1)
    )
    if card.next_call is not None:
        card.next_call_staff = (await assigned(session, [card.next_call.id]))[card.next_call.id]


def goals_of(card: Card, language: str) -> list[Goal]:
    """The lines as plain goals, in the reader's language."""
    found = []
    for line in card.lines:
        goal = card.goals.get(line.goal_type)
        in_swedish = language == "sv"
        found.append(
            Goal(
                service=line.service.name_in(language),
                goal=(goal.name_sv if in_swedish else goal.name_en) if goal else line.goal_type,
                minutes=line.minutes,
                is_health_care=line.law is Law.HSL,
                ordered_by=card.nurses.get(line.ordered_by_id) if line.ordered_by_id else None,
                needs_delegation=line.service.delegation_required,
                undelegated=tuple(one.short_name for one in card.staff if one.id not in card.delegated)
                if line.service.delegation_required and not card.contact.status.is_end
                else (),
            )
        )
    return found


def past_of(card: Card, clock: Clock, language: str, _: Translate) -> list[Past]:
    """The history in words, the latest first."""
    found = []
    for entry in reversed(card.history):
        if entry.event in _QUIET:
            continue
        parts = change_parts(
            entry, names=card.names, zone=clock.zone, today=clock.today(), language=language, _=_
        )
        found.append(
            Past(
                at=entry.at,
                text=event_text(entry, parts, _),
                by=card.accounts.get(entry.account_id, _SYSTEM) if entry.account_id else _SYSTEM,
                reason=reason_text(entry, language, _),
                phone_at=datetime.fromisoformat(entry.change["phone_at"][1])
                if "phone_at" in entry.change
                else None,
            )
        )
    return found


def language_word(code: str, language: str) -> str:
    """The name of a language: "finska"."""
    return str(Locale.parse(language).languages.get(code, code))


def spoken_of(staff: Staff, language: str) -> str:
    """What somebody speaks beside Swedish: "finska, engelska"."""
    return ", ".join(language_word(code, language) for code in staff.languages if code != "sv")
