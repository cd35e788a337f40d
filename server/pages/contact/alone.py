"""Before a ring: is the worker in another client's home, who would hear it? In words, with two ways on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action, Relation
from care.clients import Client
from care.contacts.whereabouts import whereabouts
from server.keys import CLOCK, LANGUAGE
from server.language import translations
from server.security.actor import actor
from server.security.gate import nameless, note_list


@dataclass(frozen=True, slots=True)
class Company:
    """In whose home the worker is, and what is said of it."""

    client_id: UUID
    sentence: str

    def beside(self, client_id: UUID) -> str | None:
        """What is said before a ring to that client; nothing to the one who is there."""
        return None if client_id == self.client_id else self.sentence


async def company(request: web.Request, session: AsyncSession) -> Company | None:
    """The home that the reader is in, if it is known: the first name only, none to who may not have it."""
    who, now = actor(request), request.app[CLOCK].now()
    found = await whereabouts(session, who.staff_id, now) if who.staff_id is not None else None
    if found is None:
        return None
    client = await session.get_one(Client, found.contact.client_id)
    _ = translations(request.get(LANGUAGE, "sv")).gettext
    if await nameless(request, session, [client]):
        said = (
            _("Enligt planen är du hemma hos någon annan. Ring när du är ensam.")
            if found.is_planned
            else _("Du är hemma hos någon annan. Ring när du är ensam.")
        )
        return Company(client.id, said)
    note_list(request, Action.OWN_DAY_READ, [(client.id, client.group_id)], Relation.ASSIGNED)
    said = (
        _("Enligt planen är du hos %(name)s. Ring när du är ensam.")
        if found.is_planned
        else _("Du är hos %(name)s. Ring när du är ensam.")
    )
    return Company(client.id, said % {"name": client.first_name})
