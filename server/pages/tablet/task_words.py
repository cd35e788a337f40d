"""Words of tasks about tablets, for *Behöver en människa*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from care.path_tests import PathResult
from care.tasks import TaskKind
from server.language import N_
from server.pages.rendering import clock_text
from server.pages.tablet import path_words

HEADINGS = {
    TaskKind.TABLET_SILENT: N_("Surfplattan är tyst"),
    TaskKind.TABLET_SOUND: N_("Surfplattan behöver ett tryck"),
    TaskKind.AREA_SILENT: N_("Många surfplattor är tysta"),
    TaskKind.TABLET_POWER: N_("Kolla laddaren"),
    TaskKind.TABLET_ASLEEP: N_("Surfplattan somnar"),
    TaskKind.TABLET_PATH: N_("Vägprovet gick inte bra"),
}
_WORKS = ("works", N_("Den fungerar igen"))
_EXCHANGED = ("exchanged", N_("Byts eller hämtas"))
OUTCOMES: dict[TaskKind, tuple[tuple[str, str], ...]] = {
    TaskKind.TABLET_SILENT: (_WORKS, _EXCHANGED),
    TaskKind.TABLET_SOUND: (_WORKS, _EXCHANGED),
    TaskKind.AREA_SILENT: (("works", N_("Nätet är tillbaka")), ("handled", N_("Alla är kontaktade"))),
    TaskKind.TABLET_POWER: (("charging", N_("Laddaren sitter i")), _EXCHANGED),
    TaskKind.TABLET_ASLEEP: (("set_right", N_("Inställningarna är rättade")), _EXCHANGED),
    TaskKind.TABLET_PATH: (("works", N_("Vägen fungerar igen")), _EXCHANGED),
}


def sentence(kind: TaskKind, facts: Mapping[str, Any], zone: ZoneInfo, say: Callable[[str], str]) -> str:
    """What has happened, and what to do about it."""
    match kind:
        case TaskKind.TABLET_SILENT:
            text = say("Den har inte hörts av sedan %(time)s. Kolla laddaren och nätet.") % {
                "time": _time(facts.get("since"), zone, say)
            }
            return f"{text} {say('De här tas på telefon så länge:')}" if facts.get("contacts") else text
        case TaskKind.AREA_SILENT:
            return _area(facts, zone, say)
        case TaskKind.TABLET_POWER:
            return say("Laddaren sitter inte i, och %(percent)s procent är kvar. Be den som kommer dit.") % {
                "percent": round(100 * _number(facts.get("level")))
            }
        case TaskKind.TABLET_ASLEEP:
            return _asleep(facts, zone, say)
        case TaskKind.TABLET_PATH:
            return _path(facts, say)
        case _:
            return say("Någon behöver trycka på skärmen så att ljud och kamera fungerar.")


def _area(facts: Mapping[str, Any], zone: ZoneInfo, say: Callable[[str], str]) -> str:
    devices = facts.get("devices")
    text = say("Tysta sedan %(time)s: %(count)s stycken. Kan vara ström- eller nätavbrott.") % {
        "time": _time(facts.get("since"), zone, say),
        "count": len(devices) if isinstance(devices, list) else say("flera"),
    }
    places = facts.get("places")
    if isinstance(places, Mapping) and places:
        text += " " + ", ".join(f"{place} {count}" for place, count in places.items()) + "."
    if facts.get("contacts"):
        text += " " + say("Telefonerna kan också vara borta. Trygghetskontakter som kan behöva en bil:")
    return text


def _asleep(facts: Mapping[str, Any], zone: ZoneInfo, say: Callable[[str], str]) -> str:
    if facts.get("seconds"):
        text = say(
            "Systemet lät skärmen sova i %(minutes)s min, till kl. %(time)s. Då hörs inga samtal. "
            "Stäng av viloläget i surfplattans inställningar."
        )
        minutes = max(1, round(_number(facts["seconds"]) / 60))
        return text % {"minutes": minutes, "time": _time(facts.get("at"), zone, say)}
    if facts.get("why") == "hidden":
        return say("Något annat ligger över sidan, så samtal syns inte. Ta fram Samtid igen.")
    return say("Skärmen ritas inte om, så samtal syns inte. Starta om surfplattan.")


def _path(facts: Mapping[str, Any], say: Callable[[str], str]) -> str:
    if facts.get("all"):
        return say(
            "I natt hittade ingen surfplatta vägen till servern. Felet är troligen i serverns eget nät: "
            "be den som sköter servern öppna brandväggen eller kontrollera TURN."
        )
    known = facts.get("result")
    words = path_words.RESULTS[PathResult(known)] if known in set(PathResult) else None
    return say(words.sentence) if words is not None else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _time(text: Any, zone: ZoneInfo, say: Callable[[str], str]) -> str:
    try:
        return clock_text(datetime.fromisoformat(str(text)), zone)
    except ValueError:
        return say("okänd tid")
