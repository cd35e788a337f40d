"""What is due to go on a day (L20).

A file of social services is erased five years after its last note, when the person no longer has care; the
files of people born on the 5th, 15th and 25th are preserved for research and go to the archive instead. A
patient record is kept for ten years after its last note: of a person who had both, the social visits go
first, and everything else, the name with it, when the ten years have passed. The access log is kept for five
years. A municipality's own plan for its documents goes before this; see ``docs/data-map.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog
from care.clients import CareScope, Client
from care.consent import Consent
from care.contacts.contact import ContactLine, PlannedContact
from care.localtime import SWEDEN, to_instant
from care.receipts import Receipt
from care.services import Law
from care.tasks import Task

SOCIAL_YEARS = 5
HEALTH_YEARS = 10
LOG_YEARS = 5
#: Born on these days of a month: preserved for research.
PRESERVED_DAYS = frozenset({5, 15, 25})
#: Marks a person of whom only the id is left, because the access log still points at it.
ERASED = "erased"


class DueKind(StrEnum):
    #: The whole file, the person with it.
    FILE = "file"
    #: Visits and calls without health care; the patient record stays.
    SOCIAL = "social"


@dataclass(frozen=True, slots=True)
class Due:
    """One person's part of the list."""

    kind: DueKind
    client_id: UUID
    born: date
    last_note: date
    contacts: int

    @property
    def is_preserved(self) -> bool:
        return self.born.day in PRESERVED_DAYS


@dataclass(slots=True)
class Found:
    """Everything that a look found."""

    as_of: date
    due: list[Due] = field(default_factory=list)
    #: People without a note for five years whose care nobody has ended: a person must look at them.
    not_ended: int = 0
    #: People whose day of birth is not known, so that nobody can tell whether to preserve.
    birth_unknown: int = 0
    #: Entries of the access log that are older than five years.
    log_entries: int = 0

    @property
    def counts(self) -> dict[str, int]:
        def number(kind: DueKind, preserved: bool) -> int:
            return sum(one.kind is kind and one.is_preserved is preserved for one in self.due)

        return {
            "file_erase": number(DueKind.FILE, False),
            "file_preserve": number(DueKind.FILE, True),
            "social_erase": number(DueKind.SOCIAL, False),
            "social_preserve": number(DueKind.SOCIAL, True),
            "contacts": sum(one.contacts for one in self.due),
            "log_entries": self.log_entries,
            "not_ended": self.not_ended,
            "birth_unknown": self.birth_unknown,
        }

    @property
    def is_empty(self) -> bool:
        return not self.due and not self.log_entries


def log_limit(as_of: date) -> datetime:
    """The instant before which the access log may go: five years and two days, however leap years fall."""
    return to_instant(datetime.combine(as_of - relativedelta(years=LOG_YEARS, days=2), time()))


def is_social_only() -> ColumnElement[bool]:
    """A contact without a line of health care."""
    return not_(exists().where(ContactLine.contact_id == PlannedContact.id, ContactLine.law == Law.HSL))


async def find_due(session: AsyncSession, as_of: date) -> Found:
    """What is due on the day `as_of`; nothing is changed."""
    social_limit = as_of - relativedelta(years=SOCIAL_YEARS)
    health_limit = as_of - relativedelta(years=HEALTH_YEARS)
    notes, health = await _last_notes(session), await _last_health(session)
    social = await _social_contacts(session)
    every = await _contacts(session)
    found = Found(as_of)
    people = await session.execute(
        select(Client.id, Client.birth_date, Client.care_scope, Client.has_health_care).where(
            Client.source != ERASED
        )
    )
    for client_id, born, scope, has_health_care in sorted(people, key=lambda row: row[0]):
        last = notes.get(client_id)
        if last is None or last >= social_limit:
            continue
        if scope is not CareScope.ENDED:
            found.not_ended += 1
        elif born is None:
            found.birth_unknown += 1
        else:
            last_health = health.get(client_id, last if has_health_care else None)
            if last_health is None or last_health < health_limit:
                found.due.append(Due(DueKind.FILE, client_id, born, last, every.get(client_id, 0)))
            elif social.get(client_id):
                found.due.append(Due(DueKind.SOCIAL, client_id, born, last, social[client_id]))
    found.log_entries = (
        await session.scalar(
            select(func.count()).select_from(AccessLog).where(AccessLog.at < log_limit(as_of))
        )
        or 0
    )
    return found


async def _last_notes(session: AsyncSession) -> dict[UUID, date]:
    """The day of the last note of any kind in each file: it is one file, whatever law a line stands under."""
    contact = PlannedContact
    found: dict[UUID, date] = {}
    questions: Sequence[Any] = (
        select(contact.client_id, func.max(contact.planned_date)).group_by(contact.client_id),
        select(contact.client_id, func.max(Receipt.at))
        .join(Receipt, Receipt.contact_id == contact.id)
        .group_by(contact.client_id),
        select(Consent.client_id, func.max(Consent.given_at)).group_by(Consent.client_id),
        select(Consent.client_id, func.max(Consent.withdrawn_at)).group_by(Consent.client_id),
        select(Task.client_id, func.max(Task.created_at)).group_by(Task.client_id),
    )
    for question in questions:
        for client_id, last in await session.execute(question):
            if client_id is None or last is None:
                continue
            day = last.astimezone(SWEDEN).date() if isinstance(last, datetime) else last
            found[client_id] = max(found.get(client_id, day), day)
    return found


async def _last_health(session: AsyncSession) -> dict[UUID, date]:
    rows = await session.execute(
        select(PlannedContact.client_id, func.max(PlannedContact.planned_date))
        .join(ContactLine, and_(ContactLine.contact_id == PlannedContact.id, ContactLine.law == Law.HSL))
        .group_by(PlannedContact.client_id)
    )
    return {row[0]: row[1] for row in rows}


async def _social_contacts(session: AsyncSession) -> dict[UUID, int]:
    rows = await session.execute(
        select(PlannedContact.client_id, func.count())
        .where(is_social_only())
        .group_by(PlannedContact.client_id)
    )
    return {row[0]: row[1] for row in rows}


async def _contacts(session: AsyncSession) -> dict[UUID, int]:
    rows = await session.execute(
        select(PlannedContact.client_id, func.count()).group_by(PlannedContact.client_id)
    )
    return {row[0]: row[1] for row in rows}
