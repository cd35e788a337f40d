"""The state of a planned row, as one word with a shape: pure, for lists and cards alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from care.calls.ring import BEFORE
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from server.language import N_

#: Channels that a worker rings in.
CALLS = (Channel.VIDEO, Channel.PHONE)


@dataclass(frozen=True, slots=True)
class RowState:
    """`word` is a gettext msgid, empty for a row that simply waits; `kind` colours it, `symbol` shapes it."""

    word: str
    kind: str
    symbol: str | None

    @property
    def needs_person(self) -> bool:
        return self.kind == "needs"


WAITING = RowState("", "", None)
_PLAIN = {
    Status.UNDERWAY: RowState(N_("pågår"), "now", "clock"),
    Status.UNKNOWN: RowState(N_("oklart"), "needs", "circle-help"),
    Status.DONE: RowState(N_("klar"), "good", "check"),
    Status.DONE_PHONE: RowState(N_("klar på telefon"), "good", "check"),
    Status.MISSED: RowState(N_("blev inte av"), "needs", "circle-x"),
    Status.DECLINED: RowState(N_("avböjd"), "", "ban"),
    Status.CANCELLED: RowState(N_("inställd"), "", "x"),
    Status.REPLACED: RowState(N_("ersatt"), "", "arrow-left-right"),
}
#: A reminder whose button was pressed: never "klar", which could be read as a medicine taken.
_PRESSED = RowState(N_("tryckte Klart"), "good", "check")
_NO_ANSWER = RowState(N_("svarar inte"), "needs", "triangle-alert")
_NEEDS_VISIT = RowState(N_("behöver besök"), "needs", "triangle-alert")
_NOT_DONE = RowState(N_("inte gjord"), "needs", "triangle-alert")
_URGENT = RowState(N_("bråttom"), "needs", "triangle-alert")
_LATE = RowState(N_("försenad"), "changed", "hourglass")
_NOW = RowState(N_("nu"), "now", "clock")
_CHANGED = RowState(N_("ändrad"), "changed", "arrow-left-right")
#: Of a visit that another system registers: its goals are receipted here, or nothing is known of it yet.
_RECEIPTED = RowState(N_("kvitterad"), "good", "check")
_NOT_READ_IN = RowState(N_("inte inläst än"), "", "hourglass")
_NO_RECEIPT = RowState(N_("kvittera"), "todo", "clipboard-list")


def row_state(
    contact: PlannedContact,
    now: datetime,
    *,
    is_changed: bool = False,
    lacks_receipt: bool = False,
    is_elsewhere: bool = False,
    is_receipted: bool = False,
) -> RowState:
    """The one word that matters most about the row at `now`.

    `is_elsewhere` is a visit that another system registers; `is_receipted` one of them with all its receipts.
    """
    status = contact.status
    if is_elsewhere and (found := _elsewhere_state(contact, now, is_receipted)) is not None:
        return found
    if status.is_done and lacks_receipt:
        return _NO_RECEIPT
    if status is Status.DONE and contact.channel is Channel.PROMPT and not contact.entered_late:
        return _PRESSED
    if status in _PLAIN:
        return _PLAIN[status]
    if status is Status.AWAITING and contact.cause == Cause.CONSENT_WITHDRAWN:
        return _NEEDS_VISIT
    if status is Status.AWAITING:
        return _NO_ANSWER if contact.channel.is_digital else _NOT_DONE
    return _open_state(contact, now, is_changed)


def _elsewhere_state(contact: PlannedContact, now: datetime, is_receipted: bool) -> RowState | None:
    """Neither late nor missed: whether it took place is known when the other system has told."""
    if contact.status.is_end or contact.status is Status.UNDERWAY:
        return None
    if is_receipted:
        return _RECEIPTED
    is_over = now > max(contact.window_end, contact.start)
    return _NOT_READ_IN if is_over and contact.status is not Status.UNKNOWN else None


def _open_state(contact: PlannedContact, now: datetime, is_changed: bool) -> RowState:
    deadline = contact.deadline
    if contact.priority.is_safety and deadline is not None and deadline < now:
        return _URGENT
    if now > max(contact.window_end, contact.start):
        return _LATE
    if is_changed:
        return _CHANGED
    return _NOW if contact.start - BEFORE <= now else WAITING


def may_ring(contact: PlannedContact, now: datetime) -> bool:
    """True when a call row may be rung without a reason: from ten minutes before until it has ended."""
    return contact.channel in CALLS and not contact.status.is_end and now >= contact.start - BEFORE


def next_change(contact: PlannedContact, now: datetime) -> datetime | None:
    """The next instant at which time alone changes how the row looks; None when it never does."""
    if contact.status.is_end:
        return None
    moments = [contact.start - BEFORE, max(contact.window_end, contact.start) + timedelta(seconds=1)]
    if contact.deadline is not None:
        moments.append(contact.deadline + timedelta(seconds=1))
    return min((moment for moment in moments if moment > now), default=None)
