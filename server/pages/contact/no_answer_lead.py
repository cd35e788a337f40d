"""From a contact's card to the guide for when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.no_answer.case import case_on
from server.pages.contact.no_answer_view import may_begin
from server.pages.contact.no_answer_words import HEADINGS


@dataclass(frozen=True, slots=True)
class NoAnswerLead:
    """`heading` is the step to take now (gettext message id); empty where nobody has said anything yet."""

    heading: str = ""
    deadline: datetime | None = None


async def no_answer_lead(
    session: AsyncSession, contact: PlannedContact, now: datetime
) -> NoAnswerLead | None:
    """What stands on the card of `contact`; None when the guide is not about it."""
    if contact.status.is_end or contact.status is Status.PLANNED:
        return None
    case = await case_on(session, contact.id)
    if case is not None and case.is_open and case.contact_id == contact.id:
        return NoAnswerLead(HEADINGS[case.step], case.deadline)
    return NoAnswerLead() if may_begin(contact, now) else None
