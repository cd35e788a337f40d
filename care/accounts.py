"""Accounts, their roles in groups, and their sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
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
    created_at: Mapped[datetime]


class AccountRole(Base):
    """A role in one group, or in every group when `group_id` is None."""

    __tablename__ = "account_role"

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    role: Mapped[Role] = mapped_column(words(Role))
    group_id: Mapped[UUID | None] = link("home_care_group.id", index=False)


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
