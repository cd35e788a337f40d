"""What an outcome leaves in the tables: history, receipts, calls with their quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from care.calls.call import CallRole
from care.calls.life import CallState, Cause
from care.contacts.life import Status
from care.demo.day import Entry
from care.demo.draw import chances, made_id
from care.demo.outcomes import Outcome, Ring
from care.receipts import Result

Rows = defaultdict[str, list[dict[str, Any]]]
#: Receipts written, by goal type (domain 5.5: 86–96 %).
RECEIPTED = {"medication": 0.96, "meal": 0.92, "wellbeing_check": 0.94, "social": 0.89, "activity": 0.87,
             "follow_up": 0.93, "personal_care": 0.95, "household": 0.88, "weekly_checkin": 0.9}  # fmt: skip
RESULTS = (
    (0.89, Result.REACHED),
    (0.96, Result.PARTLY),
    (0.985, Result.NOT_REACHED),
    (1.0, Result.NOT_RELEVANT),
)
NOTES = ("Åt hälften.", "Trött i dag, vilade en stund till.", "Ville ha mer tid.", "Yr när hen reste sig.",
         "Glad och pratsam.", "Behöver ny remsa till dosetten.", "Ont i höften. Sjuksköterskan vet.")  # fmt: skip
BY = "demo"


def empty() -> Rows:
    return defaultdict(list)


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


def leave(seed: int, rows: Rows, entry: Entry, outcome: Outcome, device: UUID | None) -> None:
    """Add the traces of `outcome` to `rows`, table by table."""
    _history(seed, rows, entry, outcome)
    talk: UUID | None = None
    for number, ring in enumerate(outcome.rings):
        call = _call(seed, rows, entry, ring, number, device)
        if ring.ending == "hung_up":
            talk = call
    if outcome.status.is_done and outcome.end is not None:
        _receipts(seed, rows, entry, outcome, outcome.end, talk)


def _history(seed: int, rows: Rows, entry: Entry, outcome: Outcome) -> None:
    before = entry.status
    end = outcome.end or entry.start + timedelta(minutes=30)
    start = outcome.start or entry.start
    for number, after in enumerate(outcome.path):
        last = number == len(outcome.path) - 1
        if after in (Status.CANCELLED, Status.DECLINED):
            at = entry.start - timedelta(minutes=40)
        elif last:
            at = end
        elif after is Status.UNDERWAY:
            at = start
        else:
            at = entry.start + timedelta(minutes=10 if after is Status.AWAITING else 0)
        rows["contact_history"].append(
            history_row(seed, entry, number + entry.version, at, after.value, before, after,
                        outcome.cause if last else None)
        )  # fmt: skip
        before = after


def history_row(
    seed: int, entry: Entry, number: int, at: datetime, event: str, before: Status, after: Status,
    reason: str | None, change: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": made_id(at, seed, "history", entry.id, number),
        "contact_id": entry.id,
        "at": at,
        "account_id": None,
        "by": BY,
        "event": event,
        "status_before": before.value,
        "status_after": after.value,
        "change": change or {},
        "reason": reason,
    }


def _receipts(
    seed: int, rows: Rows, entry: Entry, outcome: Outcome, end: datetime, call: UUID | None
) -> None:
    draw = chances(seed, "receipts", entry.id)
    for number, line in enumerate(entry.lines):
        if draw[number] >= RECEIPTED.get(line.goal, 0.9):
            continue
        kind = draw[8 + number % 4]
        result = (
            Result.REACHED if outcome.by_client else next(word for limit, word in RESULTS if kind < limit)
        )
        told = not outcome.by_client and (result is not Result.REACHED or kind < 0.03)
        rows["receipt"].append(
            {
                "id": made_id(end, seed, "receipt", line.id),
                "contact_id": entry.id,
                "line_id": line.id,
                "result": result,
                "note": NOTES[int(draw[12] * len(NOTES))] if told and draw[13] < 0.5 else None,
                "follow_up": result is Result.NOT_REACHED and draw[14] < 0.5,
                "at": end + timedelta(seconds=20 + int(draw[15] * 200)) if not outcome.by_client else end,
                "staff_id": entry.staff[0] if entry.staff and not outcome.by_client else None,
                "account_id": None,
                "call_id": call,
                "by_client": outcome.by_client,
                "superseded_by_id": None,
            }
        )


def _call(seed: int, rows: Rows, entry: Entry, ring: Ring, number: int, device: UUID | None) -> UUID:
    draw = chances(seed, "call", entry.id, number)
    rung = entry.start + timedelta(seconds=ring.after)
    call = made_id(rung, seed, "call", entry.id, number)
    talked = ring.ending == "hung_up"
    setup = 420 + int(1500 * draw[0] ** 3) if talked else None
    answered = rung + timedelta(seconds=4 + int(draw[1] * 14)) if ring.ending != "no_answer" else None
    connected = answered + timedelta(milliseconds=setup) if answered and setup else None
    if talked and connected is not None:
        ended = connected + timedelta(seconds=ring.talk)
    else:
        ended = rung + timedelta(seconds=60 if answered is None else 35)
    rows["call"].append(
        {
            "id": call,
            "contact_id": entry.id,
            "gathering_id": None,
            "state": CallState.ENDED,
            "cause": Cause(ring.ending),
            "rung_at": rung,
            "answered_at": answered,
            "connected_at": connected,
            "ended_at": ended,
            "setup_ms": setup,
            "auto_answered": False,
            "person_confirmed_at": connected + timedelta(seconds=6) if connected else None,
            "person_confirmed_by_id": None,
            "reason": None,
            "version": 4 if talked else 3 if answered else 2,
        }
    )
    sides: Sequence[tuple[CallRole, UUID | None, UUID | None]] = (
        (CallRole.WORKER, entry.staff[0] if entry.staff else None, None),
        (CallRole.CLIENT, None, entry.client),
    )
    for role, staff, client in sides:
        here = role is CallRole.WORKER or answered is not None
        rows["call_participant"].append(
            {
                "id": made_id(rung, seed, "participant", call, role),
                "call_id": call,
                "role": role,
                "staff_id": staff,
                "client_id": client,
                "device_id": device if role is CallRole.CLIENT else None,
                "account_id": None,
                "joined_at": (rung if role is CallRole.WORKER else answered) if here else None,
                "left_at": ended if here else None,
            }
        )
        if talked and setup is not None:
            rows["call_quality"].append(_quality(seed, call, role, rung, setup, draw))
    return call


def _quality(
    seed: int, call: UUID, role: CallRole, at: datetime, setup: int, draw: tuple[float, ...]
) -> dict[str, Any]:
    """Figures as a rural line gives them: mostly good, now and then bad."""
    shift = 4 if role is CallRole.WORKER else 8
    bad = draw[3] > 0.93
    return {
        "id": made_id(at, seed, "quality", call, role),
        "call_id": call,
        "role": role,
        "round_trip_ms": round(28 + 70 * draw[shift] ** 2 + (180 if bad else 0), 1),
        "loss_percent": round(0.9 * draw[shift + 1] ** 3 + (4 * draw[shift + 2] if bad else 0), 2),
        "jitter_ms": round(3 + 14 * draw[shift + 2] ** 2 + (25 if bad else 0), 1),
        "freezes": int(6 * draw[shift + 3]) if bad else int(1.15 * draw[shift + 3]),
        "kilobits": round(520 + 480 * draw[shift] - (260 if bad else 0), 0),
        "path": "relay" if draw[2] > 0.9 else "srflx" if draw[2] > 0.4 else "host",
        "setup_ms": setup - int(60 * draw[shift + 1]) if role is CallRole.CLIENT else setup,
    }
