"""The access log: every opening and change of a client's data, and every refusal (L6).

It is append-only and chained; see `care.access.chain`, which is how an entry gets in.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.access.rights import Action
from care.ids import new_id
from care.storage.columns import Base, Id, link

#: The thing of an entry that says: stood in a list that somebody saw.
LISTED = "list"


class AccessLog(Base):
    """Append-only: who, in what role and relation, did what with whose data, why and where.

    ``session.add(AccessLog(…))`` is all that is needed: the chain gives it a place when the transaction ends.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        UniqueConstraint("seq"),
        Index("ix_access_log_client_id_at", "client_id", "at"),
        Index("ix_access_log_group_id_at", "group_id", "at"),
    )

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
    #: Its place in the chain, from 1 without gaps.
    seq: Mapped[int] = mapped_column(BigInteger())
    #: The hash of the entry before it, and its own.
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AccessArchive(Base):
    """A first part of the log that has been taken to the archive: the only door through which entries leave.

    The database lets nobody delete an entry that no row here covers, and nobody change or delete these rows.
    """

    __tablename__ = "access_archive"

    id: Mapped[Id]
    at: Mapped[datetime]
    first_seq: Mapped[int] = mapped_column(BigInteger())
    last_seq: Mapped[int] = mapped_column(BigInteger())
    #: The hash of the last entry taken: the chain goes on from here.
    last_hash: Mapped[str] = mapped_column(String(64))
    #: SHA-256 of the file that the entries went to.
    checksum: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[UUID | None] = link("account.id", index=False)


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


def by_server(at: datetime, action: Action, thing: str, *, purpose: str, group_id: UUID) -> AccessLog:
    """A line for what the server does by itself with a group's data, by nobody's order."""
    return AccessLog(
        id=new_id(),
        at=at,
        account_id=None,
        role="server",
        relation="everywhere",
        group_id=group_id,
        action=action.value,
        thing=thing,
        purpose=purpose,
        allowed=True,
        where="server",
    )
