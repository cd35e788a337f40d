"""What is open when somebody's work ends goes to a named person at work, or to the coordinator's queue.

Half an hour before the end it is named who takes over what, so that there is time for a word on the way. At
the end it becomes the receiver's, who has a quarter of an hour to say yes; without that it is the
coordinator's, and where none is at work it waits in the coordinator's queue: no owner, but a deadline.

What can wait until its owner is back at work is not handed over: a review due in two weeks stays with its
owner over the night. Nor is what a manager judges in the access log: it has days, and goes to nobody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.contacts.sweep import Move, pick, sweep
from care.handovers import HandOver, HandOverState
from care.ids import new_id
from care.known_staff import known_staff
from care.outbox import announce
from care.staff import Shift, ShiftKind, Staff, Title, is_patrol
from care.storage.insert import insert_missing
from care.tasks import JUDGED_IN_LOG, PROMISED, Task, tell_task
from scheduler.attendance import Hours, read_hours
from scheduler.duty import LEADS
from scheduler.passing import FOR_ANYBODY

HAND = Hand("tick.hand_over_watch")
#: Who leaves sees so long before whom it goes to.
BEFORE_END = timedelta(minutes=30)
#: Who takes over has so long to say so, and whoever has it then so long to do it.
TO_SAY_YES = timedelta(minutes=15)
_RED = (Status.AWAITING, Status.UNKNOWN)
_MOST = 500

Thing = Task | PlannedContact


@dataclass(slots=True)
class People:
    """The staff whom it may concern, when they work, and how much each has already."""

    staff: dict[UUID, Staff]
    hours: dict[UUID, Hours]
    #: Group → who has hours there, and the night staff, who serve everybody.
    groups: dict[UUID, set[UUID]] = field(default_factory=dict)
    night: set[UUID] = field(default_factory=set)
    load: Counter[UUID] = field(default_factory=Counter)

    def is_at_work(self, staff_id: UUID | None, when: datetime) -> bool:
        found = self.hours.get(staff_id) if staff_id is not None else None
        return found is not None and found.is_at_work(when)


def waits_for_owner(thing: Thing, own: Hours, now: datetime) -> bool:
    """Whether nothing is to be done about it before its owner is back at work."""
    back = own.back(now)
    return back is not None and thing.deadline is not None and thing.deadline > back


async def open_things(session: AsyncSession) -> list[Thing]:
    """Every open task that may change hands and every red row, the most urgent first."""
    tasks = await session.scalars(
        select(Task)
        .where(Task.closed_at.is_(None), Task.kind.not_in(JUDGED_IN_LOG))
        .order_by(Task.deadline, Task.id)
    )
    rows = await session.scalars(
        select(PlannedContact).where(PlannedContact.status.in_(_RED)).order_by(PlannedContact.id)
    )
    return [*tasks, *rows]


async def read_people(session: AsyncSession, things: Collection[Thing], clock: Clock) -> People:
    """Owners, who leads, and everybody with hours in the groups within the next hours."""
    now = clock.now()
    groups: dict[UUID, set[UUID]] = {}
    night: set[UUID] = set()
    for shift, is_for_all in await session.execute(
        select(Shift, is_patrol()).where(
            Shift.start <= now + BEFORE_END,
            Shift.end > now,
            Shift.date.between(clock.today() - timedelta(days=1), clock.today() + timedelta(days=1)),
            Shift.kind != ShiftKind.DIGITAL,
        )
    ):
        if is_for_all:
            night.add(shift.staff_id)
        groups.setdefault(shift.group_id, set()).add(shift.staff_id)
    wanted = {thing.owner_id for thing in things} | night | {one for ids in groups.values() for one in ids}
    staff = list(
        await session.scalars(
            select(Staff).where(or_(Staff.id.in_([one for one in wanted if one]), Staff.title.in_(LEADS)))
        )
    )
    load = Counter(thing.owner_id for thing in things if thing.owner_id is not None)
    return People(
        {one.id: one for one in staff}, await read_hours(session, staff, clock), groups, night, load
    )


async def successor(
    session: AsyncSession, thing: Thing, people: People, when: datetime, passed: Collection[UUID] = ()
) -> Staff | None:
    """Who takes `thing` over at the instant `when`; None when nobody for it is at work then.

    A care worker of the group, then the night staff, then who leads. What is for who leads goes to them
    alone, and a protected identity to those whom it knows. Of several the one whom the client knows best,
    then who has least.
    """
    client = await session.get(Client, thing.client_id) if thing.client_id is not None else None
    known = await known_staff(session, client) if client is not None else {}

    def fits(one: Staff) -> bool:
        if one.id in passed or not one.active or not people.is_at_work(one.id, when):
            return False
        if one.title in LEADS:
            return one.group_id == thing.group_id
        if isinstance(thing, Task) and thing.kind not in FOR_ANYBODY:
            return False
        is_here = one.id in people.groups.get(thing.group_id, set()) or one.id in people.night
        return is_here and (client is None or not client.is_protected or one.id in known)

    def order(one: Staff) -> tuple[bool, bool, int, int, UUID]:
        is_lead = one.title in LEADS
        # Among those who lead the coordinator comes first.
        rank = (one.title is not Title.COORDINATOR) if is_lead else known.get(one.id, len(known))
        return is_lead, one.id in people.night, int(rank), people.load[one.id], one.id

    return min((one for one in people.staff.values() if fits(one)), key=order, default=None)


async def has_work(session: AsyncSession, things: list[Thing], people: People, clock: Clock) -> bool:
    """Whether any of it may be to be handed over, or waits for a yes: asked without the right to write."""
    now = clock.now()
    for thing in things:
        own = people.hours.get(thing.owner_id, Hours()) if thing.owner_id is not None else Hours()
        leaves = own.ends(now)
        if thing.owner_id is None:
            if isinstance(thing, PlannedContact) and await successor_who_leads(session, thing, people, now):
                return True
        elif (leaves is None or leaves - now <= BEFORE_END) and not waits_for_owner(
            thing, own, leaves or now
        ):
            return True
    offered = select(HandOver.id).where(HandOver.state == HandOverState.OFFERED).limit(1)
    return await session.scalar(offered) is not None


async def name_receivers(session: AsyncSession, things: list[Thing], people: People, clock: Clock) -> int:
    """Who leaves within half an hour hands over by name; how many things were named anew."""
    now, count = clock.now(), 0
    for thing in things:
        owner = thing.owner_id
        own = people.hours.get(owner, Hours()) if owner is not None else Hours()
        leaves = own.ends(now)
        if (
            owner is None
            or leaves is None
            or leaves - now > BEFORE_END
            or waits_for_owner(thing, own, leaves)
        ):
            continue
        to = await successor(session, thing, people, leaves, {owner})
        made = await _offer(
            session, thing, to, owner=owner, leaves=leaves, deadline=leaves + TO_SAY_YES, clock=clock
        )
        if made is not None:
            count += 1
            people.load[to.id if to else owner] += 1
    return count


async def hand_on(session: AsyncSession, things: list[Thing], people: People, clock: Clock) -> int:
    """What belongs to somebody who has gone becomes the receiver's; how many things."""
    now, count = clock.now(), 0
    for thing in things:
        owner = thing.owner_id
        if owner is None or people.is_at_work(owner, now):
            continue
        own = people.hours.get(owner, Hours())
        if waits_for_owner(thing, own, now):
            continue
        found = await _standing(session, thing, owner, own.ended(now) or now)
        if found is None or (found.to_id is not None and not people.is_at_work(found.to_id, now)):
            # Nobody was named, as when somebody goes home ill; or who was named is not there after all.
            to = await successor(session, thing, people, now, {owner})
            if found is None:
                found = await _offer(
                    session, thing, to, owner=owner, leaves=own.ended(now) or now,
                    deadline=now + TO_SAY_YES, clock=clock,
                )  # fmt: skip
            else:
                found.to_id, found.state = (to.id if to else None), HandOverState.OFFERED
        if found is not None and found.state is HandOverState.OFFERED:
            found.deadline = max(found.deadline, now + TO_SAY_YES)
        if found is not None and found.to_id is None:
            found.state, found.ended_at = HandOverState.QUEUED, now
        await give(session, thing, found.to_id if found is not None else None, clock)
        count += 1
    return count


