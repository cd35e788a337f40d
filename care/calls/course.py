"""The course of a call after it rings, and what each end means for the planned row.

Every function works in the caller's transaction on a call fetched by `fetch`, checks the state machine and
announces. No call leaves its row in silence: what is not done keeps an owner and a next deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from care.calls.call import Call, CallParticipant, CallQuality, CallRole
from care.calls.life import CallState, Cause, check_step
from care.calls.ring import BEFORE, tell
from care.calls.trouble import Trouble
from care.contacts import step as door
from care.contacts.cause import Cause as NotDone
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.errors import Fault, stale
from care.ids import new_id

#: A client may come back within this time and the same call goes on.
GRACE = timedelta(seconds=120)
#: "Inte nu" means later, and an unanswered ring is rung again, after this long (domain 3.2).
AGAIN = timedelta(minutes=5)
#: A row whose tablet was out of reach must be looked after within this time.
LOOK_AFTER = timedelta(minutes=10)

#: Causes after which the row stays due; the others leave it awaiting when nobody talked.
STAYS_DUE = {Cause.NOT_NOW: AGAIN, Cause.TABLET_OFFLINE: LOOK_AFTER, Cause.BUSY: AGAIN}
#: A broken call in which they had talked is a conversation too.
BROKEN = frozenset({Cause.LOST, Cause.WORKER_LOST, Cause.LINE_LOST, Cause.SERVER_RESTART})
#: Neither of the two can be used.
_NO_MICROPHONE = {Trouble.MICROPHONE_REFUSED, Trouble.MICROPHONE_GONE}
_NO_CAMERA = {Trouble.CAMERA_REFUSED, Trouble.CAMERA_GONE}


async def fetch(session: AsyncSession, call_id: UUID) -> Call:
    """The call, locked where the database can. Raises `Fault` ``call.unknown`` (404)."""
    call = await session.scalar(
        select(Call).where(Call.id == call_id).with_for_update().execution_options(populate_existing=True)
    )
    if call is None:
        raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
    return call


async def contact_of(session: AsyncSession, call: Call) -> PlannedContact | None:
    return await door.fetch(session, call.contact_id) if call.contact_id else None


async def participant(session: AsyncSession, call_id: UUID, role: CallRole) -> CallParticipant:
    """The worker or the client of a call. Raises `Fault` ``call.unknown``."""
    found = await session.scalar(
        select(CallParticipant)
        .where(CallParticipant.call_id == call_id, CallParticipant.role == role)
        .limit(1)
    )
    if found is None:
        raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
    return found


async def answer(session: AsyncSession, call: Call, now: datetime, *, auto: bool, hand: Hand) -> None:
    """The client has answered: the row is underway from now. Raises `Fault` ``call.step``."""
    _step(call, CallState.CONNECTING)
    call.answered_at = now
    call.auto_answered = auto
    contact = await contact_of(session, call)
    if contact is not None and not contact.status.is_end:
        worker = await participant(session, call.id, CallRole.WORKER)
        await door.step(
            session,
            contact,
            Status.UNDERWAY,
            at=now,
            hand=hand,
            event="call.answered",
            actual_start=contact.actual_start or now,
            owner_id=worker.staff_id or contact.owner_id,
            deadline=None,
        )
    await _flush(session)
    await tell(session, call, contact, now)


async def flowing(
    session: AsyncSession, call: Call, role: CallRole, now: datetime, first_ms: int | None
) -> bool:
    """One side sees or hears the other. True when the call's state changed by it."""
    side = await participant(session, call.id, role)
    if side.joined_at is None:
        side.joined_at = now
        await session.flush()
    if first_ms is not None:
        await measure(session, call, role, setup_ms=first_ms)
    if call.state not in (CallState.CONNECTING, CallState.RECONNECTING):
        return False
    others = await session.scalars(select(CallParticipant).where(CallParticipant.call_id == call.id))
    if any(one.joined_at is None for one in others):
        return False
    _step(call, CallState.CONNECTED)
    if call.connected_at is None:
        call.connected_at = now
        setups = await session.scalars(select(CallQuality.setup_ms).where(CallQuality.call_id == call.id))
        call.setup_ms = max((ms for ms in setups if ms is not None), default=None)
    await _flush(session)
    await tell(session, call, await contact_of(session, call), now)
    return True


