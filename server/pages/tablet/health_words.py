"""The health of a tablet in words for staff: what is well, what is not, and what its page cannot know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.language import N_
from server.tablets.condition import BATTERY_HALF, Power, asleep, power


class Mood(StrEnum):
    GOOD = "good"
    NEEDS = "needs"
    #: The page does not know, or it matters to nobody.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about a tablet."""

    words: str
    mood: Mood


#: Seconds that a tablet's own clock may be wrong before somebody should know; pages show the server's time.
SKEW = 60
_PERMISSIONS: dict[str, dict[str, str]] = {
    "camera": {
        "granted": N_("Kameran får användas."),
        "denied": N_("Kameran är inte tillåten."),
        "prompt": N_("Kameran har inte fått lov än."),
        "missing": N_("Kameran saknas."),
        "unknown": N_("Kameran: surfplattan vet inte."),
    },
    "microphone": {
        "granted": N_("Mikrofonen får användas."),
        "denied": N_("Mikrofonen är inte tillåten."),
        "prompt": N_("Mikrofonen har inte fått lov än."),
        "missing": N_("Mikrofonen saknas."),
        "unknown": N_("Mikrofonen: surfplattan vet inte."),
    },
    "sound": {
        "ok": N_("Ljudet hörs."),
        "blocked": N_("Ljudet är blockerat av webbläsaren."),
        "unknown": N_("Ljudet: surfplattan vet inte."),
    },
    "wake_lock": {
        "ok": N_("Skärmen hålls tänd."),
        "denied": N_("Skärmen kan slockna av sig själv."),
        "unsupported": N_("Skärmen kan slockna av sig själv."),
        "unknown": N_("Om skärmen hålls tänd: surfplattan vet inte."),
    },
    "storage": {
        "kept": N_("Minnet sparas av webbläsaren."),
        "may_go": N_("Webbläsaren lovar inte att minnet sparas."),
        "unknown": N_("Om minnet sparas: surfplattan vet inte."),
    },
    "network": {
        "wifi": N_("Nätet är wifi."),
        "cellular": N_("Nätet är mobilt."),
        "ethernet": N_("Nätet är kabel."),
        "other": N_("Nätet är av annat slag."),
        "unknown": N_("Vilket slags nät: surfplattan vet inte."),
    },
}
#: What is well, or tells nothing about being well or not.
_GOOD = {"granted", "ok", "kept", "wifi", "cellular", "ethernet", "other"}
_NEUTRAL = {("storage", "may_go")}


def in_words(health: Mapping[str, Any], _: Callable[[str], str]) -> list[Said]:
    """Sentences about the tablet's health, what needs somebody first and what nobody knows last."""
    if not health:
        return [Said(_("Surfplattan har inte startats än."), Mood.NEEDS)]
    words: list[Said] = []
    if health.get("touch_needed"):
        words.append(Said(_("Någon behöver trycka på skärmen."), Mood.NEEDS))
    words.append(_screen(health, _))
    for name, sentences in _PERMISSIONS.items():
        state = health.get(name, "unknown")
        mood = Mood.GOOD if state in _GOOD else Mood.NEEDS
        if state == "unknown" or (name, state) in _NEUTRAL:
            mood = Mood.UNKNOWN
        words.append(Said(_(sentences[state]), mood))
    words += [_battery(health, _), *_volume(health, _), _clock(health, _)]
    order = (Mood.NEEDS, Mood.GOOD, Mood.UNKNOWN)
    return sorted(words, key=lambda one: order.index(one.mood))


def _screen(health: Mapping[str, Any], _: Callable[[str], str]) -> Said:
    match asleep(health):
        case "hidden":
            return Said(_("Något annat ligger över sidan."), Mood.NEEDS)
        case "still":
            return Said(_("Skärmen ritas inte om."), Mood.NEEDS)
    if health.get("painted") == "ok":
        return Said(_("Sidan syns och ritas."), Mood.GOOD)
    return Said(_("Om sidan syns: surfplattan vet inte."), Mood.UNKNOWN)


def _battery(health: Mapping[str, Any], _: Callable[[str], str]) -> Said:
    standing = power(health)
    if standing is Power.UNKNOWN:
        return Said(_("Batteri och laddare: surfplattan vet inte."), Mood.UNKNOWN)
    percent = round(health["battery"]["level"] * 100)
    if standing is Power.CHARGING:
        return Said(_("Laddas, %(percent)s procent.") % {"percent": percent}, Mood.GOOD)
    is_enough = health["battery"]["level"] > BATTERY_HALF
    text = _("Laddas inte, %(percent)s procent kvar.") % {"percent": percent}
    return Said(text, Mood.GOOD if is_enough else Mood.NEEDS)


def _volume(health: Mapping[str, Any], _: Callable[[str], str]) -> list[Said]:
    """Our own loudness; that of the tablet itself no page may read."""
    volume = health.get("volume")
    if volume is None:
        return [Said(_("Vår ljudstyrka: surfplattan vet inte."), Mood.UNKNOWN)]
    text = _("Vår ljudstyrka är %(percent)s procent. Surfplattans egen syns inte härifrån.")
    return [Said(text % {"percent": round(volume * 100)}, Mood.GOOD)]


def _clock(health: Mapping[str, Any], _: Callable[[str], str]) -> Said:
    skew = health.get("skew_s")
    if skew is None:
        return Said(_("Om klockan går rätt: surfplattan vet inte."), Mood.UNKNOWN)
    if abs(skew) < SKEW:
        return Said(_("Klockan går rätt."), Mood.GOOD)
    minutes = max(1, round(abs(skew) / 60))
    text = _("Klockan går %(minutes)s min fel. Skärmen visar ändå rätt tid.")
    return Said(text % {"minutes": minutes}, Mood.GOOD)
