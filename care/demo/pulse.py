"""The pulse of clients and staff in the demo (domain 5.5): one tap, silence is no data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from care.demo.draw import chances, nameless_id
from care.pulse import Face, OnPlan

CLIENT_REPLY, HAPPY, SO_SO = 0.55, 0.88, 0.09
STAFF_REPLY, YES, PARTLY = 0.64, 0.71, 0.19


def client_pulse(seed: int, day: date, talked: Iterable[tuple[UUID, UUID]]) -> list[dict[str, Any]]:
    """Answers of `talked`: (client, group) of those who had a call on `day`, each once."""
    rows = []
    for client, group in dict(talked).items():
        draw = chances(seed, "pulse", day, client)
        if draw[0] >= CLIENT_REPLY:
            continue
        face = Face.HAPPY if draw[1] < HAPPY else Face.SO_SO if draw[1] < HAPPY + SO_SO else Face.UNHAPPY
        rows.append(
            {"id": nameless_id(seed, "pulse", day, client), "group_id": group, "date": day, "face": face}
        )
    return rows


def staff_pulse(seed: int, day: date, worked: Iterable[tuple[UUID, UUID]]) -> list[dict[str, Any]]:
    """Answers of `worked`: (worker, group) of those whose shift on `day` has ended."""
    rows = []
    for worker, group in dict(worked).items():
        draw = chances(seed, "staff pulse", day, worker)
        if draw[0] >= STAFF_REPLY:
            continue
        answer = OnPlan.YES if draw[1] < YES else OnPlan.PARTLY if draw[1] < YES + PARTLY else OnPlan.NO
        rows.append(
            {
                "id": nameless_id(seed, "staff pulse", day, worker),
                "group_id": group,
                "date": day,
                "answer": answer,
            }
        )
    return rows


def asked(seed: int, day: date, rows: str, who: Iterable[UUID]) -> list[dict[str, Any]]:
    """That they have been asked on `day`: kept for a day, so that nobody is asked twice."""
    column = "client_id" if rows == "client_pulse_asked" else "staff_id"
    return [{"id": nameless_id(seed, rows, day, one), column: one, "date": day} for one in dict.fromkeys(who)]
