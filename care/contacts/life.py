"""The life of a planned contact: its states and which step may follow which (design 2).

Ringing and talking live in the call alone. No contact ends by silence: every due row has an owner and a
next deadline until it is in an end state.
"""

from __future__ import annotations

from enum import StrEnum

from care.errors import Fault


class Status(StrEnum):
    PLANNED = "planned"
    DUE = "due"
    UNDERWAY = "underway"
    AWAITING = "awaiting"
    DONE = "done"
    DONE_PHONE = "done_phone"
    REPLACED = "replaced"
    MISSED = "missed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_end(self) -> bool:
        """Nothing more happens to the row; `unknown` is not an end, a person must resolve it."""
        return self in END_STATES

    @property
    def is_done(self) -> bool:
        return self in (Status.DONE, Status.DONE_PHONE)

    @property
    def is_untouched(self) -> bool:
        """Not begun and not ended: the planner and a changed rule may still alter it."""
        return self in (Status.PLANNED, Status.DUE)


END_STATES = frozenset(
    {Status.DONE, Status.DONE_PHONE, Status.REPLACED, Status.MISSED, Status.DECLINED, Status.CANCELLED}
)

_BEFORE_START = {Status.DECLINED, Status.CANCELLED, Status.REPLACED}

STEPS: dict[Status, frozenset[Status]] = {
    Status.PLANNED: frozenset({Status.DUE, Status.UNDERWAY, Status.UNKNOWN} | _BEFORE_START),
    Status.DUE: frozenset(
        # A prompt answered with Klart, and a visit entered afterwards, are done without being underway.
        {Status.UNDERWAY, Status.AWAITING, Status.DONE, Status.DONE_PHONE, Status.UNKNOWN} | _BEFORE_START
    ),
    Status.UNDERWAY: frozenset({Status.DONE, Status.DONE_PHONE, Status.AWAITING, Status.UNKNOWN}),
    Status.AWAITING: frozenset(
        {
            Status.UNDERWAY,
            Status.DONE,
            Status.DONE_PHONE,
            Status.REPLACED,
            Status.MISSED,
            Status.DECLINED,
            Status.CANCELLED,
            Status.UNKNOWN,
        }
    ),
    Status.UNKNOWN: frozenset(END_STATES | {Status.AWAITING}),
    # An approved split can be undone until the new rows start.
    Status.REPLACED: frozenset({Status.PLANNED}),
    Status.DONE: frozenset(),
    Status.DONE_PHONE: frozenset(),
    Status.MISSED: frozenset(),
    Status.DECLINED: frozenset(),
    # So can an approved cancellation, when the client turns out to be at home.
    Status.CANCELLED: frozenset({Status.PLANNED}),
}


def may_step(before: Status, after: Status) -> bool:
    """True when the step is in the table."""
    return after in STEPS[before]


def check_step(before: Status, after: Status) -> None:
    """Raise `Fault` ``contact.step`` (409) when a row in `before` cannot become `after`."""
    if not may_step(before, after):
        raise Fault(
            "contact.step",
            "Kontakten har redan gått vidare, så det går inte att göra det här nu. Läs om sidan.",
            status=409,
            place=f"status: {before.value} → {after.value}",
        )
