"""The relation through which somebody may do something to a client or group, as it is at this moment.

Nothing is written here: the gate asks, and notes what it opens.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import standing
from care.access.rights import Action, Relation, relations
from care.accounts import Role
from care.clients import Client, KnownStaff, Protection
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.known_staff import is_known
from care.staff import Shift, is_patrol
from server.keys import CLOCK
from server.security.actor import Actor, RoleIn, actor

#: How long after a row's end its client's facts stay open to the assigned worker (design 6).
AFTER_ROW = timedelta(hours=2)


async def find_relation(
    request: web.Request,
    session: AsyncSession,
    action: Action,
    *,
    client: Client | None = None,
    group: UUID | None = None,
    contact: PlannedContact | None = None,
) -> tuple[Role | None, Relation | None]:
    """Through which role and relation the actor may do `action`; (None, None) when there is none.

    An emergency opening is found only when nothing else holds.
    """
    who = actor(request)
    if not who.may(action):
        # A program's token may be for less than the role.
        return None, None
    role, relation = await _lasting(request, session, who, action, client, group, contact)
    if relation is None and client is not None:
        return await _in_emergency(request, session, who, action, client)
    return role, relation


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
            return await is_known(session, client, staff_id)
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


async def _is_of_group(
    session: AsyncSession, who: Actor, held: RoleIn, client: Client | None, group_id: UUID | None
) -> bool:
    """One's own group; of its protected identities a care worker has only those whom it is named for."""
    if group_id is None or held.group_id not in (None, group_id):
        return False
    if client is None or not _is_only_for_named(held.role, client):
        return True
    return who.staff_id is not None and await is_known(session, client, who.staff_id)


def _is_only_for_named(role: Role, client: Client | None) -> bool:
    """A protected identity opens to care workers whom the client knows or who have a row there (design 6)."""
    return role is Role.CARE_WORKER and client is not None and client.is_protected


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


async def _is_on_night(request: web.Request, session: AsyncSession, staff_id: UUID) -> bool:
    now = request.app[CLOCK].now()
    return (
        await session.scalar(
            select(Shift.id)
            .where(
                Shift.staff_id == staff_id,
                is_patrol(),
                Shift.start <= now,
                Shift.end >= now,
            )
            .limit(1)
        )
    ) is not None
