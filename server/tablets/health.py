"""The health of a tablet: what its page knows about itself, in words, and the task when it is not well.

Only permissions are read; nothing listens or looks to find out. What the page does not know stays
"unknown".
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.devices import Device
from care.errors import not_found
from care.outbox import announce
from care.tasks import TaskKind, close_task, open_task, standing_task
from server.tablets.home import clients_of

_PERMISSION = frozenset({"granted", "denied", "prompt", "missing", "unknown"})
_WORDS: dict[str, frozenset[str]] = {
    "camera": _PERMISSION,
    "microphone": _PERMISSION,
    "sound": frozenset({"ok", "blocked", "unknown"}),
    "wake_lock": frozenset({"ok", "denied", "unsupported", "unknown"}),
}
#: How long the touch of a finger may take before somebody must go there or ring.
TOUCH_WITHIN = timedelta(minutes=30)
BATTERY_LOW = 0.2


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
    started = health.get("started")
    if isinstance(started, str):
        with contextlib.suppress(ValueError, OverflowError):
            kept["started"] = datetime.fromisoformat(started).astimezone(UTC).isoformat()
    elif isinstance(started, datetime):
        kept["started"] = started.isoformat()
    screen = health.get("screen")
    if isinstance(screen, Mapping) and all(_is_number(screen.get(side)) for side in ("width", "height")):
        kept["screen"] = {side: min(max(int(screen[side]), 0), 100_000) for side in ("width", "height")}
    return kept


def troubles(health: Mapping[str, Any]) -> list[str]:
    """What keeps the tablet from ringing, being heard and being seen; empty when it is well.

    Words: ``touch``, ``sound``, ``camera``, ``microphone``.
    """
    found = []
    if health.get("touch_needed"):
        found.append("touch")
    elif health.get("sound") == "blocked":
        found.append("sound")
    found += [name for name in ("camera", "microphone") if health.get(name) in ("denied", "missing")]
    return found


async def store_health(
    session: AsyncSession, device_id: UUID, health: Mapping[str, Any], clock: Clock
) -> None:
    """Keep what the tablet says, and make or close the task that somebody must see to it.

    Raises `Fault` ``not_found``.
    """
    device = await session.get(Device, device_id)
    if device is None:
        raise not_found("surfplatta")
    now = clock.now()
    before = troubles(device.health)
    kept = clean(health)
    device.health = {**kept, "at": now.isoformat()}
    device.last_seen_at = now
    await session.flush()
    await _see_to_task(session, device, troubles(kept), now)
    here = await clients_of(session, device.id, now)
    if here and before != troubles(kept):
        await announce(
            session, now, "device.changed", group_id=here[0].group_id, client_id=here[0].id, device=device.id
        )


async def _see_to_task(session: AsyncSession, device: Device, found: list[str], now: datetime) -> None:
    key = f"{TaskKind.TABLET_SOUND.value}:{device.id}"
    task = await standing_task(session, key)
    if task is not None:
        if not found:
            # The tablet is well again: that is the outcome.
            await close_task(session, task, "tablet_well", at=now)
        elif task.facts.get("troubles") != found:
            task.facts = {**task.facts, "troubles": found}
            await session.flush()
        return
    here = await clients_of(session, device.id, now)
    if found and here:
        await open_task(
            session,
            TaskKind.TABLET_SOUND,
            group_id=here[0].group_id,
            at=now,
            deadline=now + TOUCH_WITHIN,
            once_key=key,
            client_id=here[0].id,
            device_id=device.id,
            facts={"troubles": found, "device": device.label},
        )


def in_words(health: Mapping[str, Any], _: Callable[[str], str]) -> list[tuple[str, bool]]:
    """Sentences about the tablet's health for staff, each with whether it is well."""
    if not health:
        return [(_("Surfplattan har inte startats än."), False)]
    words: list[tuple[str, bool]] = []
    if health.get("touch_needed"):
        words.append((_("Någon behöver trycka på skärmen."), False))
    said = {
        "camera": (
            _("Kameran får användas."),
            _("Kameran är inte tillåten."),
            _("Kameran har inte fått lov än."),
            _("Kameran saknas."),
        ),
        "microphone": (
            _("Mikrofonen får användas."),
            _("Mikrofonen är inte tillåten."),
            _("Mikrofonen har inte fått lov än."),
            _("Mikrofonen saknas."),
        ),
    }
    for name, sentences in said.items():
        state = health.get(name, "unknown")
        if state != "unknown":
            number = ("granted", "denied", "prompt", "missing").index(state)
            words.append((sentences[number], number == 0))
    if health.get("sound") in ("ok", "blocked"):
        is_ok = health["sound"] == "ok"
        words.append((_("Ljudet hörs.") if is_ok else _("Ljudet är blockerat av webbläsaren."), is_ok))
    if health.get("wake_lock") in ("ok", "denied", "unsupported"):
        is_ok = health["wake_lock"] == "ok"
        words.append((_("Skärmen hålls tänd.") if is_ok else _("Skärmen kan slockna av sig själv."), is_ok))
    battery = health.get("battery")
    if isinstance(battery, Mapping):
        percent = round(battery["level"] * 100)
        if battery["charging"]:
            words.append((_("Laddas, %(percent)s procent.") % {"percent": percent}, True))
        else:
            text = _("Laddas inte, %(percent)s procent kvar.") % {"percent": percent}
            words.append((text, battery["level"] > BATTERY_LOW))
    return words


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
