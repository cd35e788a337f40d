"""The gate: one decorator and one function decide every right, and log every opening.

`right` declares what a route is for; `allow` checks the relation to a client or group once the object is
known. What was opened is written to the access log before the answer leaves (`server.security.access`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import standing
from care.access.log import LISTED
from care.access.rights import PARTS, Action, Part, Relation, relations
from care.accounts import Role
from care.clients import Client, KnownStaff, Protection
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.errors import Fault, not_found
from care.municipality import Group
from care.services import Law
from care.staff import Shift, ShiftKind
from server.keys import CLOCK
from server.security.actor import Actor, RoleIn, actor

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The purpose of everything that an emergency opening opens.
EMERGENCY = "emergency"
#: Under which action a line of that law is read; what is done under neither follows SoL.
LINE_READ = {
    Law.SOL: Action.SOL_LINE_READ,
    Law.HSL: Action.HSL_LINE_READ,
    Law.NONE: Action.SOL_LINE_READ,
}
#: How long after a row's end its client's facts stay open to the assigned worker (design 6).
AFTER_ROW = timedelta(hours=2)


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
    role, relation = await _relation(request, session, who, action, client, group, contact)
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
    _, relation = await _relation(request, session, actor(request), action, client, None, contact)
    return relation is not None


async def parts_open(request: web.Request, session: AsyncSession, contact: PlannedContact) -> frozenset[Part]:
    """What the actor sees of the contact and its client now. Nothing is opened, and nothing logged."""
    client = await session.get(Client, contact.client_id)
    _, relation = await _relation(
        request, session, actor(request), Action.CONTACT_READ, client, None, contact
    )
    return PARTS[relation] if relation is not None else frozenset()


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
    who = actor(request)
    hidden = set()
    for client in clients:
        if client.is_protected:
            _, relation = await _relation(request, session, who, Action.CLIENT_READ, client, None, None)
            if relation is None:
                hidden.add(client.id)
    return frozenset(hidden)


async def is_open(request: web.Request, session: AsyncSession, client: Client) -> bool:
    """Whether the actor may read the client already. Nothing is opened, and nothing logged."""
    who = actor(request)
    return (await _relation(request, session, who, Action.CLIENT_READ, client, None, None))[1] is not None


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


async def _relation(  # noqa: PLR0917
    request: web.Request,
    session: AsyncSession,
    who: Actor,
    action: Action,
    client: Client | None,
    group: UUID | None,
    contact: PlannedContact | None,
) -> tuple[Role | None, Relation | None]:
    """Through which role and relation, if any; an emergency opening only when there is no other."""
    if not who.may(action):
        # A program's token may be for less than the role.
        return None, None
    role, relation = await _lasting(request, session, who, action, client, group, contact)
    if relation is None and client is not None:
        return await _in_emergency(request, session, who, action, client)
    return role, relation


async def _lasting(  # noqa: PLR0917
    request: web.Request,
    session: AsyncSession,
    who: Actor,
    action: Action,
    client: Client | None,
    group: UUID | None,
    contact: PlannedContact | None,
) -> tuple[Role | None, Relation | None]:
    group_id = client.group_id if client is not None else group
    for held in who.roles:
        allowed = who.relations(action, held.role)
        if Relation.EVERYWHERE in allowed:
            return held.role, Relation.EVERYWHERE
        if Relation.SELF in allowed and client is None and group is None:
            return held.role, Relation.SELF
        if Relation.OWN_GROUP in allowed and await _is_of_group(session, who, held, client, group_id):
            return held.role, Relation.OWN_GROUP
    if client is None or who.staff_id is None:
        return None, None
    # The relation that opens most comes first.
    for relation in (Relation.OWN_CLIENT, Relation.NIGHT, Relation.ASSIGNED):
        for held in who.roles:
            if relation in who.relations(action, held.role) and await _is_tied(
                request, session, relation, held.role, who.staff_id, client, contact
            ):
                return held.role, relation
    return None, None


async def _is_tied(  # noqa: PLR0917
    request: web.Request,
    session: AsyncSession,
    relation: Relation,
    role: Role,
    staff_id: UUID,
    client: Client,
    contact: PlannedContact | None,
) -> bool:
    """Whether somebody of the staff has that relation to the client now."""
    match relation:
        case Relation.OWN_CLIENT:
            return await _is_known(session, staff_id, client)
        case Relation.NIGHT:
            return not _is_only_for_named(role, client) and await _is_on_night(request, session, staff_id)
        case Relation.ASSIGNED:
            return await _is_assigned(request, session, staff_id, client.id, contact)
        case _:
            raise AssertionError(relation)


async def _in_emergency(
    request: web.Request, session: AsyncSession, who: Actor, action: Action, client: Client
) -> tuple[Role | None, Relation | None]:
    """An opening of one's own that still lasts; never of a protected identity."""
    role = next((held.role for held in who.roles if Relation.EMERGENCY in relations(action, held.role)), None)
    if role is None or who.account_id is None or client.is_protected:
        return None, None
    found = await standing(session, who.account_id, client.id, request.app[CLOCK].now())
    return (role, Relation.EMERGENCY) if found is not None else (None, None)


