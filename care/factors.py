"""Second factors: what somebody has beside the password, and the codes for the day it is lost."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link


class Passkey(Base):
    """A key pair in somebody's phone, computer or security key (WebAuthn); we keep the public half."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential_id"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id")
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024))
    #: COSE key, as the authenticator gave it.
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    #: Counts up with each use where the authenticator counts at all: a copy falls behind and is refused.
    sign_count: Mapped[int] = mapped_column(default=0)
    #: The device where it was made, in words.
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class CodeApp(Base):
    """An app that shows a code of six digits every half minute (TOTP, RFC 6238). One an account."""

    __tablename__ = "code_app"
    __table_args__ = (UniqueConstraint("account_id"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id", index=False)
    #: The shared secret, sealed for the account's id (`care.identity.vault`).
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: The half minute whose code was used last: neither it nor an earlier one is good again.
    last_step: Mapped[int]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code on paper, good once. It has 74 random bits, so a plain hash is enough."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id", index=False)
    code_hash: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
