"""Writing receipts, and what follows from them: who follows up, who with a delegation is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.calls.call import Call
from care.calls.life import CallState
from care.contacts.contact import PlannedContact
from care.contacts.step import staff_of
from care.delegation import barred_lines, delegated
from care.localtime import to_wall
from care.receipts import Given, Receipt, Result, give_receipts, valid_receipts
from care.tasks import TaskKind, close_task, open_task, standing_task
from server.keys import CLOCK
from server.security.actor import Actor, actor

#: Whoever follows up has until the end of the next day's shift or so.
FOLLOW_UP_WITHIN = timedelta(hours=24)


async def keep_receipts(
    session: AsyncSession,
    request: web.Request,
    contact: PlannedContact,
    given: Mapping[UUID, Given],
    barred: Collection[UUID],
    *,
    at: datetime,
    phone_at: datetime | None = None,
    account_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> list[Receipt]:
    """Write receipts and what follows from them: who follows up, who with a delegation is asked.

    They are the actor's own, or those of `account_id` and `staff_id` when somebody decides that they count.
    """
    who = actor(request)
    written = await give_receipts(
        session,
        contact.id,
        given,
        at=at,
        staff_id=staff_id if account_id is not None else who.staff_id,
        account_id=account_id or who.account_id,
        call_id=await _call_of(session, contact.id),
        phone_at=phone_at,
    )
    await _follow_up(session, request, contact, who, written)
    await _ask_delegated(session, request, contact, barred)
    return written


async def barred_of(session: AsyncSession, request: web.Request, contact: PlannedContact) -> frozenset[UUID]:
    """The lines that only somebody with a delegation may receipt, where the reader has none that day."""
    who = actor(request)
    staff_id = who.staff_id if who.may(Action.DELEGATED_RECEIPT) else None
    return await barred_lines(session, contact.id, staff_id, _day(request, contact))


async def _call_of(session: AsyncSession, contact_id: UUID) -> UUID | None:
    """The call that was talked in, whose machine-made times and figures belong to the receipt."""
    found: UUID | None = await session.scalar(
        select(Call.id)
        .where(Call.contact_id == contact_id, Call.connected_at.is_not(None), Call.state == CallState.ENDED)
        .order_by(Call.id.desc())
        .limit(1)
    )
    return found


async def _follow_up(
    session: AsyncSession,
    request: web.Request,
    contact: PlannedContact,
    who: Actor,
    written: Sequence[Receipt],
) -> None:
    """One task for the contact when a line asks to be followed up; it stands until somebody has."""
    if not any(receipt.follow_up for receipt in written):
        return
    await _open_task(
        session,
        request,
        contact,
        "receipt",
        once_key=f"follow_up:{contact.id}",
        owner_id=who.staff_id or contact.owner_id,
        note=" ".join(receipt.note for receipt in written if receipt.follow_up and receipt.note) or None,
    )


async def _ask_delegated(
    session: AsyncSession, request: web.Request, contact: PlannedContact, barred: Collection[UUID]
) -> None:
    """A task for what waits for somebody with a delegation; done as soon as somebody has receipted it."""
    key = f"delegation:{contact.id}"
    if not barred:
        task = await standing_task(session, key)
        if task is not None:
            await close_task(
                session, task, "done", at=request.app[CLOCK].now(), account_id=actor(request).account_id
            )
        return
    receipts = await valid_receipts(session, barred)
    is_left = any(line not in receipts or receipts[line].result is Result.PRESSED for line in barred)
    if not is_left or await delegated(session, await staff_of(session, contact.id), _day(request, contact)):
        # Whoever else was there has the delegation, and sees the row in their own list.
        return
    await _open_task(session, request, contact, "delegation", once_key=key)


async def _open_task(
    session: AsyncSession,
    request: web.Request,
    contact: PlannedContact,
    why: str,
    *,
    once_key: str,
    owner_id: UUID | None = None,
    note: str | None = None,
) -> None:
    now = request.app[CLOCK].now()
    await open_task(
        session,
        TaskKind.FOLLOW_UP,
        group_id=contact.group_id,
        at=now,
        deadline=now + FOLLOW_UP_WITHIN,
        once_key=once_key,
        client_id=contact.client_id,
        contact_id=contact.id,
        owner_id=owner_id,
        facts={"why": why},
        note=note,
    )


def _day(request: web.Request, contact: PlannedContact) -> date:
    """The day when it was done, by the wall clock."""
    return to_wall(contact.actual_start or contact.start, request.app[CLOCK].zone).date()
