"""Programs that speak with Samtid by themselves: what one shows instead of a person's session."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, UniqueConstraint, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.accounts import Role
from care.storage.columns import Base, Id, link, words


class AccessToken(Base):
    """A key that a program shows: one account's, in one of its roles, for some actions, until a day.

    It opens no more than the account itself may at that moment: a role that is taken away is gone here too.
    """

    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    #: What it is for, in its owner's words.
    name: Mapped[str]
    #: The token itself is kept nowhere.
    token_hash: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(words(Role))
    #: Words of `care.access.rights.Action`: what it may at most.
    actions: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


async def end_tokens(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """End every token of the account for good: one that was ended does not come back with the account."""
    await session.execute(
        update(AccessToken)
        .where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
