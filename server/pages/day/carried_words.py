"""What was entered without cover and waits for a person, in words for the card of the contact."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care import carried
from care.accounts import Account
from care.carried import CarriedDeed, DeedKind, Doubt
from care.contacts.contact import PlannedContact
from care.receipts import valid_receipts
from server.keys import CLOCK, LANGUAGE
from server.language import N_, translations
from server.pages.contact.receipt import RESULT_WORDS, lines_of, may_be_receipted
from server.pages.rendering import clock_text

#: What is said to the worker about a deed that a person must look at.
DOUBT_WORDS: dict[Doubt, str] = {
    Doubt.CLOCK: N_("Telefonens klocka ställdes om innan det skickades, så tiden är osäker."),
    Doubt.TOO_OLD: N_("Det är mer än tolv timmar sedan."),
    Doubt.OUTSIDE_SHIFT: N_("Tiden ligger utanför ditt pass."),
    Doubt.RECEIPTED: N_("Någon annan har redan kvitterat på ett annat sätt."),
    Doubt.STEP: N_("Kontakten ändrades medan du var utan täckning."),
    Doubt.TIMES: N_("Sluttiden kommer före starttiden, eller mer än tolv timmar efter."),
    Doubt.ELSEWHERE: N_("Gruppens besök registreras i ett annat system. Se till att tiden står där."),
}
KIND_WORDS: dict[DeedKind, str] = {
    DeedKind.CHECK_IN: N_("Incheckning"),
    DeedKind.CHECK_OUT: N_("Utcheckning"),
    DeedKind.RECEIPT: N_("Kvittens"),
}


async def may_count(session: AsyncSession, deed: CarriedDeed, contact: PlannedContact) -> bool:
    """A receipt can be taken as it was written; times in doubt must be written by somebody who knows them."""
    return deed.kind is DeedKind.RECEIPT and await may_be_receipted(session, contact)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deed that a person must decide about, in words."""

    id: UUID
    heading: str
    by: str
    at: str
    why: str
    #: What it says, a line: (service, result, note).
    lines: list[tuple[str, str, str]]
    #: What stands for those lines: (service, result, note, who, when).
    stands: list[tuple[str, str, str, str, str]]
    may_count: bool


async def waiting(
    session: AsyncSession, request: web.Request, contact: PlannedContact, readable: Collection[UUID]
) -> list[Waiting]:
    """What was entered without cover and waits for a person, beside what stands now.

    Of the lines only those that the reader may read are said.
    """
    deeds = await carried.undecided(session, [contact.id])
    if not deeds:
        return []
    language, zone = request.get(LANGUAGE, "sv"), request.app[CLOCK].zone
    say = translations(language).gettext
    lines = await lines_of(session, contact.id)
    services = {line.id: line.service.name_in(language) for line in lines if line.id in readable}
    standing = await valid_receipts(session, services)
    accounts = {deed.account_id for deed in deeds} | {one.account_id for one in standing.values()}
    names = await _names(session, {one for one in accounts if one is not None})
    found = []
    for deed in deeds:
        given = deed.given()
        found.append(
            Waiting(
                id=deed.id,
                heading=say(KIND_WORDS[deed.kind]),
                by=names.get(deed.account_id, ""),
                at=clock_text(deed.at, zone),
                why=say(DOUBT_WORDS[deed.doubt]) if deed.doubt else "",
                lines=[
                    (services[line], say(RESULT_WORDS[said.result]), said.note)
                    for line, said in given.items()
                    if line in services
                ],
                stands=[
                    (
                        services[line],
                        say(RESULT_WORDS[one.result]),
                        one.note or "",
                        names.get(one.account_id, "") if one.account_id else "",
                        clock_text(one.at, zone),
                    )
                    for line, one in standing.items()
                    if line in given and one.result in RESULT_WORDS
                ],
                may_count=await may_count(session, deed, contact),
            )
        )
    return found


async def _names(session: AsyncSession, ids: set[UUID]) -> dict[UUID, str]:
    return {
        one.id: one.display_name for one in await session.scalars(select(Account).where(Account.id.in_(ids)))
    }
