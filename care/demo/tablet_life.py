"""What has become of the demo's pretended tablets: chargers, silences, sleep, tests of the night, tasks left.

Most are well, as in a fleet that somebody looks after; a few show what the page of tablets is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from care.demo.draw import chances, made_id
from care.demo.town import Town
from care.device_history import DeviceEventKind
from care.localtime import at, to_wall
from care.path_tests import PathResult
from care.tasks import TaskKind

Rows = dict[str, list[dict[str, Any]]]


class Standing(NamedTuple):
    """A pretended tablet, and whose it is."""

    no: int
    device: UUID
    label: str


#: Places in the list of tablets of those with something to tell.
HALF, LOW, NO_WAY, SLEPT, SILENT = 2, 5, 17, 23, 11
BATTERIES = {HALF: 0.4, LOW: 0.15}


def health_of(place: int) -> dict[str, Any]:
    """What differs from a well tablet, for the one at `place` in the list."""
    told: dict[str, Any] = {"network": "cellular" if place % 4 == 3 else "wifi"}
    if place in BATTERIES:
        told["battery"] = {"level": BATTERIES[place], "charging": False}
    return told


def life_rows(town: Town, tablets: Sequence[Standing], now: datetime) -> Rows:
    """Rows by table for `tablets`, those that stand in homes now, in the order of the list."""
    night = _last_night(now)
    rows: Rows = {"device_event": [], "path_test": [], "task": []}
    for place, one in enumerate(tablets):
        rows["path_test"] += _tests(town, place, one, night)
        rows["device_event"] += [
            {
                "id": made_id(when, town.seed, "device event", one.device, kind),
                "device_id": one.device,
                "at": when,
                "kind": kind,
                "facts": facts,
            }
            for kind, when, facts in _events(place, now, night)
        ]
        rows["task"] += [_task(town, one, now, *task) for task in _tasks(place)]
    return rows


def _last_night(now: datetime) -> datetime:
    """One o'clock in the latest night that is over."""
    today = to_wall(now).date()
    one = at(today, time(1))
    return one if now - one > timedelta(hours=5) else at(today - timedelta(days=1), time(1))


def _tests(town: Town, place: int, one: Standing, night: datetime) -> list[dict[str, Any]]:
    draw = chances(town.seed, "path test", one.no)
    begun = night + timedelta(minutes=round(180 * draw[0]))
    failed = place == NO_WAY
    direct = {"connected_ms": None} if failed else {
        "connected_ms": round(180 + 400 * draw[1]), "pictures_up": 18, "pictures_down": 17,
        "tone_up_db": -11, "tone_down_db": -27, "path": "prflx", "round_trip_ms": round(8 + 60 * draw[2]),
    }  # fmt: skip
    found = []
    for attempt in (1, 2) if failed else (1,):
        asked = begun + timedelta(minutes=45 * (attempt - 1))
        found.append(
            {
                "id": made_id(asked, town.seed, "path test", one.no, attempt),
                "device_id": one.device,
                "once_key": f"{one.device}:{to_wall(night).date() - timedelta(days=1)}:{attempt}",
                "asked_at": asked,
                "asked_by_id": None,
                "ended_at": asked + timedelta(seconds=16 if failed else 3),
                "result": PathResult.NO_PATH if failed else PathResult.WELL,
                "facts": {"direct": direct},
            }
        )
    return found


def _events(
    place: int, now: datetime, night: datetime
) -> list[tuple[DeviceEventKind, datetime, dict[str, Any]]]:
    if place in BATTERIES:
        return [(DeviceEventKind.UNPLUGGED, now - timedelta(hours=6), {"level": 1.0})]
    if place == SLEPT:
        return [(DeviceEventKind.SLEPT, now - timedelta(days=3), {"seconds": 2_700})]
    if place == SILENT:
        fell = night - timedelta(days=2, hours=9)
        return [
            (DeviceEventKind.SILENT, fell, {}),
            (DeviceEventKind.HEARD, fell + timedelta(hours=1, minutes=25), {}),
        ]
    return []


def _tasks(place: int) -> list[tuple[TaskKind, timedelta, dict[str, Any]]]:
    if place in BATTERIES:
        within = timedelta(hours=1 if place == LOW else 6)
        return [(TaskKind.TABLET_POWER, within, {"level": BATTERIES[place]})]
    if place == NO_WAY:
        return [(TaskKind.TABLET_PATH, timedelta(hours=3), {"result": PathResult.NO_PATH.value})]
    return []


def _task(  # noqa: PLR0917
    town: Town, one: Standing, now: datetime, kind: TaskKind, within: timedelta, facts: dict[str, Any]
) -> dict[str, Any]:
    person = town.people[one.no]
    return {
        "id": made_id(now, town.seed, "tablet task", one.device, kind),
        "kind": kind,
        "once_key": f"{kind.value}:{one.device}",
        "group_id": town.groups[person.area],
        "client_id": person.id,
        "device_id": one.device,
        "created_at": now,
        "deadline": now + within,
        "facts": {**facts, "device": one.label},
    }
