"""Where a tablet stands among all: the worst that is known of it, in one word. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from care.contacts.facts import TABLET_SILENT_AFTER
from care.devices import Device
from care.path_tests import PathResult
from server.tablets.condition import Power, asleep, power, troubles

#: A tablet that has been heard of so lately is on. The server notes it every half minute.
IS_ON = timedelta(minutes=2)


class Standing(StrEnum):
    """In order, the worst first."""

    SILENT = "silent"
    TOUCH = "touch"
    SOUND = "sound"
    CAMERA = "camera"
    ASLEEP = "asleep"
    BATTERY_LOW = "battery_low"
    NOT_STARTED = "not_started"
    NO_PATH = "no_path"
    #: Not heard of just now; most come back by themselves.
    AWAY = "away"
    CHARGER_OUT = "charger_out"
    #: The system itself was away: nobody could have been heard.
    UNKNOWN = "unknown"
    WELL = "well"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Standing).index(self)

    @property
    def needs_somebody(self) -> bool:
        return self not in (Standing.UNKNOWN, Standing.WELL)


def is_on(device: Device, now: datetime) -> bool:
    """Heard of lately."""
    return device.last_seen_at is not None and now - device.last_seen_at <= IS_ON


def stand(
    device: Device, now: datetime, *, present_since: datetime | None, path: PathResult | None = None
) -> Standing:
    """The worst that is known of `device`.

    Parameters
    ----------
    present_since
        Since when the system itself has been there without a break; what happened before is not known.
    path
        The latest result of a test of the way to it that tells anything.
    """
    if not is_on(device, now):
        return _unheard(device, now, present_since)
    health = device.health
    found = troubles(health)
    judged = (
        ("touch" in found, Standing.TOUCH),
        ("sound" in found, Standing.SOUND),
        (bool(found), Standing.CAMERA),
        (bool(asleep(health)), Standing.ASLEEP),
        (power(health) is Power.LOW, Standing.BATTERY_LOW),
        (not health, Standing.NOT_STARTED),
        (path is not None and not path.is_well, Standing.NO_PATH),
        (power(health) is Power.HALF, Standing.CHARGER_OUT),
    )
    return next((standing for holds, standing in judged if holds), Standing.WELL)


def _unheard(device: Device, now: datetime, present_since: datetime | None) -> Standing:
    heard = device.last_seen_at or device.paired_at
    was_away = present_since is not None and now - present_since < TABLET_SILENT_AFTER
    if was_away and (heard is None or present_since is None or heard <= present_since):
        return Standing.UNKNOWN
    if heard is None or now - heard >= TABLET_SILENT_AFTER:
        return Standing.SILENT
    return Standing.AWAY
