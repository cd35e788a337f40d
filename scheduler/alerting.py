"""Which messages are to be made for closed phones, and who is next when nobody answers.

Only somebody who has asked for it is reached, and only while at work: leisure is left alone. What a message
is about goes on to the next person when it is not answered in time, by the same chain as tasks that are late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.alerts import Alert, AlertEnd, AlertKind, AlertWish, make_alert
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Origin, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.contacts.sweep import Move, pick, sweep
from care.handovers import HandOver, HandOverState
from care.staff import Staff
from care.tasks import Task
from scheduler.attendance import Hours, read_hours
from scheduler.passing import NEXT_WITHIN, SOON, next_for_row, pass_on

HAND = Hand("tick.alert_watch")
#: Kinds of tasks that somebody is told of at once: those that must be done within half an hour.
URGENT = frozenset({kind for kind, within in NEXT_WITHIN.items() if within <= SOON})
#: Who has opened Min dag so shortly before a row begins knows of it.
KNOWS_FOR = timedelta(minutes=20)
#: Somebody who is alone at work is told of the same thing so often, and then no more.
MOST_TO_ONE = 3
#: A message about something that is to be resolved is worth sending this long.
WORTH = timedelta(minutes=15)
_RED = (Status.AWAITING, Status.UNKNOWN)
_TOLD_OF = (Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE)
_CALLS = (Channel.VIDEO, Channel.PHONE)


@dataclass(frozen=True, slots=True)
class Reachable:
    """Those who want messages and are at work now."""

    wishes: dict[UUID, AlertWish]

    def wants(self, staff_id: UUID | None, kind: AlertKind) -> bool:
        wish = self.wishes.get(staff_id) if staff_id is not None else None
        return wish is not None and kind.value in wish.kinds


async def reachable(session: AsyncSession, clock: Clock) -> Reachable:
    """Who can be told of something now."""
    rows = list(
        await session.execute(
            select(AlertWish, Staff)
            .join(Staff, Staff.id == AlertWish.staff_id)
            .where(AlertWish.verified_at.is_not(None), Staff.active.is_(True))
        )
    )
    found: dict[UUID, Hours] = await read_hours(session, [staff for _, staff in rows], clock)
    now = clock.now()
    return Reachable({wish.staff_id: wish for wish, _ in rows if found[wish.staff_id].is_at_work(now)})


async def tell_of_rows(session: AsyncSession, who: Reachable, clock: Clock) -> int:
    """Rows that begin soon, check visits, and rows that have not happened; how many messages were made."""
    now = clock.now()
    wanted = [key for key in who.wishes if who.wants(key, AlertKind.DUE) or who.wants(key, AlertKind.RED)]
    if not wanted:
        return 0
    rows = list(
        await session.scalars(
            select(PlannedContact)
            .where(
                or_(
                    PlannedContact.status.in_(_RED),
                    and_(
                        PlannedContact.status == Status.DUE,
                        PlannedContact.start > now,
                        PlannedContact.channel.in_(_TOLD_OF),
                    ),
                    and_(PlannedContact.status == Status.DUE, PlannedContact.origin == Origin.ESCALATION),
                ),
                PlannedContact.owner_id.in_(wanted),
            )
            .options(selectinload(PlannedContact.assignments))
            .order_by(PlannedContact.start, PlannedContact.id)
        )
    )
    red = [row for row in rows if row.status in _RED and who.wants(row.owner_id, AlertKind.RED)]
    count = await _tell_again(session, AlertKind.RED, red, now)
    for row in rows:
        if row.status is not Status.DUE or row.owner_id is None:
            continue
        if row.start <= now:
            # A check visit begins when it is made: whoever is sent is told, however lately Min dag was open.
            count += await make_alert(
                session, AlertKind.DUE, staff_id=row.owner_id, group_id=row.group_id, contact_id=row.id,
                once_key=f"due:{row.id}:{row.owner_id}:{row.start.isoformat()}", at=now, until=now + WORTH,
                facts={"at": row.start.isoformat(), "is_call": False},
            )  # fmt: skip
        elif _nobody_knows(row, who, now):
            count += await make_alert(
                session, AlertKind.DUE, staff_id=row.owner_id, group_id=row.group_id, contact_id=row.id,
                once_key=f"due:{row.id}:{row.owner_id}:{row.start.isoformat()}", at=now, until=row.start,
                facts={"at": row.start.isoformat(), "is_call": row.channel in _CALLS},
            )  # fmt: skip
    return count


def _nobody_knows(row: PlannedContact, who: Reachable, now: datetime) -> bool:
    """Nobody who is to do the row has opened Min dag lately."""
    if not who.wants(row.owner_id, AlertKind.DUE):
        return False
    people = {row.owner_id, *(one.staff_id for one in row.assignments)}
    seen = [who.wishes[one].seen_at for one in people if one in who.wishes]
    return not any(one is not None and now - one < KNOWS_FOR for one in seen)


async def tell_of_tasks(session: AsyncSession, who: Reachable, clock: Clock) -> int:
    """Urgent tasks that have become somebody's; how many messages were made."""
    wanted = [key for key in who.wishes if who.wants(key, AlertKind.TASK)]
    if not wanted:
        return 0
    tasks = await session.scalars(
        select(Task)
        .where(Task.closed_at.is_(None), Task.kind.in_(URGENT), Task.owner_id.in_(wanted))
        .order_by(Task.deadline, Task.id)
    )
    return await _tell_again(session, AlertKind.TASK, list(tasks), clock.now())