async def lost(session: AsyncSession, call: Call, now: datetime) -> bool:
    """One side sees and hears nothing any more. True when the state changed by it."""
    if call.state is not CallState.CONNECTED:
        return False
    _step(call, CallState.RECONNECTING)
    await _flush(session)
    await tell(session, call, await contact_of(session, call), now)
    return True


async def measure(session: AsyncSession, call: Call, role: CallRole, **figures: Any) -> None:
    """Keep what one side measured: one row a side, later figures beside earlier ones."""
    row = await session.scalar(
        select(CallQuality).where(CallQuality.call_id == call.id, CallQuality.role == role).limit(1)
    )
    if row is None:
        row = CallQuality(id=new_id(), call_id=call.id, role=role)
        session.add(row)
    for name, value in figures.items():
        if value is not None:
            setattr(row, name, value)
    await session.flush()


async def confirm_person(session: AsyncSession, call: Call, now: datetime, account_id: UUID | None) -> None:
    """ "Rätt person?": confirmed by sight. The first time counts."""
    if call.person_confirmed_at is None:
        call.person_confirmed_at, call.person_confirmed_by_id = now, account_id
        await _flush(session)


async def end(session: AsyncSession, call: Call, cause: Cause, now: datetime, hand: Hand) -> None:
    """End the call for `cause` and settle its row. Raises `Fault` ``call.step`` when it has ended already."""
    _step(call, CallState.ENDED)
    call.cause = cause = await _told_finer(session, call, cause)
    call.ended_at = now
    for side in await session.scalars(select(CallParticipant).where(CallParticipant.call_id == call.id)):
        if side.joined_at is not None and side.left_at is None:
            side.left_at = now
    await _flush(session)
    contact = await contact_of(session, call)
    if contact is not None and not contact.status.is_end:
        worker = await participant(session, call.id, CallRole.WORKER)
        await _settle(session, contact, call, worker.staff_id or contact.owner_id, hand)
    await tell(session, call, contact, now)


async def _told_finer(session: AsyncSession, call: Call, cause: Cause) -> Cause:
    """Why nothing came, as far as the two sides have said."""
    if cause is not Cause.MEDIA_FAILED:
        return cause
    for side in await session.scalars(select(CallQuality).where(CallQuality.call_id == call.id)):
        if _NO_MICROPHONE & set(side.troubles) and _NO_CAMERA & set(side.troubles):
            return Cause.NO_DEVICES
        if Trouble.NO_PATH in side.troubles:
            cause = Cause.NO_PATH
    return cause


async def _settle(
    session: AsyncSession, contact: PlannedContact, call: Call, owner: UUID | None, hand: Hand
) -> None:
    """What the end of `call` means for its row: section 8 of ``docs/protocol.md``."""
    if call.cause is None or call.ended_at is None:
        raise ValueError("only an ended call can be settled")
    cause, now, event = call.cause, call.ended_at, f"call.{call.cause.value}"
    if contact.channel is not Channel.VIDEO:
        # The client's word has made a visit of it meanwhile: whoever rang does not answer for that.
        await door.alter(session, contact, at=now, hand=hand, event=event)
        return
    has_talked = call.connected_at is not None
    if contact.status is Status.UNDERWAY and has_talked and (cause.is_conversation or cause in BROKEN):
        await door.step(session, contact, Status.DONE, at=now, hand=hand, event=event, actual_end=now)
        return
    is_early = contact.status is Status.PLANNED and now < contact.start - BEFORE
    if cause is Cause.CANCELLED or is_early:
        # Nothing has come of it; a row that was rung early, with a reason, is still to come.
        await door.alter(session, contact, at=now, hand=hand, event=event)
        return
    care: dict[str, Any] = {"owner_id": owner, "deadline": now + STAYS_DUE.get(cause, AGAIN)}
    if cause is Cause.CONSENT_WITHDRAWN:
        # Somebody has to go there, or it was done already: a person says which, at once.
        care |= {"deadline": now, "cause": NotDone.CONSENT_WITHDRAWN}
    if contact.status is Status.PLANNED:
        await door.step(session, contact, Status.DUE, at=now, hand=hand, event="due", **care)
    if cause in STAYS_DUE or contact.status not in (Status.DUE, Status.UNDERWAY):
        await door.alter(session, contact, at=now, hand=hand, event=event, **care)
    else:
        await door.step(session, contact, Status.AWAITING, at=now, hand=hand, event=event, **care)


def _step(call: Call, after: CallState) -> None:
    check_step(call.state, after)
    call.state = after


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except StaleDataError:
        raise stale("samtalet") from None
