"""The access log: every opening and change of a client's data, and every refusal (L6)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from care.access.rights import Action
from care.ids import new_id
from care.storage.columns import Base, Id, link


class AccessLog(Base):
    """Append-only: who, in what role and relation, did what with whose data, why and where."""

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_client_id_at", "client_id", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = link("account.id")
    device_id: Mapped[UUID | None] = link("device.id", index=False)
    role: Mapped[str]
    relation: Mapped[str]
    group_id: Mapped[UUID | None] = link("home_care_group.id", index=False)
    client_id: Mapped[UUID | None] = link("client.id", index=False)
    action: Mapped[str]
    #: What was opened or changed: a kind and an id, never content.
    thing: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="care")
    allowed: Mapped[bool] = mapped_column(default=True)
    #: The route's name or the command line.
    where: Mapped[str]
    address: Mapped[str | None]


def by_command(
    at: datetime,
    action: Action,
    thing: str,
    *,
    where: str,
    purpose: str,
    group_id: UUID | None = None,
    client_id: UUID | None = None,
    device_id: UUID | None = None,
) -> AccessLog:
    """A line for what the command line did: whoever may run it stands outside the roles."""
    return AccessLog(
        id=new_id(),
        at=at,
        account_id=None,
        device_id=device_id,
        role="command_line",
        relation="everywhere",
        group_id=group_id,
        client_id=client_id,
        action=action.value,
        thing=thing,
        purpose=purpose,
        allowed=True,
        where=where,
        address=None,
    )