async def tell_of_hand_overs(session: AsyncSession, who: Reachable, clock: Clock) -> int:
    """Colleagues who hand over: one message for all that goes from one to another."""
    wanted = [key for key in who.wishes if who.wants(key, AlertKind.HAND_OVER)]
    if not wanted:
        return 0
    rows = await session.execute(
        select(HandOver.from_id, HandOver.to_id, HandOver.leaves_at, HandOver.group_id, HandOver.deadline)
        .where(HandOver.state == HandOverState.OFFERED, HandOver.to_id.in_(wanted))
        .order_by(HandOver.id)
    )
    count = 0
    for giver, receiver, leaves, group_id, deadline in rows:
        assert receiver is not None  # noqa: S101 - asked for by receiver
        count += await make_alert(
            session, AlertKind.HAND_OVER, staff_id=receiver, group_id=group_id, at=clock.now(),
            until=deadline, once_key=f"hand_over:{giver}:{receiver}:{leaves.isoformat()}",
        )  # fmt: skip
    return count


async def _offered(session: AsyncSession) -> set[tuple[UUID | None, UUID | None]]:
    """Things that somebody is being told of as a hand-over: (thing, receiver)."""
    rows = await session.execute(
        select(HandOver.task_id, HandOver.contact_id, HandOver.to_id).where(
            HandOver.state == HandOverState.OFFERED
        )
    )
    return {(task_id or contact_id, to_id) for task_id, contact_id, to_id in rows}


async def _tell_again(
    session: AsyncSession,
    kind: AlertKind,
    things: Collection[Task] | Collection[PlannedContact],
    now: datetime,
) -> int:
    """A message about each thing to its owner: one a turn, and not for ever to the same person."""
    if not things:
        return 0
    column = Alert.task_id if kind is AlertKind.TASK else Alert.contact_id
    told: dict[tuple[UUID | None, UUID], list[Alert]] = {}
    for alert in await session.scalars(
        select(Alert).where(column.in_([one.id for one in things]), Alert.kind == kind).order_by(Alert.id)
    ):
        told.setdefault((alert.task_id or alert.contact_id, alert.staff_id), []).append(alert)
    count, offered = 0, await _offered(session)
    for thing in things:
        owner = thing.owner_id
        if (thing.id, owner) in offered:
            continue
        assert owner is not None  # noqa: S101 - asked for by owner
        before = told.get((thing.id, owner), [])
        if before and (before[-1].end is not AlertEnd.UNANSWERED or len(before) >= MOST_TO_ONE):
            continue
        is_task = isinstance(thing, Task)
        count += await make_alert(
            session, kind, staff_id=owner, group_id=thing.group_id, at=now, until=now + WORTH,
            task_id=thing.id if is_task else None, contact_id=None if is_task else thing.id,
            once_key=f"{kind.value}:{thing.id}:{owner}:{len(before)}",
            facts={"at": thing.deadline.isoformat()} if thing.deadline else {},
        )  # fmt: skip
    return count


