"""How a tablet stands by what its page said last, and what has changed between two tellings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from care.device_history import DeviceEventKind

#: What is left in the battery, 0 to 1: little, and so little that somebody puts the charger in today.
BATTERY_LOW = 0.2
BATTERY_HALF = 0.5


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


class Power(StrEnum):
    """How the battery stands."""

    #: The page does not know.
    UNKNOWN = "unknown"
    CHARGING = "charging"
    #: The charger is out: nothing to do yet, half is gone, little is left.
    OUT = "out"
    HALF = "half"
    LOW = "low"

    @property
    def needs_charger(self) -> bool:
        return self in (Power.HALF, Power.LOW)


def power(health: Mapping[str, Any]) -> Power:
    """How the battery stands, by what the page said last."""
    battery = health.get("battery")
    if not isinstance(battery, Mapping):
        return Power.UNKNOWN
    if battery.get("charging"):
        return Power.CHARGING
    level = battery.get("level", 1.0)
    return Power.LOW if level <= BATTERY_LOW else Power.HALF if level <= BATTERY_HALF else Power.OUT


def asleep(health: Mapping[str, Any]) -> str:
    """``hidden`` when something lies over the page, ``still`` when it is not painted; empty when it shows."""
    if health.get("visible") is False:
        return "hidden"
    return "still" if health.get("painted") == "stopped" else ""


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[DeviceEventKind, dict[str, Any]]]:
    """What is worth a line in the tablet's history, between two tellings. The first telling is no change."""
    found: list[tuple[DeviceEventKind, dict[str, Any]]] = []
    if after.get("version") and after["version"] != before.get("version"):
        found.append((DeviceEventKind.VERSION, {"version": after["version"]}))
    if not before:
        return found
    now_slept = after.get("slept")
    if now_slept and now_slept != before.get("slept"):
        found.append((DeviceEventKind.SLEPT, dict(now_slept)))
    was, is_now = power(before), power(after)
    out = (Power.OUT, Power.HALF, Power.LOW)
    level = {"level": after["battery"]["level"]} if "battery" in after else {}
    if is_now in out and was is Power.CHARGING:
        found.append((DeviceEventKind.UNPLUGGED, level))
    elif is_now is Power.CHARGING and was in out:
        found.append((DeviceEventKind.PLUGGED, level))
    if is_now is Power.LOW and was not in (Power.LOW, Power.UNKNOWN):
        found.append((DeviceEventKind.BATTERY_LOW, level))
    if asleep(after) != asleep(before):
        kind = DeviceEventKind.HIDDEN if asleep(after) else DeviceEventKind.SHOWN
        found.append((kind, {"why": asleep(after)} if asleep(after) else {}))
    if troubles(before) != troubles(after):
        kind = DeviceEventKind.TROUBLE if troubles(after) else DeviceEventKind.WELL
        found.append((kind, {"troubles": troubles(after)} if troubles(after) else {}))
    return found