async def readable_laws(request: web.Request, session: AsyncSession, client: Client) -> frozenset[Law]:
    """The laws whose lines the actor may read of this client: SoL and HSL are apart (domain 1.2 #44)."""
    who, found = actor(request), set()
    for law, action in LINE_READ.items():
        if (await _relation(request, session, who, action, client, None, None))[1] is not None:
            found.add(law)
    return frozenset(found)


async def _is_of_group(
    session: AsyncSession, who: Actor, held: RoleIn, client: Client | None, group_id: UUID | None
) -> bool:
    """One's own group; of its protected identities a care worker has only those whom it is named for."""
    if group_id is None or held.group_id not in (None, group_id):
        return False
    if client is None or not _is_only_for_named(held.role, client):
        return True
    return who.staff_id is not None and await _is_known(session, who.staff_id, client)


def _is_only_for_named(role: Role, client: Client | None) -> bool:
    """A protected identity opens to care workers whom the client knows or who have a row there (design 6)."""
    return role is Role.CARE_WORKER and client is not None and client.is_protected


def listed(who: Actor, action: Action) -> ColumnElement[bool]:
    """The clients that a list may show to `who`: the same rule as `allow`, as a condition on `Client`.

    Those of the groups where a role may do `action`; a protected identity only for those who plan, and for
    the care workers whom it knows by name.
    """
    open_to_care: ColumnElement[bool] = Client.protection == Protection.NONE
    # An account that is nobody of the staff is nobody's named worker: no name is not that of who has none.
    if who.staff_id is not None:
        known = select(KnownStaff.client_id).where(KnownStaff.staff_id == who.staff_id)
        open_to_care = or_(open_to_care, Client.named_care_worker_id == who.staff_id, Client.id.in_(known))
    found: list[ColumnElement[bool]] = []
    for held in who.roles:
        allowed = who.relations(action, held.role) & {Relation.OWN_GROUP, Relation.EVERYWHERE}
        if not allowed:
            continue
        is_everywhere = held.group_id is None or Relation.EVERYWHERE in allowed
        where = true() if is_everywhere else Client.group_id == held.group_id
        found.append(and_(where, open_to_care) if held.role is Role.CARE_WORKER else where)
    return or_(false(), *found)


async def _is_assigned(
    request: web.Request,
    session: AsyncSession,
    staff_id: UUID,
    client_id: UUID,
    contact: PlannedContact | None,
) -> bool:
    """A row opens the client from the start of the worker's shift that day to two hours after the row.

    A shift that goes on past midnight opens its rows of the next day too.
    """
    now, today = request.app[CLOCK].now(), request.app[CLOCK].today()
    shift_end = await session.scalar(
        select(func.max(Shift.end)).where(
            Shift.staff_id == staff_id,
            Shift.date >= today - timedelta(days=1),
            Shift.start <= now,
            Shift.end >= now - AFTER_ROW,
        )
    )
    if shift_end is None:
        return False
    rows = (
        select(PlannedContact.id)
        .join(Assignment, Assignment.contact_id == PlannedContact.id)
        .where(
            Assignment.staff_id == staff_id,
            PlannedContact.client_id == client_id,
            PlannedContact.planned_date.between(today - timedelta(days=1), today + timedelta(days=1)),
            or_(PlannedContact.planned_date == today, PlannedContact.start < shift_end),
            PlannedContact.status.not_in([Status.CANCELLED, Status.REPLACED]),
            PlannedContact.window_end >= now - AFTER_ROW,
        )
    )
    if contact is not None:
        rows = rows.where(PlannedContact.id == contact.id)
    return await session.scalar(rows.limit(1)) is not None


async def _is_known(session: AsyncSession, staff_id: UUID, client: Client) -> bool:
    if client.named_care_worker_id == staff_id:
        return True
    return (
        await session.scalar(
            select(KnownStaff.id)
            .where(KnownStaff.client_id == client.id, KnownStaff.staff_id == staff_id)
            .limit(1)
        )
    ) is not None


async def _is_on_night(request: web.Request, session: AsyncSession, staff_id: UUID) -> bool:
    now = request.app[CLOCK].now()
    return (
        await session.scalar(
            select(Shift.id)
            .where(
                Shift.staff_id == staff_id,
                Shift.kind == ShiftKind.NIGHT,
                Shift.start <= now,
                Shift.end >= now,
            )
            .limit(1)
        )
    ) is not None


def _roles(who: Actor) -> str:
    return ",".join(sorted({held.role.value for held in who.roles})) or "none"


def _note(request: web.Request, opened: Opened) -> None:
    request[OPENINGS].add(opened)
