"""Tasks for people: everything in *Behöver en människa* that is not itself a planned row.

A red planned row stands there by its own state; these are the rest. None closes without an outcome.
Tasks are made by `open_task` and closed by `close_task`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.errors import Fault
from care.ids import new_id
from care.outbox import announce
from care.storage.columns import Base, Id, link, words
from care.storage.insert import insert_missing


class TaskKind(StrEnum):
    #: "Ring och berätta": the tablet has not shown a change within ten minutes.
    TELL_CLIENT = "tell_client"
    TABLET_SILENT = "tablet_silent"
    TABLET_SOUND = "tablet_sound"
    AREA_SILENT = "area_silent"
    #: The charger is out and the battery runs down.
    TABLET_POWER = "tablet_power"
    #: The system has put the page to sleep, or something else lies over it.
    TABLET_ASLEEP = "tablet_asleep"
    #: In the night picture and sound did not find the way to the tablet and back.
    TABLET_PATH = "tablet_path"
    CONFIRM_CONSENT = "confirm_consent"
    CALL_REQUEST = "call_request"
    SYSTEM_WAS_AWAY = "system_was_away"
    FOLLOW_UP = "follow_up"
    #: A consent, or whether a tablet suits, is to be asked about again.
    REVIEW_CONSENT = "review_consent"
    REVIEW_TABLET = "review_tablet"
    #: A tablet was lost, or given back while calls are planned.
    TABLET_GONE = "tablet_gone"
    #: Somebody without a relation to the client has opened it in an emergency; the manager looks at why.
    EMERGENCY_OPENED = "emergency_opened"
    #: Last month's sample of the access log is drawn; the manager looks at each line.
    LOG_SAMPLE = "log_sample"
    #: Why nobody answered: said on the page of the contact.
    NO_ANSWER_WHY = "no_answer_why"
    #: Nobody has answered several times: what is agreed with the client is to be looked at.
    PLAN_REVIEW = "plan_review"
    #: A message to somebody's phone did not get through, by any way.
    ALERT_FAILED = "alert_failed"


#: Judged in the access log by a unit manager, and by nobody else.
JUDGED_IN_LOG = frozenset({TaskKind.EMERGENCY_OPENED, TaskKind.LOG_SAMPLE})

#: In `Task.facts`: the first deadline of a task that was passed on, and who had it, the last one last.
PROMISED, PASSED = "promised", "passed"


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("once_key"),
        Index("ix_task_group_id_closed_at", "group_id", "closed_at"),
    )

    id: Mapped[Id]
    kind: Mapped[TaskKind] = mapped_column(words(TaskKind))
    #: Says the same thing once: a second task with the same key is not made while it stands.
    once_key: Mapped[str | None]
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    client_id: Mapped[UUID | None] = link("client.id")
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    device_id: Mapped[UUID | None] = link("device.id", index=False)
    change_id: Mapped[UUID | None] = link("proposal_change.id", index=False)
    owner_id: Mapped[UUID | None] = link("staff.id", index=False)
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    #: What fills the sentence on the page; never free text about the client.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = link("account.id", index=False)
    outcome: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Text())

    @property
    def promised(self) -> datetime:
        """When it was to be done at first; passing it on does not move that."""
        first = self.facts.get(PROMISED)
        return datetime.fromisoformat(first) if first else self.deadline

    def is_late(self, now: datetime) -> bool:
        return self.promised < now


async def open_task(
    session: AsyncSession,
    kind: TaskKind,
    *,
    group_id: UUID,
    at: datetime,
    deadline: datetime,
    once_key: str | None = None,
    **fields: Any,
) -> Task | None:
    """Make a task and tell it, or None when one with `once_key` stands open already."""
    made = await insert_missing(
        session,
        Task,
        [
            {
                "id": new_id(),
                "kind": kind,
                "once_key": once_key,
                "group_id": group_id,
                "created_at": at,
                "deadline": deadline,
                **fields,
            }
        ],
    )
    if not made:
        return None
    task = await session.get_one(Task, made.pop())
    await tell_task(session, task, at)
    return task


async def standing_task(session: AsyncSession, once_key: str) -> Task | None:
    """The open task with that key, locked for this transaction where the database can."""
    found: Task | None = await session.scalar(
        select(Task)
        .where(Task.once_key == once_key, Task.closed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def close_task(
    session: AsyncSession,
    task: Task,
    outcome: str,
    *,
    at: datetime,
    account_id: UUID | None = None,
    note: str | None = None,
) -> None:
    """Close `task` with what came of it, and give its key back for the next time.

    Raises `Fault` ``task.outcome_missing`` (422) and ``task.closed`` (409).
    """
    if not outcome.strip():
        raise Fault("task.outcome_missing", "Skriv vad det blev av uppgiften.", place="outcome")
    if task.closed_at is not None:
        raise Fault("task.closed", "Uppgiften är redan avslutad.", status=409, place="task")
    task.closed_at, task.closed_by_id = at, account_id
    task.outcome, task.note, task.once_key = outcome, note, None
    await session.flush()
    await tell_task(session, task, at)


async def tell_task(session: AsyncSession, task: Task, at: datetime) -> None:
    """Announce that `task` has been made, changed or closed."""
    await announce(
        session,
        at,
        "task.changed",
        group_id=task.group_id,
        client_id=task.client_id,
        task=task.id,
        kind=task.kind.value,
        closed=task.closed_at is not None,
        owner=task.owner_id,
    )
