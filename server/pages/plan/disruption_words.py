"""What a disruption is called, its icon, and which fields its form has. One table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from care.disruptions import Disruption, DisruptionKind
from care.municipality import Group
from server.language import N_
from server.pages.rendering import clock_text, short_day_text


@dataclass(frozen=True, slots=True)
class KindWords:
    """How a kind is shown: its name, a hint, an icon, and what the form asks for."""

    name: str
    hint: str
    icon: str
    #: Which of groups, staff, clients is chosen, and further fields.
    asks: tuple[str, ...]


KINDS: dict[DisruptionKind, KindWords] = {
    DisruptionKind.STAFF_ABSENT: KindWords(
        N_("Personal borta"), N_("Kryssa i vilka. Ingen orsak behövs."), "user-minus", ("staff",)
    ),
    DisruptionKind.SNOW: KindWords(
        N_("Snö eller halka"), N_("Vägarna tar längre tid."), "snowflake", ("groups", "speed")
    ),
    DisruptionKind.STAFF_ADDED: KindWords(
        N_("Mer personal"),
        N_("Vikarie, lån från annan grupp eller chef som tar samtal."),
        "user-plus",
        ("anyone", "group", "digital"),
    ),
    DisruptionKind.CAR_BROKEN: KindWords(
        N_("Trasig bil"), N_("Den som kör blir försenad."), "car", ("staff", "delay")
    ),
    DisruptionKind.BUILDING_UNREACHABLE: KindWords(
        N_("Trasig hiss eller stängd väg"), N_("Svårt att komma fram till några hem."), "building-2",
        ("clients", "stairs"),
    ),
    DisruptionKind.CLIENT_AWAY: KindWords(
        N_("Brukare borta"), N_("Sjukhus eller resa. Inget räknas som missat."), "luggage", ("clients",)
    ),
    DisruptionKind.TABLET_OFFLINE: KindWords(
        N_("Surfplatta fungerar inte"), N_("Samtal blir telefon eller besök."), "wifi-off", ("clients",)
    ),
    DisruptionKind.AREA_OFFLINE: KindWords(
        N_("Nät eller el borta"), N_("Varken surfplattor eller telefoner når fram."), "zap-off", ("groups",)
    ),
    DisruptionKind.INFECTION: KindWords(
        N_("Smitta"), N_("Så få som möjligt går till de smittade."), "shield-alert", ("clients", "cohort")
    ),
    DisruptionKind.OTHER: KindWords(
        N_("Annat"), N_("En anteckning som alla ser. Planen ändras inte."), "ellipsis", ("groups", "note")
    ),
}  # fmt: skip


def title(disruption: Disruption, groups: dict[str, Group], say: Any, plural: Any) -> str:
    """Snö eller halka i Kälarne; Personal borta: 4 personer. Never anybody's name."""
    name = str(say(KINDS[disruption.kind].name))
    scope = disruption.scope
    if scope.get("groups") and disruption.kind is not DisruptionKind.STAFF_ADDED:
        names = ", ".join(groups[one].name for one in scope["groups"] if one in groups)
        return str(say("%(what)s i %(where)s")) % {"what": name, "where": names}
    count = len(scope.get("staff", [])) or len(scope.get("clients", []))
    if not count:
        return name
    people = plural("%(num)s person", "%(num)s personer", count) % {"num": count}
    return f"{name}: {people}"


def span(start: datetime, end: datetime, language: str, zone: ZoneInfo) -> str:
    """05.30–18.00, with the days when they differ."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{clock_text(start, zone)}–{clock_text(end, zone)}"
    return (
        f"{short_day_text(start, language, zone)} {clock_text(start, zone)} – "
        f"{short_day_text(end, language, zone)} {clock_text(end, zone)}"
    )
