"""How a tablet stands, and what has become of it, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from care.device_history import DeviceEvent, DeviceEventKind
from server.language import N_
from server.pages.rendering import clock_text
from server.tablets.standing import Standing


class Words(NamedTuple):
    text: str
    #: ``good``, ``needs`` or nothing, and the icon beside the words.
    kind: str
    symbol: str


STANDINGS: dict[Standing, Words] = {
    Standing.SILENT: Words(N_("Ingen kontakt"), "needs", "wifi-off"),
    Standing.TOUCH: Words(N_("Någon behöver trycka på skärmen"), "needs", "hand-heart"),
    Standing.SOUND: Words(N_("Ljudet är blockerat"), "needs", "volume-x"),
    Standing.CAMERA: Words(N_("Kamera eller mikrofon saknas"), "needs", "camera-off"),
    Standing.ASLEEP: Words(N_("Skärmen visar inte Samtid"), "needs", "moon"),
    Standing.BATTERY_LOW: Words(N_("Batteriet är snart slut"), "needs", "battery-low"),
    Standing.NOT_STARTED: Words(N_("Inte startad"), "needs", "power"),
    Standing.NO_PATH: Words(N_("Vägprovet gick inte bra"), "needs", "route"),
    Standing.AWAY: Words(N_("Ingen kontakt just nu"), "needs", "wifi-off"),
    Standing.CHARGER_OUT: Words(N_("Laddaren sitter inte i"), "needs", "battery"),
    Standing.UNKNOWN: Words(N_("Vet inte: systemet var borta"), "", "circle-help"),
    Standing.WELL: Words(N_("Fungerar"), "good", "check"),
}
#: What the list can be narrowed to.
FILTERS: dict[str, tuple[str, frozenset[Standing]]] = {
    "ses-till": (N_("behöver ses till"), frozenset(one for one in Standing if one.needs_somebody)),
    "tysta": (N_("utan kontakt"), frozenset({Standing.SILENT, Standing.AWAY})),
    "strom": (N_("laddas inte"), frozenset({Standing.BATTERY_LOW, Standing.CHARGER_OUT})),
    "okanda": (N_("vet vi inte"), frozenset({Standing.UNKNOWN})),
    "fungerar": (N_("fungerar"), frozenset({Standing.WELL})),
}
_HISTORY: dict[DeviceEventKind, str] = {
    DeviceEventKind.SILENT: N_("Tystnade."),
    DeviceEventKind.HEARD: N_("Hördes igen."),
    DeviceEventKind.UNPLUGGED: N_("Laddaren drogs ur, %(percent)s procent."),
    DeviceEventKind.PLUGGED: N_("Laddaren sattes i, %(percent)s procent."),
    DeviceEventKind.BATTERY_LOW: N_("Batteriet var nere på %(percent)s procent."),
    DeviceEventKind.TROUBLE: N_("Ljud, kamera eller mikrofon fungerade inte."),
    DeviceEventKind.WELL: N_("Ljud, kamera och mikrofon fungerade igen."),
    DeviceEventKind.SLEPT: N_("Systemet lät skärmen sova i %(minutes)s min."),
    DeviceEventKind.HIDDEN: N_("Skärmen visade inte Samtid."),
    DeviceEventKind.SHOWN: N_("Skärmen visade Samtid igen."),
    DeviceEventKind.VERSION: N_("Ny version av programmet: %(version)s."),
}
_SILENT_FOR = N_("Tystnade och hördes igen kl. %(time)s.")


def history_words(
    events: list[DeviceEvent], zone: ZoneInfo, say: Callable[[str], str]
) -> list[tuple[datetime, str]]:
    """One line an event, the latest first as given; a silence and its end are one line."""
    lines: list[tuple[datetime, str]] = []
    heard: datetime | None = None
    for event in events:
        if event.kind is DeviceEventKind.HEARD:
            heard = event.at
            continue
        if event.kind is DeviceEventKind.SILENT and heard is not None:
            lines.append((event.at, say(_SILENT_FOR) % {"time": clock_text(heard, zone)}))
            heard = None
            continue
        lines.append((event.at, say(_HISTORY[event.kind]) % _values(event.facts)))
    return lines


def _values(facts: Mapping[str, Any]) -> dict[str, Any]:
    level, seconds = facts.get("level"), facts.get("seconds")
    return {
        "percent": round(100 * level) if isinstance(level, int | float) else "?",
        "minutes": max(1, round(seconds / 60)) if isinstance(seconds, int | float) else "?",
        "version": facts.get("version", ""),
    }
