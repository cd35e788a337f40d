"""The calls of the past as rows: who took part, how long, and how good the line was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from care.calls.call import CallRole
from care.calls.life import CallState, Cause
from care.demo.day import Entry, Rows
from care.demo.draw import chances, made_id
from care.demo.outcomes import Ring


def add_call(seed: int, rows: Rows, entry: Entry, number: int, ring: Ring) -> UUID:
    """Add the rows of the `number`-th attempt; the call's id."""
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
                "device_id": ring.device if role is CallRole.CLIENT else None,
                "account_id": None,
                "joined_at": (rung if role is CallRole.WORKER else answered) if here else None,
                "left_at": ended if here else None,
            }
        )
        if talked and setup is not None:
            quality = made_id(rung, seed, "quality", call, role)
            rows["call_quality"].append({"id": quality, "call_id": call, **_quality(role, setup, draw)})
    return call


def _quality(role: CallRole, setup: int, draw: tuple[float, ...]) -> dict[str, Any]:
    """Figures as a rural line gives them: mostly good, now and then bad."""
    shift = 4 if role is CallRole.WORKER else 8
    bad = draw[3] > 0.93
    return {
        "role": role,
        "round_trip_ms": round(28 + 70 * draw[shift] ** 2 + (180 if bad else 0), 1),
        "loss_percent": round(0.9 * draw[shift + 1] ** 3 + (4 * draw[shift + 2] if bad else 0), 2),
        "jitter_ms": round(3 + 14 * draw[shift + 2] ** 2 + (25 if bad else 0), 1),
        "freezes": int(6 * draw[shift + 3]) if bad else int(1.15 * draw[shift + 3]),
        "kilobits": round(520 + 480 * draw[shift] - (260 if bad else 0), 0),
        "path": "relay" if draw[2] > 0.9 else "srflx" if draw[2] > 0.4 else "host",
        "setup_ms": setup - int(60 * draw[shift + 1]) if role is CallRole.CLIENT else setup,
    }
