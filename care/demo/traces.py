"""What an outcome leaves in the tables: history, receipts and calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from care.contacts.cause import Cause
from care.contacts.life import Status
from care.demo.day import Entry, Rows
from care.demo.draw import chances, made_id
from care.demo.outcomes import Outcome
from care.demo.talks import add_call
from care.receipts import Result

#: Receipts written, by goal type (domain 5.5: 86–96 %).
RECEIPTED = {"medication": 0.96, "meal": 0.92, "wellbeing_check": 0.94, "social": 0.89, "activity": 0.87,
             "follow_up": 0.93, "personal_care": 0.95, "household": 0.88, "weekly_checkin": 0.9}  # fmt: skip
RESULTS = (
    (0.89, Result.REACHED),
    (0.96, Result.PARTLY),
    (0.985, Result.NOT_REACHED),
    (1.0, Result.NOT_RELEVANT),
)
NOTES = (
    "Åt hälften.",
    "Trött i dag, vilade en stund till.",
    "Ville ha mer tid.",
    "Yr när hen reste sig.",
    "Glad och pratsam.",
    "Behöver ny remsa till dosetten.",
    "Ont i höften. Sjuksköterskan vet.",
)
#: Why, in the words that a person would have written.
REASONS: dict[str, str] = {
    Cause.CLIENT_AWAY: "Personen är borta.",
    Cause.NO_ANSWER: "Inget svar när vi ringde.",
    Cause.TECHNICAL_FAILURE: "Bilden kom inte fram. Vi ringde på telefon.",
    Cause.NO_TABLET: "Surfplattan var inte på plats.",
    Cause.STAFF_SHORT: "Tiden räckte inte till.",
    Cause.CAMERA_FAILED: "Kameran svarade inte.",
}
BY = "demo"


def changes(entry: Entry, outcome: Outcome) -> dict[str, Any]:
    """The columns of the row that the outcome sets."""
    return {
        "status": outcome.status,
        "version": entry.version + len(outcome.path),
        "actual_start": outcome.start,
        "actual_end": outcome.end,
        "cause": outcome.cause,
        "deadline": None,
    }


def leave(seed: int, rows: Rows, entry: Entry, outcome: Outcome) -> None:
    """Add the traces of `outcome` to `rows`, table by table."""
    _history(seed, rows, entry, outcome)
    talk: UUID | None = None
    for number, ring in enumerate(outcome.rings):
        call = add_call(seed, rows, entry, number, ring)
        if ring.ending == "hung_up":
            talk = call
    if outcome.status.is_done and outcome.end is not None:
        for number, line in enumerate(entry.lines):
            receipt = _receipt(seed, entry, number, outcome)
            if receipt is not None:
                rows["receipt"].append({"line_id": line.id, "call_id": talk, **receipt})


def _history(seed: int, rows: Rows, entry: Entry, outcome: Outcome) -> None:
    before = entry.status
    for number, after in enumerate(outcome.path):
        last = number == len(outcome.path) - 1
        step = Step(_when(entry, outcome, after, last), after.value, before, after)
        if last:
            step = replace(step, reason=REASONS.get(outcome.cause or ""))
        rows["contact_history"].append(history_row(seed, entry, number + entry.version, step))
        before = after


def _when(entry: Entry, outcome: Outcome, after: Status, last: bool) -> datetime:
    """When the row became what it became."""
    if after in (Status.CANCELLED, Status.DECLINED):
        return entry.start - timedelta(minutes=40)
    if last:
        return outcome.end or entry.start + timedelta(minutes=30)
    if after is Status.UNDERWAY:
        return outcome.start or entry.start
    return entry.start + timedelta(minutes=10 if after is Status.AWAITING else 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a row's history."""

    at: datetime
    event: str
    before: Status
    after: Status
    reason: str | None = None
    change: dict[str, Any] = field(default_factory=dict)


def history_row(seed: int, entry: Entry, number: int, step: Step) -> dict[str, Any]:
    """The row of the table of history."""
    return {
        "id": made_id(step.at, seed, "history", entry.id, number),
        "contact_id": entry.id,
        "at": step.at,
        "account_id": None,
        "by": BY,
        "event": step.event,
        "status_before": step.before.value,
        "status_after": step.after.value,
        "change": step.change,
        "reason": step.reason,
    }


def _receipt(seed: int, entry: Entry, number: int, outcome: Outcome) -> dict[str, Any] | None:
    """The receipt of a done line, or None when nobody wrote one."""
    line, end = entry.lines[number], outcome.end or entry.start
    head = {"id": made_id(end, seed, "receipt", line.id), "contact_id": entry.id}
    tail = {"account_id": None, "superseded_by_id": None}
    if outcome.by_client:
        pressed = {"result": Result.PRESSED, "note": None, "follow_up": False, "at": end, "staff_id": None}
        return head | pressed | tail
    draw = chances(seed, "receipt", entry.id, number)
    if draw[0] >= RECEIPTED.get(line.goal, 0.9):
        return None
    result = next(word for limit, word in RESULTS if draw[1] < limit)
    noted = draw[2] < (0.5 if result is not Result.REACHED else 0.02)
    return {
        **head,
        "result": result,
        "note": NOTES[int(draw[3] * len(NOTES))] if noted else None,
        "follow_up": result is Result.NOT_REACHED and draw[4] < 0.5,
        "at": end + timedelta(seconds=20 + int(draw[5] * 200)),
        "staff_id": entry.staff[0] if entry.staff else None,
        **tail,
    }
