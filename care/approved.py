"""Whom a client has let join their calls: at most five people near to them (domain 3.4).

Being on the list is not enough: the client's consent to calls with relatives has to stand as well
(`care.consent`, ``relative_calls``), and either may be taken back at any time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.clients import Client
from care.consent import Consent, ConsentKind, has_consent
from care.errors import Fault
from care.ids import new_id
from care.storage.columns import Base, Id, link

#: As many as a client may let in (domain 3.4: up to five).
MOST = 5


class ApprovedPerson(Base):
    """Somebody whom the client lets join. Kept when taken away, so that it can be told who was let in."""

    __tablename__ = "approved_person"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    #: As everybody in the call sees it: a first name is enough.
    name: Mapped[str]
    #: In the family's own word: "dotter", "granne".
    relation: Mapped[str]
    #: Who said so: the client, or who decides for the client.
    given_by: Mapped[str | None]
    given_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = link("account.id", index=False)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    removed_by_id: Mapped[UUID | None] = link("account.id", index=False)


async def approved(session: AsyncSession, client_id: UUID) -> list[ApprovedPerson]:
    """Who is on the list now, in the order they came there."""
    return list(
        await session.scalars(
            select(ApprovedPerson)
            .where(ApprovedPerson.client_id == client_id, ApprovedPerson.removed_at.is_(None))
            .order_by(ApprovedPerson.given_at, ApprovedPerson.id)
        )
    )


async def approve(
    session: AsyncSession,
    client: Client,
    *,
    name: str,
    relation: str,
    given_by: str | None,
    now: datetime,
    account_id: UUID | None,
) -> ApprovedPerson:
    """Put somebody on the list of `client`, which the caller has locked.

    Raises `Fault` ``approved.protected``, ``approved.full`` or ``approved.twice`` (409).
    """
    if client.is_protected:
        raise protected()
    standing = await approved(session, client.id)
    if any(one.name.casefold() == name.casefold() and one.relation == relation for one in standing):
        raise Fault("approved.twice", "Den personen står redan i listan.", status=409, place="name")
    if len(standing) >= MOST:
        raise Fault(
            "approved.full",
            "Det står redan fem personer i listan. Ta bort någon först.",
            status=409,
            place="name",
        )
    made = ApprovedPerson(
        id=new_id(), client_id=client.id, name=name, relation=relation, given_by=given_by, given_at=now,
        recorded_by_id=account_id,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


def protected() -> Fault:
    """Whoever is near may be whom the client is protected from."""
    return Fault(
        "approved.protected",
        "Personen har skyddade uppgifter. Anhöriga kan inte bjudas in till samtalen.",
        status=409,
        place="name",
    )


async def lets_relatives_join(session: AsyncSession, client_id: UUID, now: datetime) -> bool:
    """True when the client's consent to calls with relatives stands."""
    consents = await session.scalars(
        select(Consent).where(Consent.client_id == client_id, Consent.kind == ConsentKind.RELATIVE_CALLS)
    )
    return has_consent(consents, ConsentKind.RELATIVE_CALLS, now)
