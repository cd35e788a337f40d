"""One tap: a row becomes a video call, a telephone call or a visit, by the rules.

Whoever moves a row has already decided; what is asked here is only whether it may be so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.digital import Verdict, judge
from care.contacts.elsewhere import systems
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.contacts.step import Hand, alter, staff_of
from care.errors import Fault
from care.ids import new_id
from care.notices import Notice
from care.outbox import announce
from care.services import Service
from care.staff import Staff
from scheduler.ticks.deadline import deadline_of
from scheduler.ticks.timing import read_timing

#: Where a row may be moved with one tap.
WAYS = (Channel.VIDEO, Channel.PHONE, Channel.PHYSICAL)
_MOVABLE = frozenset({Status.PLANNED, Status.DUE})
_EVENTS = {
    Channel.VIDEO: "moved_to_video",
    Channel.PHONE: "moved_to_phone",
    Channel.PHYSICAL: "moved_to_visit",
}
#: Which rules must say no for the client's word to turn a coming row into a visit.
_WORD = {
    Cause.CONSENT_WITHDRAWN: {
        "client_consents",
        "cohabitant_consents",
        "client_wants_video",
        "decision_is_clear",
    },
    Cause.NO_VIDEO_TODAY: {"not_said_no_today"},
    Cause.NO_TABLET: {"tablet_suits"},
    Cause.TABLET_LOST: {"tablet_is_usable"},
}


async def ways(
    session: AsyncSession, contact_ids: Collection[UUID], clock: Clock
) -> dict[UUID, dict[Channel, Verdict]]:
    """For pages: to which channels each contact may go, and why not to the others."""
    facts = await gather_facts(session, contact_ids, clock)
    return {key: {channel: judge(fact, channel) for channel in WAYS} for key, fact in facts.items()}


async def move_to_video(
    session: AsyncSession, contact: PlannedContact, *, clock: Clock, hand: Hand, reason: str | None = None
) -> None:
    """Make `contact` (from `care.contacts.step.fetch`) a video call, and have the client told.

    Raises `Fault` ``digital.<rule>`` with the first rule's sentence, ``moving.begun``, ``moving.there`` or
    ``moving.staff`` (409).
    """
    await _move(session, contact, Channel.VIDEO, clock=clock, hand=hand, reason=reason)


async def move_to_phone(
    session: AsyncSession, contact: PlannedContact, *, clock: Clock, hand: Hand, reason: str | None = None
) -> None:
    """Make `contact` a telephone call. Faults as `move_to_video`."""
    await _move(session, contact, Channel.PHONE, clock=clock, hand=hand, reason=reason)


async def move_to_visit(
    session: AsyncSession, contact: PlannedContact, *, clock: Clock, hand: Hand, reason: str | None = None
) -> None:
    """Make `contact` a visit: always allowed. Faults ``moving.begun`` or ``moving.there`` (409)."""
    await _move(session, contact, Channel.PHYSICAL, clock=clock, hand=hand, reason=reason)


async def consent_withdrawn(session: AsyncSession, client_id: UUID, *, clock: Clock, hand: Hand) -> int:
    """Turn the client's coming calls and reminders on the tablet into visits; how many (domain 6, 12).

    Only those that the rules no longer allow: the others stay. Who was to ring cannot be taken to be able to
    go there: the visits have nobody yet, and the group's coordinators answer for them.
    """
    return await _stop_video(session, client_id, Cause.CONSENT_WITHDRAWN, clock, hand)


async def no_video_today(session: AsyncSession, client_id: UUID, *, clock: Clock, hand: Hand) -> int:
    """ "Vill inte ha video i dag" has been noted on the client: today's rows, as `consent_withdrawn`."""
    return await _stop_video(session, client_id, Cause.NO_VIDEO_TODAY, clock, hand)


async def tablet_does_not_suit(session: AsyncSession, client_id: UUID, *, clock: Clock, hand: Hand) -> int:
    """It has been assessed that a tablet does not suit the client: coming rows, as `consent_withdrawn`."""
    return await _stop_video(session, client_id, Cause.NO_TABLET, clock, hand)


async def tablet_lost(session: AsyncSession, client_id: UUID, *, clock: Clock, hand: Hand) -> int:
    """The client's only tablet has been reported lost: coming rows, as `consent_withdrawn`.

    They are calls again when another is put up (`scheduler.tablet_calls.tablet_is_back`).
    """
    return await _stop_video(session, client_id, Cause.TABLET_LOST, clock, hand)


