"""May it ring now, on which tablet, and may it answer by itself? Asked at the moment of the ring."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState
from care.clients import Client
from care.clock import Clock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import (
    DigitalFacts,
    No,
    Rule,
    client_consents,
    client_is_home,
    client_wants_video,
    cohabitant_consents,
    decision_is_clear,
    not_said_no_today,
)
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment
from care.errors import Fault, not_found
from care.ids import new_id
from care.night import Night
from care.outbox import announce
from care.staff import Staff

#: How long it rings.
RING = timedelta(seconds=60)
#: A row may be rung from this long before its start without a reason.
BEFORE = timedelta(minutes=10)
#: Visible and audible countdown before an automatic answer.
AUTO_ANSWER = timedelta(seconds=10)
#: After an automatic answer the client sees and hears the caller this long before being seen and heard.
LOOK = timedelta(seconds=3)
#: A conversation that broke off may be taken up by a new ring for this long after the row was done.
RING_AGAIN = timedelta(minutes=30)

#: The rules that are the client's own word; what the service itself allows was judged when it was planned.
CLIENTS_WORD: tuple[Rule, ...] = (
    client_wants_video,
    client_consents,
    cohabitant_consents,
    decision_is_clear,
    not_said_no_today,
    client_is_home,
)


@dataclass(frozen=True, slots=True)
class Ringing:
    """A ring that may begin: everything its messages need."""

    call: Call
    contact: PlannedContact
    client: Client
    caller: Staff | None
    device_id: UUID
    auto_answer: bool
    #: The tablet is in another call: this one has to end at once.
    is_busy: bool


def check_time(contact: PlannedContact, now: datetime, reason: str | None) -> None:
    """Raise `Fault` unless the row may be rung at `now`.

    ``call.not_video``, ``call.ended``, ``call.unclear``, or ``call.too_early`` when a reason is needed.
    """
    if contact.channel is not Channel.VIDEO:
        raise Fault(
            "call.not_video", "Den här kontakten är inte ett videosamtal.", status=409, place="contact"
        )
    if contact.status is Status.DONE:
        ended = contact.actual_end
        if ended is not None and now - ended <= RING_AGAIN:
            return
    if contact.status.is_end:
        raise _no("call.ended", "Kontakten är redan avslutad.")
    if contact.status is Status.UNKNOWN:
        raise _no("call.unclear", "Det är oklart vad som hände med kontakten. Red ut det först.")
    if now < contact.start - BEFORE and not (reason and reason.strip()):
        raise Fault(
            "call.too_early",
            "Det är mer än tio minuter kvar. Skriv varför du ringer nu.",
            status=409,
            place="reason",
        )


def check_clients_word(facts: DigitalFacts) -> None:
    """Raise `Fault` ``consent.missing`` naming the first rule that says no."""
    for rule in CLIENTS_WORD:
        no = rule(facts)
        if no is not None:
            raise Fault("consent.missing", no.sentence, status=409, place=no.rule, values=no.values)


def ends_call(facts: DigitalFacts, *, is_ringing: bool) -> bool:
    """True when the client's word no longer allows a call that has begun.

    "Vill inte ha video i dag" stops a ring; who is talking already ends the talk themselves.
    """
    rules = (client_wants_video, client_consents, cohabitant_consents, decision_is_clear)
    asked = (*rules, not_said_no_today) if is_ringing else rules
    return any(rule(facts) is not None for rule in asked)


async def against_ringing(
    session: AsyncSession, contact_ids: Collection[UUID], clock: Clock
) -> dict[UUID, No]:
    """For pages: of these contacts, those that may not be rung on video now, and the first reason.

    Where there is a reason there is no call button.
    """
    facts = await gather_facts(session, contact_ids, clock)
    found = {
        key: next(filter(None, (rule(fact) for rule in CLIENTS_WORD)), None) for key, fact in facts.items()
    }
    return {key: no for key, no in found.items() if no is not None}


def is_night(client: Client, now: datetime, zone: ZoneInfo) -> bool:
    """True in the client's own night hours (21–07 unless agreed otherwise)."""
    return Night.of([client]).covers(now, zone)


async def tablet_of(session: AsyncSession, client_id: UUID, now: datetime) -> UUID:
    """The tablet that rings: of several, the one last heard of. Raises `Fault` ``call.no_tablet``."""
    device_id = await session.scalar(
        select(Device.id)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .where(
            DeviceAssignment.client_id == client_id,
            DeviceAssignment.start <= now,
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
            Device.revoked_at.is_(None),
            Device.paired_at.is_not(None),
        )
        .order_by(Device.last_seen_at.is_(None), Device.last_seen_at.desc(), Device.id)
        .limit(1)
    )
    if device_id is None:
        raise Fault(
            "call.no_tablet", "Det finns ingen surfplatta kopplad hos personen.", status=409, place="contact"
        )
    return device_id


