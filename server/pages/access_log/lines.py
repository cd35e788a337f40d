"""Lines of the access log as a person reads them: who did what with whose data, through what, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import EmergencyOpening
from care.access.log import LISTED, AccessLog
from care.access.rights import Action, Relation
from care.accounts import Account
from care.clients import Client
from care.municipality import Group
from care.staff import Staff
from server.keys import LANGUAGE
from server.language import translations
from server.pages.access_log.words import ACTIONS, OTHERWISE, PURPOSES, RELATIONS, roles_text
from server.security.gate import EMERGENCY, nameless


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with an account: the name, and the unit where they work now."""

    name: str
    unit: str
    staff_id: UUID | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry in words."""

    seq: int
    at: datetime
    account_id: UUID | None
    staff_id: UUID | None
    who: str
    role: str
    unit: str
    #: Empty when it is about nobody, or about somebody whom the reader may not know by name.
    client: str
    client_id: UUID | None
    group_id: UUID | None
    what: str
    through: str
    why: str
    allowed: bool
    is_listed: bool
    #: The emergency opening through which it was opened.
    opening: EmergencyOpening | None


async def people(session: AsyncSession, accounts: Collection[UUID | None]) -> dict[UUID, Who]:
    """Who the accounts are."""
    rows = await session.execute(
        select(Account, Group.name)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .outerjoin(Group, Group.id == Staff.group_id)
        .where(Account.id.in_(set(accounts) - {None}))
    )
    return {account.id: Who(account.display_name, unit or "", account.staff_id) for account, unit in rows}


async def in_words(
    request: web.Request, session: AsyncSession, entries: Sequence[AccessLog]
) -> list[LogLine]:
    """The entries, in the order given."""
    say = translations(request.get(LANGUAGE, "sv")).gettext
    who = await people(session, {entry.account_id for entry in entries})
    ids = {entry.client_id for entry in entries} - {None}
    clients = {one.id: one for one in await session.scalars(select(Client).where(Client.id.in_(ids)))}
    hidden = await nameless(request, session, clients.values())
    openings = await _openings(session, entries)

    def named(client_id: UUID | None) -> str:
        if client_id is None or client_id not in clients:
            return ""
        if client_id in hidden:
            return say("Skyddade uppgifter")
        return clients[client_id].short_name or say("Borttagen person")

    def doer(entry: AccessLog) -> Who:
        if entry.account_id in who:
            return who[entry.account_id]
        return Who(say("Surfplattan") if entry.device_id is not None else say("Samtid"), "", None)

    lines = []
    for entry in entries:
        one = doer(entry)
        lines.append(
            LogLine(
                seq=entry.seq,
                at=entry.at,
                account_id=entry.account_id,
                staff_id=one.staff_id,
                who=one.name,
                role=roles_text(entry.role, say),
                unit=one.unit,
                client=named(entry.client_id),
                client_id=entry.client_id,
                group_id=entry.group_id,
                what=say("Såg i en lista")
                if entry.thing == LISTED and entry.action == Action.CLIENT_READ
                else say(ACTIONS.get(entry.action, OTHERWISE)),
                through=say(_through(entry)),
                why=say(PURPOSES[entry.purpose]) if entry.purpose in PURPOSES else f"”{entry.purpose}”",
                allowed=entry.allowed,
                is_listed=entry.thing == LISTED,
                opening=_opening_of(entry, openings),
            )
        )
    return lines


def is_emergency(entry: AccessLog) -> bool:
    return entry.purpose == EMERGENCY or entry.relation == Relation.EMERGENCY


def _through(entry: AccessLog) -> str:
    # Whoever opens in an emergency may do that everywhere; what it is stands in the purpose.
    if entry.action == Action.CLIENT_OPEN_EMERGENCY and entry.allowed:
        return RELATIONS[Relation.EMERGENCY.value]
    return RELATIONS.get(entry.relation, entry.relation)


async def _openings(session: AsyncSession, entries: Sequence[AccessLog]) -> list[EmergencyOpening]:
    about = [entry for entry in entries if is_emergency(entry)]
    if not about:
        return []
    return list(
        await session.scalars(
            select(EmergencyOpening)
            .where(
                EmergencyOpening.client_id.in_({entry.client_id for entry in about} - {None}),
                EmergencyOpening.account_id.in_({entry.account_id for entry in about} - {None}),
            )
            .order_by(EmergencyOpening.at.desc())
        )
    )


def _opening_of(entry: AccessLog, openings: Sequence[EmergencyOpening]) -> EmergencyOpening | None:
    """The latest that had begun: an answer may leave a moment after its hour."""
    if not is_emergency(entry):
        return None
    return next(
        (
            one
            for one in openings
            if (one.account_id, one.client_id) == (entry.account_id, entry.client_id) and one.at <= entry.at
        ),
        None,
    )