async def queue_unanswered(session: AsyncSession, things: list[Thing], people: People, clock: Clock) -> int:
    """What nobody said yes to in time is the coordinator's; what has ended is over. How many hand-overs."""
    now, count = clock.now(), 0
    open_ids = {thing.id: thing for thing in things}
    for one in await session.scalars(
        select(HandOver)
        .where(HandOver.state == HandOverState.OFFERED)
        .order_by(HandOver.deadline, HandOver.id)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    ):
        thing = open_ids.get(one.task_id or one.contact_id or one.id)
        is_kept = thing is not None and thing.owner_id == one.from_id and one.deadline <= now
        if thing is None or is_kept or thing.owner_id not in (one.from_id, one.to_id):
            # It ended, is somebody else's, or stays after all with who was to hand it over.
            one.state, one.ended_at = HandOverState.OVER, now
            count += 1
        elif one.deadline <= now and thing.owner_id == one.to_id:
            lead = await successor_who_leads(session, thing, people, now)
            one.state, one.ended_at = HandOverState.QUEUED, now
            await give(session, thing, lead.id if lead else None, clock)
            count += 1
    await session.flush()
    return count


async def fetch_from_queue(session: AsyncSession, things: list[Thing], people: People, clock: Clock) -> int:
    """Red rows in the queue go to who leads, once somebody does; tasks are found by *task watch*."""
    count = 0
    for thing in things:
        if thing.owner_id is None and isinstance(thing, PlannedContact):
            lead = await successor_who_leads(session, thing, people, clock.now())
            if lead is not None:
                await give(session, thing, lead.id, clock)
                count += 1
    return count


