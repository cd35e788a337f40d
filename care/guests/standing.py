"""How it is with an invitation right now, by the clock and by the call."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call
from care.calls.life import CallState
from care.errors import Fault
from care.guests.invitation import Invitation


class Standing(StrEnum):
    """How it is with an invitation right now."""

    #: The window has not begun.
    EARLY = "early"
    #: A worker may let the guest in.
    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"
    REVOKED = "revoked"
    #: The window has passed.
    OVER = "over"

    @property
    def is_end(self) -> bool:
        return self in (Standing.REFUSED, Standing.REVOKED, Standing.OVER)


async def standing(session: AsyncSession, invitation: Invitation, now: datetime) -> Standing:
    """How it is with an invitation at `now`. Who was let into a call stays there until it has ended."""
    if invitation.revoked_at is not None:
        return Standing.REVOKED
    if invitation.refused_at is not None:
        return Standing.REFUSED
    if invitation.call_id is not None:
        state = await session.scalar(select(Call.state).where(Call.id == invitation.call_id))
        if state not in (None, CallState.ENDED):
            return Standing.ADMITTED
    if now >= invitation.closes:
        return Standing.OVER
    return Standing.EARLY if now < invitation.opens else Standing.WAITING


def check_standing(found: Standing) -> None:
    """Raise `Fault` ``guest.revoked``, ``guest.refused`` or ``guest.over`` (410) where nobody comes in."""
    if found is Standing.REVOKED:
        raise Fault(
            "guest.revoked", "Inbjudan gäller inte längre. Tack för att du ville vara med.", status=410
        )
    if found is Standing.REFUSED:
        raise Fault("guest.refused", "Det går inte att vara med i samtalet just nu.", status=410)
    if found is Standing.OVER:
        raise Fault("guest.over", "Samtalet är slut. Tack för att du ville vara med.", status=410)


async def invitations(session: AsyncSession, contact_id: UUID, now: datetime) -> list[Invitation]:
    """Those to the call of a contact that still let somebody in, in the order they were made."""
    found = await session.scalars(
        select(Invitation)
        .where(
            Invitation.contact_id == contact_id,
            Invitation.revoked_at.is_(None),
            Invitation.refused_at.is_(None),
        )
        .order_by(Invitation.made_at, Invitation.id)
    )
    return [one for one in found if not (await standing(session, one, now)).is_end]