async def _stop_video(session: AsyncSession, client_id: UUID, why: Cause, clock: Clock, hand: Hand) -> int:
    rows = list(
        await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.client_id == client_id,
                PlannedContact.status.in_(_MOVABLE),
                PlannedContact.channel.in_((Channel.VIDEO, Channel.PROMPT)),
                PlannedContact.planned_date >= clock.today() - timedelta(days=1),
            )
            .order_by(PlannedContact.start)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    facts = await gather_facts(session, [row.id for row in rows], clock)
    count = 0
    for row in rows:
        if {no.rule for no in judge(facts[row.id], row.channel).against} & _WORD[why]:
            await _write(session, row, Channel.PHYSICAL, clock=clock, hand=hand, cause=why, staff=())
            count += 1
    return count


async def _move(
    session: AsyncSession,
    contact: PlannedContact,
    to: Channel,
    *,
    clock: Clock,
    hand: Hand,
    reason: str | None,
) -> None:
    if contact.status not in _MOVABLE:
        raise Fault(
            "moving.begun", "Kontakten har redan börjat eller är avslutad.", status=409, place="status"
        )
    if contact.channel is to:
        raise Fault("moving.there", "Kontakten är redan flyttad dit.", status=409, place="channel")
    facts = await gather_facts(session, [contact.id], clock)
    verdict = judge(facts[contact.id], to)
    if not verdict.allowed:
        first = verdict.against[0]
        raise Fault(f"digital.{first.rule}", first.sentence, status=409, place="channel", values=first.values)
    if to is Channel.VIDEO:
        await _check_staff(session, contact)
    await _write(session, contact, to, clock=clock, hand=hand, reason=reason)


async def _check_staff(session: AsyncSession, contact: PlannedContact) -> None:
    people = await session.scalars(
        select(Staff).where(Staff.id.in_(await staff_of(session, contact.id)), Staff.may_video.is_(False))
    )
    for person in people:
        raise Fault(
            "moving.staff",
            "%(name)s tar inte videosamtal. Ge raden till någon annan först.",
            status=409,
            place="staff",
            values={"name": person.short_name},
        )


async def _write(
    session: AsyncSession,
    contact: PlannedContact,
    to: Channel,
    *,
    clock: Clock,
    hand: Hand,
    reason: str | None = None,
    cause: Cause | None = None,
    staff: Sequence[UUID] | None = None,
) -> None:
    before, now = contact.channel, clock.now()
    fields: dict[str, Any] = {
        "channel": to,
        "minutes": await _minutes(session, contact, to),
        "touched": True,
        "cause": cause or contact.cause,
    }
    if contact.status is Status.DUE:
        timing = await read_timing(session)
        fields["deadline"] = deadline_of(contact, timing, clock.zone, await systems(session), channel=to)
    await alter(session, contact, at=now, hand=hand, event=_EVENTS[to], reason=reason, staff=staff, **fields)
    await have_told(session, contact, clock, kind="move", channel_before=before.value)


async def _minutes(session: AsyncSession, contact: PlannedContact, to: Channel) -> int:
    """A call takes the shorter time that its services name for video; a visit takes the lines' own."""
    lines: Sequence[tuple[int, int | None]] = [
        (minutes, video)
        for minutes, video in await session.execute(
            select(ContactLine.minutes, Service.video_minutes)
            .join(Service, Service.id == ContactLine.service_id)
            .where(ContactLine.contact_id == contact.id)
        )
    ]
    if not lines:
        return contact.minutes
    if to is Channel.PHYSICAL:
        return max(contact.minutes, sum(minutes for minutes, _ in lines))
    return min(contact.minutes, sum(video or minutes for minutes, video in lines))


async def have_told(
    session: AsyncSession, contact: PlannedContact, clock: Clock, *, kind: str, **more: str
) -> None:
    """A notice for the client's screen; unseen ones about the same row no longer hold.

    `kind` is a word of `care.disruptions.ChangeKind`; `more` are further facts.
    """
    at = clock.now()
    for old in await session.scalars(
        select(Notice).where(
            Notice.contact_id == contact.id, Notice.shown_at.is_(None), Notice.told_at.is_(None)
        )
    ):
        old.told_at = at
        old.facts = {**old.facts, "taken_back": True}
    notice = Notice(
        id=new_id(),
        client_id=contact.client_id,
        contact_id=contact.id,
        made_at=at,
        facts={
            "kind": kind,
            "channel": contact.channel.value,
            "start": contact.start.isoformat(),
            "date": contact.planned_date.isoformat(),
            "staff": [str(one) for one in await staff_of(session, contact.id)],
            **more,
        },
    )
    session.add(notice)
    await session.flush()
    await announce(
        session,
        at,
        "notice.made",
        group_id=contact.group_id,
        client_id=contact.client_id,
        notice=notice.id,
    )