async def successor_who_leads(
    session: AsyncSession, thing: Thing, people: People, when: datetime
) -> Staff | None:
    """As `successor`, among coordinators and unit managers alone."""
    others = {one.id for one in people.staff.values() if one.title not in LEADS}
    return await successor(session, thing, people, when, others)


async def give(session: AsyncSession, thing: Thing, owner: UUID | None, clock: Clock) -> None:
    """`thing` is `owner`'s from now on, or stands in the coordinator's queue; with time to do it."""
    now = clock.now()
    soon = (now + TO_SAY_YES).replace(second=0, microsecond=0)
    if isinstance(thing, Task):
        # What was promised first stays readable: late is late, whoever has it now.
        if thing.deadline < soon:
            thing.facts = {PROMISED: thing.deadline.isoformat(), **thing.facts}
            thing.deadline = soon
        thing.owner_id = owner
        await session.flush()
        await tell_task(session, thing, now)
        return
    rows = await pick(session, PlannedContact.id == thing.id, PlannedContact.status.in_(_RED))
    moves = [Move(row, event="handed_over", fields={"owner_id": owner, "deadline": soon}) for row in rows]
    await sweep(session, moves, at=now, hand=HAND)
    await session.refresh(thing)


async def confirm(session: AsyncSession, receiver: UUID, giver: UUID, clock: Clock) -> int:
    """ "Jag tar över": everything that `giver` hands over to `receiver`; how many things.

    It is the receiver's at once when they are at work, and when the giver's work ends otherwise.
    """
    now, count = clock.now(), 0
    offered = list(
        await session.scalars(
            select(HandOver)
            .where(
                HandOver.to_id == receiver,
                HandOver.from_id == giver,
                HandOver.state == HandOverState.OFFERED,
            )
            .order_by(HandOver.id)
            .with_for_update()
        )
    )
    if not offered:
        return 0
    staff = await session.get_one(Staff, receiver)
    is_here = (await read_hours(session, [staff], clock))[receiver].is_at_work(now)
    for one in offered:
        thing: Thing | None = None
        if one.task_id is not None:
            thing = await session.get(Task, one.task_id, populate_existing=True)
        elif one.contact_id is not None:
            thing = await session.get(PlannedContact, one.contact_id, populate_existing=True)
        if thing is None or not _is_open(thing) or thing.owner_id not in (giver, receiver):
            one.state, one.ended_at = HandOverState.OVER, now
            continue
        one.state, one.ended_at = HandOverState.CONFIRMED, now
        if is_here and thing.owner_id != receiver:
            await give(session, thing, receiver, clock)
        count += 1
    await _tell(session, offered[0], now)
    return count


def _is_open(thing: Thing) -> bool:
    return thing.closed_at is None if isinstance(thing, Task) else thing.status in _RED


async def _standing(session: AsyncSession, thing: Thing, owner: UUID, left: datetime) -> HandOver | None:
    """The hand-over of `thing` from `owner`, who went at `left`; not one of an earlier day."""
    about = HandOver.task_id == thing.id if isinstance(thing, Task) else HandOver.contact_id == thing.id
    found: HandOver | None = await session.scalar(
        select(HandOver)
        .where(about, HandOver.from_id == owner, HandOver.leaves_at >= left)
        .where(HandOver.state.in_((HandOverState.OFFERED, HandOverState.CONFIRMED)))
        .order_by(HandOver.made_at.desc(), HandOver.id.desc())
        .limit(1)
    )
    return found


async def _offer(
    session: AsyncSession,
    thing: Thing,
    to: Staff | None,
    *,
    owner: UUID,
    leaves: datetime,
    deadline: datetime,
    clock: Clock,
) -> HandOver | None:
    """Write it down, once for that end of work; None when it stands already.

    What was over, or in the queue, and has come back to the same owner is offered anew.
    """
    is_task, key = isinstance(thing, Task), f"{thing.id}:{owner}:{leaves.isoformat()}"
    made = await insert_missing(
        session,
        HandOver,
        [
            {
                "id": new_id(), "once_key": key, "from_id": owner, "group_id": thing.group_id,
                "to_id": to.id if to else None, "client_id": thing.client_id,
                "task_id": thing.id if is_task else None, "contact_id": None if is_task else thing.id,
                "made_at": clock.now(), "leaves_at": leaves, "deadline": deadline,
                "state": HandOverState.OFFERED,
            }
        ],
    )  # fmt: skip
    one = (await session.scalars(select(HandOver).where(HandOver.once_key == key))).one()
    if not made:
        if one.state in (HandOverState.OFFERED, HandOverState.CONFIRMED):
            return None
        one.to_id, one.deadline = (to.id if to else None), deadline
        one.state, one.ended_at = HandOverState.OFFERED, None
        await session.flush()
    await _tell(session, one, clock.now())
    return one


async def _tell(session: AsyncSession, one: HandOver, at: datetime) -> None:
    people = [str(key) for key in (one.from_id, one.to_id) if key is not None]
    await announce(session, at, "hand_over.changed", group_id=one.group_id, staff=people)
