"""What came of a test of the way to a tablet, in words: what was shown, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from care.path_tests import PathResult
from server.language import N_


class Result(NamedTuple):
    #: A few words, and a sentence with what to do.
    heading: str
    sentence: str


RESULTS: dict[PathResult, Result] = {
    PathResult.WELL: Result(
        N_("Bild och ljud går fram"), N_("En påhittad bild och ton kom fram åt båda hållen.")
    ),
    PathResult.NO_CONTACT: Result(
        N_("Ingen kontakt"), N_("Surfplattan hade ingen kontakt. Kolla laddaren och nätet.")
    ),
    PathResult.NO_ANSWER: Result(
        N_("Inget svar"),
        N_("Surfplattan svarade inte på provet. Sidan kan vara för gammal: läs om den eller starta om."),
    ),
    PathResult.CALL_FIRST: Result(
        N_("Avbrutet för ett samtal"), N_("Ett samtal går alltid före. Prova igen efteråt.")
    ),
    PathResult.NO_PATH: Result(
        N_("Ingen väg för bild och ljud"),
        N_("Surfplattan har kontakt, men bild och ljud stoppas på vägen. Nätet där den står kan "
           "spärra UDP, eller så behövs en TURN-server."),
    ),
    PathResult.NO_PICTURE_DOWN: Result(
        N_("Bilden kommer inte fram till surfplattan"),
        N_("Ljud och kontakt finns, men surfplattan kunde inte visa en bild. Starta om den."),
    ),
    PathResult.NO_PICTURE_UP: Result(
        N_("Bilden kommer inte från surfplattan"),
        N_("Surfplattan kunde inte skicka en bild. Nätet kan vara för klent, eller behöver den startas om."),
    ),
    PathResult.NO_SOUND_DOWN: Result(
        N_("Ljudet kommer inte fram till surfplattan"),
        N_("Bilden kom fram men inte tonen. Starta om surfplattan och prova igen."),
    ),
    PathResult.NO_SOUND_UP: Result(
        N_("Ljudet kommer inte från surfplattan"),
        N_("Bilden kom fram men inte tonen från surfplattan. Starta om den och prova igen."),
    ),
    PathResult.NO_RELAY: Result(
        N_("Vägen genom TURN fungerar inte"),
        N_("Vanliga samtal går fram, men inte samtal med gäster eller skyddade uppgifter, som måste "
           "gå genom TURN-servern."),
    ),
    PathResult.UNABLE: Result(
        N_("Surfplattan kunde inte prova"),
        N_("Webbläsaren kunde inte göra en bild eller en ton. Ljudet kan vara blockerat: tryck på skärmen."),
    ),
    PathResult.OURS: Result(
        N_("Provet blev inte klart"),
        N_("Provet avbröts hos oss. Det säger inget om surfplattan. Prova igen."),
    ),
}  # fmt: skip


def figures(facts: Mapping[str, Any], say: Callable[[str], str]) -> list[str]:
    """What was measured, a line for each way that was tried."""
    lines = []
    for name, heading in (("direct", N_("Som ett samtal går")), ("relay", N_("Bara genom TURN"))):
        known = facts.get(name)
        if not isinstance(known, Mapping):
            continue
        parts = [
            say(words) % {"value": str(round(known[key])).replace("-", "−")}
            for key, words in _FIGURES
            if isinstance(known.get(key), int | float)
        ]
        if parts:
            lines.append(f"{say(heading)}: {', '.join(parts)}.")
    return lines


_FIGURES = (
    ("connected_ms", N_("kontakt efter %(value)s ms")),
    ("pictures_down", N_("%(value)s bilder dit")),
    ("pictures_up", N_("%(value)s bilder tillbaka")),
    ("tone_down_db", N_("tonen dit %(value)s dB")),
    ("tone_up_db", N_("tonen tillbaka %(value)s dB")),
    ("round_trip_ms", N_("fördröjning %(value)s ms")),
)