async def live_calls(
    session: AsyncSession,
    *,
    device_id: UUID | None = None,
    contact_id: UUID | None = None,
    client_id: UUID | None = None,
) -> Sequence[Call]:
    """Calls that have not ended, newest first; those of a tablet, a contact or a client."""
    # Named one by one: no index finds what something is not, and ended calls are nearly all there are.
    live = [state for state in CallState if state is not CallState.ENDED]
    query = select(Call).where(Call.state.in_(live)).order_by(Call.id.desc())
    if contact_id is not None:
        query = query.where(Call.contact_id == contact_id)
    if client_id is not None:
        query = query.join(PlannedContact, PlannedContact.id == Call.contact_id).where(
            PlannedContact.client_id == client_id
        )
    if device_id is not None:
        query = query.join(CallParticipant, CallParticipant.call_id == Call.id).where(
            CallParticipant.device_id == device_id
        )
    return (await session.scalars(query)).all()


async def begin_ring(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    clock: Clock,
    account_id: UUID | None,
    staff_id: UUID | None,
    reason: str | None = None,
) -> Ringing:
    """Write that it rings. The row itself does not change: ringing lives in the call alone.

    Raises `Fault`: see `check_time`, `check_clients_word`, `tablet_of`; ``call.busy`` when this very row
    is being called already.
    """
    now = clock.now()
    check_time(contact, now, reason)
    client = await session.get(Client, contact.client_id)
    if client is None:
        raise not_found("person")
    facts = await gather_facts(session, [contact.id], clock)
    check_clients_word(facts[contact.id])
    if await live_calls(session, contact_id=contact.id):
        raise Fault(
            "call.busy", "Det pågår redan ett samtal för den här kontakten.", status=409, place="contact"
        )
    device_id = await tablet_of(session, client.id, now)
    # Two who share a tablet may be rung at once: the second waits here and finds it busy.
    await session.execute(select(Device.id).where(Device.id == device_id).with_for_update())
    is_busy = bool(await live_calls(session, device_id=device_id))
    call = Call(
        id=new_id(), contact_id=contact.id, rung_at=now, state=CallState.RINGING,
        reason=(reason or "").replace("\0", "").strip()[:200] or None,
    )  # fmt: skip
    session.add(call)
    await session.flush()
    session.add_all(
        [
            CallParticipant(
                id=new_id(), call_id=call.id, role=CallRole.WORKER, staff_id=staff_id, account_id=account_id
            ),
            CallParticipant(
                id=new_id(), call_id=call.id, role=CallRole.CLIENT, client_id=client.id, device_id=device_id
            ),
        ]
    )
    await session.flush()
    await tell(session, call, contact, now)
    auto = await auto_answers(session, client, clock)
    caller = await session.get(Staff, staff_id) if staff_id else None
    return Ringing(call, contact, client, caller, device_id, auto, is_busy)


async def auto_answers(session: AsyncSession, client: Client, clock: Clock) -> bool:
    """True when the client has agreed to automatic answers and it is not night."""
    now = clock.now()
    if is_night(client, now, clock.zone):
        return False
    consents = await session.scalars(
        select(Consent).where(Consent.client_id == client.id, Consent.kind == ConsentKind.AUTO_ANSWER)
    )
    return has_consent(consents, ConsentKind.AUTO_ANSWER, now)


async def may_auto_answer(session: AsyncSession, call: Call, client: Client, clock: Clock) -> bool:
    """True when the tablet may answer `call` by itself now: agreed, not at night, and counted down.

    A second is allowed for the way there and the tablet's clock.
    """
    is_counted = clock.now() >= call.rung_at + AUTO_ANSWER - timedelta(seconds=1)
    return is_counted and await auto_answers(session, client, clock)


async def tell(session: AsyncSession, call: Call, contact: PlannedContact | None, now: datetime) -> None:
    """Announce the state of a call."""
    await announce(
        session,
        now,
        "call.state",
        group_id=contact.group_id if contact else None,
        client_id=contact.client_id if contact else None,
        call=call.id,
        contact=call.contact_id,
        state=call.state.value,
        cause=call.cause.value if call.cause else None,
    )


def _no(code: str, sentence: str) -> Fault:
    return Fault(code, sentence, status=409, place="contact")
