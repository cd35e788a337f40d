"""What an engine refuses, in words: the same whichever engine."""

from __future__ import annotations

from care.errors import Fault


def fault(code: str) -> Fault:
    """The fault of a machine word; a word nobody knows means that the engine is away."""
    if code == "media.no_room":
        return Fault("media.no_room", "Samtalet är avslutat.", status=404)
    if code == "media.not_there":
        return Fault("media.not_there", "Du är inte med i samtalet längre. Gå in i det igen.", status=404)
    if code == "media.full":
        return Fault("media.full", "Samtalet är fullt. Någon måste gå ur innan du kan komma in.", status=409)
    if code == "media.description":
        return Fault(
            "media.description",
            "Webbläsaren och servern kom inte överens om bild och ljud. Läs om sidan.",
            status=422,
        )
    if code == "media.busy":
        return Fault(
            "media.busy",
            "Alla platser för samtal med flera är upptagna just nu. Försök igen om en stund.",
            status=503,
        )
    return Fault("media.away", "Bild och ljud startar om. Försök igen om några sekunder.", status=503)
