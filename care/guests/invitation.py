"""The invitation to a call: one person, one window, one device (design 6).

A guest has no account. The secret of the link stands in the fragment of its address, and only its hash is
kept. The first device that shows the secret is the guest's from then on: its own secret (a cookie) brings
it back after a break, and no other device gets in by the same link.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.calls.call import CallRole
from care.calls.ring import BEFORE, RING_AGAIN
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.outbox import announce
from care.storage.columns import Base, Id, link, words

#: Bytes of randomness in a link, and in what a device is recognised by.
SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Invitation(Base):
    """One person, to the call of one contact, within one window."""

    __tablename__ = "guest_invitation"

    id: Mapped[Id]
    contact_id: Mapped[UUID] = link("planned_contact.id")
    #: What the others in the call see.
    name: Mapped[str]
    role: Mapped[CallRole] = mapped_column(words(CallRole))
    relation: Mapped[str | None]
    #: A relative: whose place on the client's list it is.
    approved_id: Mapped[UUID | None] = link("approved_person.id")
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = link("account.id", index=False)
    #: The first device that came with the secret.
    device_hash: Mapped[str | None]
    bound_at: Mapped[datetime | None]
    #: The call that a worker has let the guest into.
    call_id: Mapped[UUID | None] = link("call.id")
    admitted_at: Mapped[datetime | None]
    admitted_by_id: Mapped[UUID | None] = link("account.id", index=False)
    #: First and last moment in the call's room: an interpreter's invoice is checked against them.
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: Who refused or took it back; nobody where a consent was withdrawn.
    ended_by_id: Mapped[UUID | None] = link("account.id", index=False)


def new_secret() -> str:
    """What stands in a link, or in the cookie of a device."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """True when `text` looks like one of ours."""
    return _SECRET.fullmatch(text) is not None


def hash_secret(secret: str) -> str:
    """What is kept of the secret of a link. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(b"samtid-guest\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()


def hash_device(secret: str) -> str:
    """What is kept of the secret of a device."""
    return hashlib.sha256(b"samtid-guest-device\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()


def window(contact: PlannedContact, now: datetime, *, in_call: bool) -> tuple[datetime, datetime]:
    """From when to when an invitation made at `now` holds; `in_call`: they talk already."""
    opens = contact.start - BEFORE
    ends = contact.start + timedelta(minutes=contact.minutes)
    return (min(opens, now) if in_call else opens), max(ends, now) + RING_AGAIN


async def by_secret(session: AsyncSession, secret: str) -> Invitation:
    """The invitation of a link, locked. Raises `Fault` ``guest.unknown`` (404)."""
    found = None
    if is_secret(secret):
        found = await session.scalar(
            select(Invitation).where(Invitation.secret_hash == hash_secret(secret)).with_for_update()
        )
    if found is None:
        raise unknown()
    return found


async def by_device(session: AsyncSession, invitation_id: UUID, device: str) -> Invitation:
    """The invitation that this device is bound to. Raises `Fault` ``guest.unknown`` (404)."""
    found = await session.get(Invitation, invitation_id)
    if found is None or found.device_hash is None or found.device_hash != hash_device(device):
        raise unknown()
    return found


def bind(invitation: Invitation, device: str, now: datetime) -> None:
    """Make `device` the one that comes by this link; the same one may come again.

    Raises `Fault` ``guest.other_device`` (409).
    """
    own = hash_device(device)
    if invitation.device_hash is None:
        invitation.device_hash, invitation.bound_at = own, now
    elif invitation.device_hash != own:
        raise Fault(
            "guest.other_device",
            "Länken är redan öppnad på en annan enhet. Använd den, eller be om en ny länk.",
            status=409,
        )


def unknown() -> Fault:
    """The same for a link that never was, one of another device and one of another call."""
    return Fault(
        "guest.unknown", "Länken fungerar inte. Be den som bjöd in dig om en ny.", status=404, place="secret"
    )


async def tell(session: AsyncSession, invitation: Invitation, now: datetime) -> None:
    """Announce that something about an invitation has changed: who waits by it and who let in hear of it."""
    contact = await session.get_one(PlannedContact, invitation.contact_id)
    await announce(
        session,
        now,
        "guest.changed",
        group_id=contact.group_id,
        client_id=contact.client_id,
        guest=invitation.id,
        contact=invitation.contact_id,
    )
