"""Who is invited, let in, refused and put out, and on what conditions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.approved import ApprovedPerson, lets_relatives_join, protected
from care.calls.call import Call, CallRole
from care.calls.life import CallState
from care.calls.ring import RING_AGAIN, live_calls
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.guests.invitation import Invitation, hash_secret, new_secret, tell, window
from care.guests.standing import Standing, check_standing, invitations, standing
from care.ids import new_id

#: Who may come by a link. Colleagues and managers who have an account sign in instead.
ROLES = (CallRole.RELATIVE, CallRole.INTERPRETER, CallRole.COLLEAGUE, CallRole.MANAGER)
#: Invitations that stand at the same time for one contact.
MOST = 8


async def invite(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    name: str,
    role: CallRole,
    person: ApprovedPerson | None,
    now: datetime,
    account_id: UUID | None,
) -> tuple[Invitation, str]:
    """A fresh invitation and its secret, which is kept nowhere. A relative is a `person` of the list.

    An earlier invitation of the same relative to the same call ends here.
    Raises `Fault` ``guest.not_listed``, ``guest.too_many``, ``call.ended`` (409), or as `check_relatives`.
    """
    if role not in ROLES or (role is CallRole.RELATIVE) != (person is not None):
        raise Fault(
            "guest.not_listed", "Bara den som står i listan kan bjudas in som anhörig.", status=409,
            place="role",
        )  # fmt: skip
    if person is not None:
        if person.client_id != contact.client_id or person.removed_at is not None:
            raise Fault(
                "guest.not_listed", "Bara den som står i listan kan bjudas in som anhörig.", status=409,
                place="role",
            )  # fmt: skip
        await check_relatives(session, contact.client_id, now)
    going_on = await live_calls(session, contact_id=contact.id)
    opens, closes = window(contact, now, in_call=bool(going_on))
    if not going_on and contact.status.is_end and now >= (contact.actual_end or contact.start) + RING_AGAIN:
        raise Fault("call.ended", "Kontakten är redan avslutad.", status=409, place="contact")
    for old in await invitations(session, contact.id, now):
        if person is not None and old.approved_id == person.id:
            await revoke(session, old, now, account_id)
    if len(await invitations(session, contact.id, now)) >= MOST:
        raise Fault(
            "guest.too_many",
            "Det finns redan många inbjudningar till samtalet. Ta tillbaka någon först.",
            status=409,
            place="name",
        )
    secret = new_secret()
    made = Invitation(
        id=new_id(),
        contact_id=contact.id,
        name=person.name if person is not None else name,
        role=role,
        relation=person.relation if person is not None else None,
        approved_id=person.id if person is not None else None,
        opens=opens,
        closes=closes,
        secret_hash=hash_secret(secret),
        made_at=now,
        made_by_id=account_id,
    )
    session.add(made)
    await session.flush()
    await tell(session, made, now)
    return made, secret


async def check_relatives(session: AsyncSession, client_id: UUID, now: datetime) -> None:
    """Raise `Fault` ``consent.relatives`` (409) unless the client wants relatives in calls.

    ``approved.protected`` (409) where the client is protected by now: list and links were made before.
    """
    if (await session.get_one(Client, client_id)).is_protected:
        raise protected()
    if not await lets_relatives_join(session, client_id, now):
        raise Fault(
            "consent.relatives",
            "Det behövs ett samtycke till samtal med anhöriga.",
            status=409,
            place="role",
        )


async def admit(
    session: AsyncSession, invitation: Invitation, call: Call, now: datetime, account_id: UUID | None
) -> None:
    """Let the guest into `call`, which somebody has answered. Letting in twice is once.

    Raises `Fault` ``guest.early``, ``guest.no_call`` (409), or as `check_standing` and `check_relatives`.
    """
    found = await standing(session, invitation, now)
    check_standing(found)
    if found is Standing.ADMITTED and invitation.call_id == call.id:
        return
    if found is Standing.EARLY:
        raise Fault("guest.early", "Samtalet har inte börjat än.", status=409, place="guest")
    is_talked = call.state in (CallState.CONNECTING, CallState.CONNECTED, CallState.RECONNECTING)
    if call.contact_id != invitation.contact_id or not is_talked:
        raise Fault(
            "guest.no_call",
            "Ring först. När ni pratar med varandra kan du släppa in %(name)s.",
            status=409,
            place="guest",
            values={"name": invitation.name},
        )
    if invitation.role is CallRole.RELATIVE:
        contact = await session.get_one(PlannedContact, invitation.contact_id)
        await check_relatives(session, contact.client_id, now)
    invitation.call_id, invitation.admitted_at, invitation.admitted_by_id = call.id, now, account_id
    await session.flush()
    await tell(session, invitation, now)


async def refuse(
    session: AsyncSession, invitation: Invitation, now: datetime, account_id: UUID | None
) -> None:
    """Say no to who waits: the link is of no more use."""
    if invitation.refused_at is None and invitation.revoked_at is None:
        invitation.refused_at, invitation.ended_by_id = now, account_id
        await session.flush()
        await tell(session, invitation, now)


async def revoke(
    session: AsyncSession, invitation: Invitation, now: datetime, account_id: UUID | None
) -> None:
    """Take an invitation back; who is in the call by it is out at once."""
    if invitation.revoked_at is None:
        invitation.revoked_at, invitation.ended_by_id = now, account_id
        await session.flush()
        await tell(session, invitation, now)


async def revoke_relatives(
    session: AsyncSession,
    client_id: UUID,
    now: datetime,
    account_id: UUID | None,
    *,
    person: ApprovedPerson | None = None,
) -> int:
    """Take back what relatives of a client (or one `person` of the list) have been sent; how many."""
    query = (
        select(Invitation)
        .join(PlannedContact, PlannedContact.id == Invitation.contact_id)
        .where(
            PlannedContact.client_id == client_id,
            Invitation.role == CallRole.RELATIVE,
            Invitation.revoked_at.is_(None),
            Invitation.refused_at.is_(None),
        )
    )
    if person is not None:
        query = query.where(Invitation.approved_id == person.id)
    found: Sequence[Invitation] = (await session.scalars(query)).all()
    for one in found:
        await revoke(session, one, now, account_id)
    return len(found)


async def note_in_room(session: AsyncSession, invitation: Invitation, now: datetime, *, inside: bool) -> None:
    """Keep when the guest came into the room and left it."""
    if inside:
        invitation.joined_at = invitation.joined_at or now
        invitation.left_at = None
    elif invitation.joined_at is not None:
        invitation.left_at = now
    await session.flush()