async def pass_unanswered(session: AsyncSession, clock: Clock, minutes: int) -> int:
    """What nobody has answered in time, or what could not be sent, goes on to the next; how many messages.

    In time: within `minutes` of its being sent.
    """
    now = clock.now()
    late = now - timedelta(minutes=minutes)
    alerts = list(
        await session.scalars(
            select(Alert)
            .where(
                Alert.ended_at.is_(None),
                or_(Alert.sent_at <= late, Alert.failed_at.is_not(None)),
            )
            .order_by(Alert.id)
            .limit(100)
            .with_for_update(skip_locked=True)
        )
    )
    for alert in alerts:
        alert.ended_at, alert.end, alert.next_try_at = now, AlertEnd.UNANSWERED, None
        await session.flush()
        if alert.kind is AlertKind.TASK and alert.task_id is not None:
            alert.end = await _pass_task(session, alert, clock)
        elif alert.kind is AlertKind.RED and alert.contact_id is not None:
            alert.end = await _pass_row(session, alert, clock)
    await session.flush()
    return len(alerts)


async def _pass_task(session: AsyncSession, alert: Alert, clock: Clock) -> AlertEnd:
    task = await session.scalar(
        select(Task)
        .where(Task.id == alert.task_id, Task.closed_at.is_(None), Task.owner_id == alert.staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if task is None:
        return AlertEnd.OVER
    await pass_on(session, task, clock)
    return AlertEnd.UNANSWERED


async def _pass_row(session: AsyncSession, alert: Alert, clock: Clock) -> AlertEnd:
    rows = await pick(
        session,
        PlannedContact.id == alert.contact_id,
        PlannedContact.status.in_(_RED),
        PlannedContact.owner_id == alert.staff_id,
    )
    if not rows:
        return AlertEnd.OVER
    row = rows[0]
    passed = await _let_it_pass(session, row.id)
    found = await next_for_row(session, row.client_id, row.group_id, clock, passed)
    if found is not None and found.id != row.owner_id:
        move = Move(row, event="handed_over", fields={"owner_id": found.id, "deadline": clock.now() + SOON})
        await sweep(session, [move], at=clock.now(), hand=HAND)
    return AlertEnd.UNANSWERED


async def _let_it_pass(session: AsyncSession, contact_id: UUID) -> list[UUID]:
    """Who has been told of the row and did not answer, the last one last."""
    found = await session.scalars(
        select(Alert.staff_id)
        .where(Alert.contact_id == contact_id, Alert.end == AlertEnd.UNANSWERED)
        .order_by(Alert.ended_at, Alert.id)
    )
    return list(dict.fromkeys(reversed(list(found))))[::-1]


async def trails(
    session: AsyncSession, tasks: Iterable[UUID], contacts: Iterable[UUID]
) -> dict[UUID, list[tuple[Alert, Staff]]]:
    """Of each task and row, who was told and what they answered, in order."""
    rows = await session.execute(
        select(Alert, Staff)
        .join(Staff, Staff.id == Alert.staff_id)
        .where(
            or_(Alert.task_id.in_(list(tasks)), Alert.contact_id.in_(list(contacts))),
            Alert.kind.in_([AlertKind.TASK, AlertKind.RED]),
        )
        .order_by(Alert.made_at, Alert.id)
    )
    found: dict[UUID, list[tuple[Alert, Staff]]] = {}
    for alert, staff in rows:
        key = alert.task_id or alert.contact_id
        if key is not None:
            found.setdefault(key, []).append((alert, staff))
    return found
