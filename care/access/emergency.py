"""Emergency opening (nödöppning): somebody who has no relation to a client must help them now (design 6).

A reason is asked, it lasts an hour, the client's unit manager is told as a task, and everything opened
through it stands in the access log with the purpose ``emergency``. A protected identity is never opened so:
only the named few reach it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.accounts import Account, AccountRole, Role
from care.clients import Client
from care.errors import Fault
from care.ids import new_id
from care.storage.columns import Base, Id, link
from care.tasks import TaskKind, open_task

LASTS = timedelta(hours=1)
#: The manager looks at it within a day.
LOOKED_AT_WITHIN = timedelta(hours=24)
#: Letters of a reason: "hjälp" says nothing afterwards.
SHORTEST = 10
LONGEST = 500


class EmergencyOpening(Base):
    """One opening: who, whom, why, until when."""

    __tablename__ = "emergency_opening"
    __table_args__ = (Index("ix_emergency_opening_account_id_ends", "account_id", "ends"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = link("account.id", index=False)
    client_id: Mapped[UUID] = link("client.id")
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    reason: Mapped[str] = mapped_column(Text())
    at: Mapped[datetime]
    ends: Mapped[datetime]


async def open_in_emergency(
    session: AsyncSession, account: Account, client: Client, reason: str, now: datetime
) -> EmergencyOpening:
    """Open `client` for `account` for an hour, and tell the manager of the client's group.

    Raises `Fault` ``emergency.reason``.
    """
    if len(reason) < SHORTEST:
        raise Fault("emergency.reason", "Skriv varför du måste öppna, så att chefen förstår.", place="reason")
    made = EmergencyOpening(
        id=new_id(), account_id=account.id, client_id=client.id, group_id=client.group_id,
        reason=reason, at=now, ends=now + LASTS,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    await open_task(
        session,
        TaskKind.EMERGENCY_OPENED,
        group_id=client.group_id,
        at=now,
        deadline=now + LOOKED_AT_WITHIN,
        client_id=client.id,
        owner_id=await _manager(session, client.group_id),
        facts={"opening": str(made.id), "by": account.display_name},
    )
    return made


async def standing(
    session: AsyncSession, account_id: UUID, client_id: UUID, now: datetime
) -> EmergencyOpening | None:
    """The opening through which the account may read the client now."""
    found: EmergencyOpening | None = await session.scalar(
        select(EmergencyOpening)
        .where(
            EmergencyOpening.account_id == account_id,
            EmergencyOpening.client_id == client_id,
            EmergencyOpening.at <= now,
            EmergencyOpening.ends > now,
        )
        .order_by(EmergencyOpening.ends.desc())
        .limit(1)
    )
    return found


async def _manager(session: AsyncSession, group_id: UUID) -> UUID | None:
    """A unit manager of the group who is staff, the group's own before one of all groups."""
    found: UUID | None = await session.scalar(
        select(Account.staff_id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(
            AccountRole.role == Role.UNIT_MANAGER,
            (AccountRole.group_id == group_id) | AccountRole.group_id.is_(None),
            Account.disabled_at.is_(None),
            Account.staff_id.is_not(None),
        )
        .order_by(AccountRole.group_id.is_(None), Account.id)
        .limit(1)
    )
    return found
