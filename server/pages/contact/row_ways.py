"""To which channels a row may go with one tap, and in words why not to the others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.digital import Verdict
from care.services import Service
from scheduler.moving import WAYS, ways
from server.keys import CLOCK, LANGUAGE
from server.language import translations


async def other_ways(
    request: web.Request, session: AsyncSession, contact: PlannedContact
) -> list[dict[str, Any]]:
    """Each other channel that the row could be in, with the reasons against it: none means one tap away."""
    if not contact.status.is_untouched or contact.channel not in WAYS:
        return []
    verdicts = (await ways(session, [contact.id], request.app[CLOCK]))[contact.id]
    names = await service_names(session, contact.id, request.get(LANGUAGE, "sv"))
    return [
        {"channel": channel.value, "against": reasons_against(request, verdicts[channel], names)}
        for channel in WAYS
        if channel is not contact.channel
    ]


async def service_names(session: AsyncSession, contact_id: UUID, language: str) -> dict[str, str]:
    """Rules speak of codes; people of names."""
    rows = await session.scalars(
        select(Service)
        .join(ContactLine, ContactLine.service_id == Service.id)
        .where(ContactLine.contact_id == contact_id)
    )
    return {one.code: one.name_in(language) for one in rows}


def reasons_against(request: web.Request, verdict: Verdict, names: dict[str, str]) -> list[str]:
    """Every sentence, not only the first: who mends one thing should not meet the next."""
    say = translations(request.get(LANGUAGE, "sv")).gettext
    reasons = (
        say(no.sentence) % {key: names.get(value, value) for key, value in no.values.items()}
        for no in verdict.against
    )
    return list(dict.fromkeys(reasons))
