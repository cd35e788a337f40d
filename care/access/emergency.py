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

from care.access.finding import Finding, check_note
from care.access.reviewing import reviewers
from care.accounts import Account, is_same_person
from care.clients import Client
from care.errors import Fault
from care.ids import new_id
from care.storage.columns import Base, Id, link
from care.tasks import Task, TaskKind, close_task, open_task

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
    managers = await reviewers(session, client.group_id)
    await open_task(
        session,
        TaskKind.EMERGENCY_OPENED,
        group_id=client.group_id,
        at=now,
        deadline=now + LOOKED_AT_WITHIN,
        client_id=client.id,
        owner_id=next((one.id for one in managers if one.id != account.staff_id), None),
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


async def judge(
    session: AsyncSession,
    opening: EmergencyOpening,
    finding: Finding,
    note: str,
    *,
    now: datetime,
    account_id: UUID | None,
) -> None:
    """Write once what the manager found, which closes the task.

    Raises `Fault` ``emergency.own`` (409) for who opened it, ``emergency.judged`` (409), or ``sample.note``.
    """
    if await is_same_person(session, account_id, opening.account_id):
        raise Fault(
            "emergency.own", "Någon annan än den som öppnade behöver bedöma.", status=409, place="finding"
        )
    task = await task_of(session, opening, lock=True)
    if task is None or task.closed_at is not None:
        raise Fault("emergency.judged", "Öppningen är redan bedömd.", status=409, place="finding")
    check_note(finding, note)
    await close_task(session, task, finding.value, at=now, account_id=account_id, note=note or None)


async def task_of(session: AsyncSession, opening: EmergencyOpening, *, lock: bool = False) -> Task | None:
    """The task about `opening`, open or closed, which holds what was found."""
    asked = select(Task).where(
        Task.kind == TaskKind.EMERGENCY_OPENED,
        Task.client_id == opening.client_id,
        Task.created_at == opening.at,
    )
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = await session.scalars(asked)
    return next((one for one in found if one.facts.get("opening") == str(opening.id)), None)
