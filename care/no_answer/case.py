"""The tables of a case: one a row that nobody answered, its steps in order, and what a client's plan says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.clients import Risk
from care.no_answer.course import Course
from care.no_answer.step import Outcome, Step, WhyNoAnswer
from care.no_answer.times import NO_WISH, Times, Wish
from care.storage.columns import Base, Id, link, words

#: After so many cases in so many days the plan is to be looked at (domain 3.2, step 8).
TOO_MANY, WITHIN = 2, timedelta(days=14)
#: A case that went no further than its rings is an ordinary day, and asks for no cause.
ORDINARY = frozenset({Step.RING, Step.RING_AGAIN})


class NoAnswerCase(Base):
    """One contact that nobody answered, until it is known what became of it."""

    __tablename__ = "no_answer_case"
    __table_args__ = (
        UniqueConstraint("contact_id"),
        Index("ix_no_answer_case_ended_at", "ended_at"),
        Index("ix_no_answer_case_client_id_opened_at", "client_id", "opened_at"),
    )

    id: Mapped[Id]
    #: The row on which it stands now: the check visit, once somebody is there.
    contact_id: Mapped[UUID] = link("planned_contact.id", index=False)
    #: The row on which it began.
    first_contact_id: Mapped[UUID] = link("planned_contact.id")
    client_id: Mapped[UUID] = link("client.id", index=False)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    level: Mapped[Risk] = mapped_column(words(Risk))
    #: Step → minutes from the first ring, as it was when the case began: a changed plan is for the next.
    minutes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ladder: Mapped[list[str]] = mapped_column(default=list)
    opened_at: Mapped[datetime]
    began_at: Mapped[datetime]
    step: Mapped[Step] = mapped_column(words(Step))
    since: Mapped[datetime]
    #: Until when somebody has to say what came of the step; the row's own deadline follows it.
    deadline: Mapped[datetime]
    is_wrong: Mapped[bool] = mapped_column(default=False)
    visit_id: Mapped[UUID | None] = link("planned_contact.id")
    is_sent: Mapped[bool] = mapped_column(default=False)
    called_off: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    #: A word of `Outcome`, or the state in which the row ended.
    ending: Mapped[str | None]
    why: Mapped[WhyNoAnswer | None] = mapped_column(words(WhyNoAnswer))
    why_at: Mapped[datetime | None]
    why_by_id: Mapped[UUID | None] = link("account.id", index=False)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class NoAnswerMark(Base):
    """What came of one step: never changed."""

    __tablename__ = "no_answer_mark"
    __table_args__ = (UniqueConstraint("call_id"),)

    id: Mapped[Id]
    case_id: Mapped[UUID] = link("no_answer_case.id")
    at: Mapped[datetime]
    step: Mapped[Step] = mapped_column(words(Step))
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    #: Whose the step was.
    staff_id: Mapped[UUID | None] = link("staff.id", index=False)
    #: Who said it; None when the system did.
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    #: The ring that it is the outcome of: each counts once.
    call_id: Mapped[UUID | None] = link("call.id", index=False)


class NoAnswerPlan(Base):
    """What is agreed with one client for when nobody answers."""

    __tablename__ = "no_answer_plan"
    __table_args__ = (UniqueConstraint("client_id"),)

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id", index=False)
    minutes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at_once: Mapped[bool] = mapped_column(default=False)
    #: "Är ofta på balkongen. Ring en gång till."
    advice: Mapped[str | None] = mapped_column(Text())
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[UUID | None] = link("account.id", index=False)


def course_of(case: NoAnswerCase) -> Course:
    """Where the case stands."""
    times = Times(
        case.level,
        MappingProxyType({Step(step): int(number) for step, number in case.minutes.items()}),
        tuple(Step(step) for step in case.ladder),
    )
    return Course(
        times,
        case.began_at,
        case.step,
        case.since,
        is_wrong=case.is_wrong,
        has_visit=case.visit_id is not None,
        is_sent=case.is_sent,
        called_off=case.called_off,
        is_over=not case.is_open,
    )


def wish_of(plan: NoAnswerPlan | None) -> Wish:
    """The plan as the pure rules read it; what they do not know is left out."""
    if plan is None:
        return NO_WISH
    known = {step.value: step for step in Step}
    minutes = {known[word]: int(number) for word, number in plan.minutes.items() if word in known}
    return Wish(MappingProxyType(minutes), plan.at_once)


async def plan_of(session: AsyncSession, client_id: UUID) -> NoAnswerPlan | None:
    found: NoAnswerPlan | None = await session.scalar(
        select(NoAnswerPlan).where(NoAnswerPlan.client_id == client_id)
    )
    return found


async def case_on(session: AsyncSession, contact_id: UUID) -> NoAnswerCase | None:
    """The case of a row: one that stands on it, or began on it, or sent it."""
    found: NoAnswerCase | None = await session.scalar(
        select(NoAnswerCase)
        .where(
            (NoAnswerCase.contact_id == contact_id)
            | (NoAnswerCase.first_contact_id == contact_id)
            | (NoAnswerCase.visit_id == contact_id)
        )
        .order_by(NoAnswerCase.opened_at.desc())
        .limit(1)
    )
    return found


async def open_cases(session: AsyncSession, contact_ids: Collection[UUID]) -> dict[UUID, NoAnswerCase]:
    """Row → the open case that stands on it."""
    rows = await session.scalars(
        select(NoAnswerCase).where(NoAnswerCase.contact_id.in_(contact_ids), NoAnswerCase.ended_at.is_(None))
    )
    return {one.contact_id: one for one in rows}


async def marks_of(session: AsyncSession, case: NoAnswerCase) -> list[NoAnswerMark]:
    """What came of each step, in order."""
    return list(
        await session.scalars(
            select(NoAnswerMark)
            .where(NoAnswerMark.case_id == case.id)
            .order_by(NoAnswerMark.at, NoAnswerMark.id)
        )
    )


def went_far(marks: Collection[NoAnswerMark], case: NoAnswerCase) -> bool:
    """The case went further than its rings: why is asked, and it counts towards a look at the plan."""
    return case.step not in ORDINARY or any(mark.step not in ORDINARY for mark in marks)


async def how_many(session: AsyncSession, client_id: UUID, now: datetime) -> int:
    """Cases of the client that went further than their rings, in the last fourteen days."""
    found = await session.scalar(
        select(func.count(NoAnswerCase.id)).where(
            NoAnswerCase.client_id == client_id,
            NoAnswerCase.opened_at > now - WITHIN,
            NoAnswerCase.step.not_in(ORDINARY),
        )
    )
    return int(found or 0)
