"""Accounts, their roles in groups, their sessions, and sign-ins that are not finished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class Role(StrEnum):
    CARE_WORKER = "care_worker"
    COORDINATOR = "coordinator"
    UNIT_MANAGER = "unit_manager"
    NEEDS_ASSESSOR = "needs_assessor"
    LICENSED_PROFESSIONAL = "licensed_professional"
    ADMINISTRATOR = "administrator"
    DEVICE = "device"
    GUEST = "guest"


class Account(Base):
    """Somebody who signs in."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("username"),)

    id: Mapped[Id]
    #: Stored in lower case.
    username: Mapped[str]
    #: argon2id, or None for accounts that sign in elsewhere.
    password_hash: Mapped[str | None]
    staff_id: Mapped[UUID | None] = link("staff.id")
    display_name: Mapped[str]
    language: Mapped[str] = mapped_column(default="sv")
    disabled_at: Mapped[datetime | None]
    #: The last day on which somebody who leaves may sign in; at midnight every session ends.
    last_day: Mapped[date | None]
    created_at: Mapped[datetime]


class AccountRole(Base):
    """A role in one group, or in every group when `group_id` is None."""

    __tablename__ = "account_role"

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    role: Mapped[Role] = mapped_column(words(Role))
    group_id: Mapped[UUID | None] = link("home_care_group.id", index=False)


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 - the word of a method
    CODE_APP = "code_app"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"
    OIDC = "oidc"


class SignIn(Base):
    """A session of a signed-in person: opaque to the browser, hashed at rest, revocable."""

    __tablename__ = "sign_in"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]
    method: Mapped[Method] = mapped_column(words(Method), default=Method.PASSWORD)


class Step(StrEnum):
    """What an unfinished sign-in waits for."""

    #: The password was right; the second factor is owed.
    FACTOR = "factor"
    #: The password was right; second factors may be set up or changed.
    ENROL = "enrol"
    #: Somebody was sent to the municipality's own sign-in service (OpenID Connect).
    OIDC = "oidc"


class PendingSignIn(Base):
    """A sign-in under way. It is no session: it opens nothing but its own next step, for ten minutes."""

    __tablename__ = "pending_sign_in"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    step: Mapped[Step] = mapped_column(words(Step))
    #: Nobody yet, for a sign-in elsewhere.
    account_id: Mapped[UUID | None] = link("account.id")
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: Where to go on to.
    target: Mapped[str] = mapped_column(String(500))
    tries: Mapped[int] = mapped_column(default=0)
    #: Random bytes that a passkey has to sign.
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    #: The secret of a code app that is being set up, sealed for the account's id.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: State, nonce and verifier of a sign-in elsewhere.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class OutsideIdentity(Base):
    """Who an account is in the municipality's own sign-in service: issuer and subject never change."""

    __tablename__ = "outside_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]


async def is_same_person(session: AsyncSession, one: UUID | None, other: UUID | None) -> bool:
    """Whether two accounts are one person's: the same account, or two of the same member of the staff.

    What takes two people is not done by one with two accounts.
    """
    if one is None or other is None:
        return False
    if one == other:
        return True
    staff = list(await session.scalars(select(Account.staff_id).where(Account.id.in_((one, other)))))
    return len(staff) == 2 and staff[0] is not None and staff[0] == staff[1]


async def display_names(session: AsyncSession, accounts: Iterable[UUID | None]) -> dict[UUID, str]:
    """What the accounts are called, by id; None among the ids is nobody."""
    ids = set(accounts) - {None}
    if not ids:
        return {}
    rows = await session.scalars(select(Account).where(Account.id.in_(ids)))
    return {account.id: account.display_name for account in rows}
