"""The health of a tablet: what its page knows about itself, and what of it has changed.

Only permissions are read; nothing listens or looks to find out. What the page does not know stays
"unknown".
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.device_history import note_event
from care.devices import Device
from care.errors import not_found
from care.outbox import announce
from server.tablets.condition import asleep, changes, power, troubles
from server.tablets.home import clients_of
from server.tablets.upkeep import see_to_tasks

_PERMISSION = frozenset({"granted", "denied", "prompt", "missing", "unknown"})
_WORDS: dict[str, frozenset[str]] = {
    "camera": _PERMISSION,
    "microphone": _PERMISSION,
    "sound": frozenset({"ok", "blocked", "unknown"}),
    "wake_lock": frozenset({"ok", "denied", "unsupported", "unknown"}),
    "painted": frozenset({"ok", "stopped", "unknown"}),
    "storage": frozenset({"kept", "may_go", "unknown"}),
    "network": frozenset({"wifi", "cellular", "ethernet", "other", "unknown"}),
}
#: The name of a screen of the page.
_SCREEN = re.compile(r"[a-z-]{0,24}")


def clean(health: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is known about health, in its own words; whatever else was sent is dropped."""
    kept: dict[str, Any] = {
        name: said if isinstance(said := health.get(name), str) and said in words else "unknown"
        for name, words in _WORDS.items()
    }
    kept["voice"] = health.get("voice") is True
    kept["touch_needed"] = health.get("touch_needed") is True
    battery = health.get("battery")
    if isinstance(battery, Mapping) and _is_number(battery.get("level")):
        kept["battery"] = {
            "level": round(min(max(float(battery["level"]), 0.0), 1.0), 2),
            "charging": battery.get("charging") is True,
        }
    if started := _instant(health.get("started")):
        kept["started"] = started
    slept = health.get("slept")
    if isinstance(slept, Mapping) and (at := _instant(slept.get("at"))) and _is_number(slept.get("seconds")):
        kept["slept"] = {"at": at, "seconds": min(max(int(slept["seconds"]), 0), 10_000_000)}
    if isinstance(health.get("visible"), bool):
        kept["visible"] = health["visible"]
    if isinstance(shows := health.get("shows"), str) and _SCREEN.fullmatch(shows):
        kept["shows"] = shows
    if _is_number(volume := health.get("volume", "")):
        kept["volume"] = round(min(max(float(volume), 0.0), 1.0), 2)
    if _is_number(skew := health.get("skew_s", "")):
        kept["skew_s"] = round(min(max(float(skew), -1e9), 1e9))
    screen = health.get("screen")
    if isinstance(screen, Mapping) and all(_is_number(screen.get(side)) for side in ("width", "height")):
        kept["screen"] = {side: min(max(int(screen[side]), 0), 100_000) for side in ("width", "height")}
    return kept


async def store_health(
    session: AsyncSession,
    device_id: UUID,
    health: Mapping[str, Any],
    clock: Clock,
    *,
    version: str | None = None,
) -> None:
    """Keep what the tablet says, note what has changed, and make or close the tasks about it.

    `version` is that of the page, as its hello said. Raises `Fault` ``not_found``.
    """
    device = await session.get(Device, device_id)
    if device is None:
        raise not_found("surfplatta")
    now = clock.now()
    before, kept = device.health, clean(health)
    if version is not None:
        kept["version"] = version[:80]
    device.health = {**kept, "at": now.isoformat()}
    device.last_seen_at = now
    await session.flush()
    for kind, facts in changes(before, kept):
        note_event(session, device.id, kind, now, facts)
    here = await clients_of(session, device.id, now)
    await see_to_tasks(session, device, here, before, now)
    if here and _standing(before) != _standing(kept):
        await announce(
            session, now, "device.changed", group_id=here[0].group_id, client_id=here[0].id, device=device.id
        )


def _standing(health: Mapping[str, Any]) -> tuple[object, ...]:
    """What staff see of it in a list."""
    return troubles(health), power(health), asleep(health)


def _instant(value: object) -> str | None:
    """The instant as text in UTC; None when it is none."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
