"""The gate: one decorator and one function decide every right, and log every opening.

`right` declares what a route is for; `allow` checks the relation to a client or group once the object is
known (`server.security.relation`). What was opened is written to the access log before the answer leaves
(`server.security.access`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import LISTED
from care.access.rights import PARTS, Action, Part, Relation, relations
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.errors import Fault, not_found
from care.municipality import Group
from care.services import Law
from server.security.actor import Actor, actor
from server.security.relation import find_relation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The purpose of everything that an emergency opening opens.
EMERGENCY = "emergency"
#: Under which action a line of that law is read; what is done under neither follows SoL.
LINE_READ = {
    Law.SOL: Action.SOL_LINE_READ,
    Law.HSL: Action.HSL_LINE_READ,
    Law.NONE: Action.SOL_LINE_READ,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """One thing that was opened, changed or refused, on its way to the access log."""

    action: Action
    role: str
    relation: str
    client_id: UUID | None
    group_id: UUID | None
    thing: str
    purpose: str
    allowed: bool


@dataclass(slots=True)
class Openings:
    """What this request has opened: one row each client and action, however often it is asked."""

    rows: dict[tuple[Action, UUID | None, UUID | None, bool], Opened] = field(default_factory=dict)

    def add(self, opened: Opened) -> None:
        self.rows.setdefault((opened.action, opened.client_id, opened.group_id, opened.allowed), opened)

    def take(self) -> list[Opened]:
        """Everything noted since the last time, to be written."""
        rows = list(self.rows.values())
        self.rows.clear()
        return rows


OPENINGS = web.RequestKey("openings", Openings)


def right(action: Action) -> Callable[[Handler], Handler]:
    """Declare the action of a route; refuse (401, 403) those whose roles never may."""

    def declare(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            who = actor(request)
            if not who.may(action):
                _note(request, Opened(action, _roles(who), "none", None, None, "route", "care", False))
                raise Fault(
                    "right.missing", "Din roll får inte göra det här.", status=403, place=action.value
                )
            return await handler(request)

        guarded.__name__ = handler.__name__
        guarded.__doc__ = handler.__doc__
        guarded.__module__ = handler.__module__
        guarded.samtid_right = action.value  # type: ignore[attr-defined]
        return guarded

    return declare


def open_to_all(why: str) -> Callable[[Handler], Handler]:
    """Declare that a route needs nobody signed in, and why that is safe."""

    def declare(handler: Handler) -> Handler:
        handler.samtid_right = f"open: {why}"  # type: ignore[attr-defined]
        return handler

    return declare


async def allow(
    request: web.Request,
    session: AsyncSession,
    action: Action,
    *,
    client: Client | None = None,
    group: UUID | None = None,
    contact: PlannedContact | None = None,
    thing: str = "",
    purpose: str = "care",
) -> Relation:
    """The relation through which the actor may do `action`, logged.

    Give the `client`, or the `contact` with its client, or only the `group`.
    Raises `Fault` ``not_found`` (404) when no relation holds: another group's client does not exist for you.
    """
    who = actor(request)
    if client is None and contact is not None:
        client = await session.get(Client, contact.client_id)
    role, relation = await find_relation(
        request, session, action, client=client, group=group, contact=contact
    )
    what = thing or (
        f"contact:{contact.id}" if contact is not None else "client" if client is not None else "group"
    )
    _note(
        request,
        Opened(
            action,
            role.value if role else _roles(who),
            relation.value if relation else "none",
            client.id if client is not None else None,
            client.group_id if client is not None else group,
            what,
            EMERGENCY if relation is Relation.EMERGENCY else purpose,
            relation is not None,
        ),
    )
    if relation is None:
        raise not_found("person" if client is not None else "grupp")
    return relation


async def allow_own(
    request: web.Request, session: AsyncSession, action: Action, *, thing: str, purpose: str
) -> Relation:
    """`allow` for a matter of every group that is one's own, a line of the log for each.

    Raises `Fault` ``right.missing`` (403) when there is none.
    """
    groups = actor(request).groups(action)
    if groups is None and any(
        Relation.EVERYWHERE in relations(action, held.role) for held in actor(request).roles
    ):
        return await allow(request, session, action, thing=thing, purpose=purpose)
    if groups is None:
        groups = frozenset(await session.scalars(select(Group.id)))
    for group in sorted(groups):
        await allow(request, session, action, group=group, thing=thing, purpose=purpose)
    if not groups:
        note_refusal(request, action, thing)
        raise Fault("right.missing", "Din roll får inte göra det här.", status=403, place=action.value)
    return Relation.OWN_GROUP


async def would_allow(
    request: web.Request, session: AsyncSession, action: Action, contact: PlannedContact
) -> bool:
    """Whether `allow` lets the actor do `action` with `contact` now: a page offers only what works."""
    client = await session.get(Client, contact.client_id)
    _, relation = await find_relation(request, session, action, client=client, contact=contact)
    return relation is not None


async def parts_open(request: web.Request, session: AsyncSession, contact: PlannedContact) -> frozenset[Part]:
    """What the actor sees of the contact and its client now. Nothing is opened, and nothing logged."""
    client = await session.get(Client, contact.client_id)
    _, relation = await find_relation(request, session, Action.CONTACT_READ, client=client, contact=contact)
    return PARTS[relation] if relation is not None else frozenset()


async def readable_laws(request: web.Request, session: AsyncSession, client: Client) -> frozenset[Law]:
    """The laws whose lines the actor may read of this client: SoL and HSL are apart (domain 1.2 #44)."""
    found = set()
    for law, action in LINE_READ.items():
        _, relation = await find_relation(request, session, action, client=client)
        if relation is not None:
            found.add(law)
    return frozenset(found)


async def other_group(request: web.Request, session: AsyncSession, action: Action, group_id: UUID) -> Fault:
    """The answer to somebody who chose a group that is none of theirs: 404, and the try is logged."""
    if await session.get(Group, group_id) is not None:
        who = actor(request)
        _note(request, Opened(action, _roles(who), "none", None, group_id, "group", "care", False))
    return not_found("grupp")


def note_list(
    request: web.Request,
    action: Action,
    clients: list[tuple[UUID, UUID]],
    relation: Relation = Relation.OWN_GROUP,
) -> None:
    """Log that a page showed these ``(client_id, group_id)`` in a list."""
    who = actor(request)
    for client_id, group_id in clients:
        _note(
            request,
            Opened(action, _roles(who), relation.value, client_id, group_id, LISTED, "care", True),
        )


async def nameless(request: web.Request, session: AsyncSession, clients: Iterable[Client]) -> frozenset[UUID]:
    """Those of `clients` that may stand in a list without a name only (I3).

    A protected identity has a name for those who may open it: who plan, whom it knows, who are sent there.
    """
    hidden = set()
    for client in clients:
        if client.is_protected:
            _, relation = await find_relation(request, session, Action.CLIENT_READ, client=client)
            if relation is None:
                hidden.add(client.id)
    return frozenset(hidden)


async def is_open(request: web.Request, session: AsyncSession, client: Client) -> bool:
    """Whether the actor may read the client already. Nothing is opened, and nothing logged."""
    _, relation = await find_relation(request, session, Action.CLIENT_READ, client=client)
    return relation is not None


def note_refusal(
    request: web.Request,
    action: Action,
    thing: str,
    *,
    client_id: UUID | None = None,
    group_id: UUID | None = None,
) -> None:
    """Log a try that reached nobody, and whom it was about, where that is known."""
    _note(request, Opened(action, _roles(actor(request)), "none", client_id, group_id, thing, "care", False))


def _roles(who: Actor) -> str:
    return ",".join(sorted({held.role.value for held in who.roles})) or "none"


def _note(request: web.Request, opened: Opened) -> None:
    request[OPENINGS].add(opened)
