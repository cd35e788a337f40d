"""Why calls ended, as a coordinator reads it: what it was, what to do; ``docs/calls.md`` shows the same."""

from __future__ import annotations

from dataclasses import dataclass

from care.calls.life import Cause
from server.language import N_


@dataclass(frozen=True, slots=True)
class Told:
    """A cause in a few words, and what to do when it comes often; msgids."""

    word: str
    advice: str


CAUSES: dict[Cause, Told] = {
    Cause.HUNG_UP: Told(N_("Någon lade på"), N_("Inget: så ska samtal sluta.")),
    Cause.NO_ANSWER: Told(N_("Inget svar"), N_("Följ rutinen för uteblivet svar.")),
    Cause.NOT_NOW: Told(
        N_("Inte nu"), N_("Ring igen om fem minuter. Händer det ofta: fråga om en annan tid.")
    ),
    Cause.CANCELLED: Told(N_("Slutade ringa"), N_("Inget: den som ringde ångrade sig.")),
    Cause.TABLET_OFFLINE: Told(
        N_("Skärmen gick inte att nå"), N_("Ring på telefon. Se efter skärmens ström och nät.")
    ),
    Cause.BUSY: Told(N_("Upptaget"), N_("Ring igen om fem minuter.")),
    Cause.NO_DEVICES: Told(
        N_("Kamera och mikrofon gick inte att använda"),
        N_("Tillåt dem i webbläsaren. På skärmen görs det med Starta, på plats."),
    ),
    Cause.NO_PATH: Told(
        N_("Ingen väg genom nätet"),
        N_(
            "Be driften öppna brandväggen eller sätta upp en TURN-server. "
            "Sidan för nätprov visar vad som fattas."
        ),
    ),
    Cause.MEDIA_FAILED: Told(
        N_("Bild och ljud kom inte fram"), N_("Ring igen. Händer det igen: starta om skärmen.")
    ),
    Cause.LOST: Told(
        N_("Skärmens uppkoppling bröts"), N_("Ring på telefon. Händer det ofta: se över nätet i hemmet.")
    ),
    Cause.WORKER_LOST: Told(
        N_("Personalens uppkoppling bröts"), N_("Ring igen. Händer det ofta: ring där täckningen är bättre.")
    ),
    Cause.LINE_LOST: Told(
        N_("Bild och ljud bröts"), N_("Ring igen. Händer det ofta: se över näten på båda sidor.")
    ),
    Cause.CONSENT_WITHDRAWN: Told(N_("Samtycket togs tillbaka"), N_("Planera om till besök eller telefon.")),
    Cause.REVOKED: Told(N_("Skärmen kopplades bort"), N_("Koppla en ny skärm, eller planera om.")),
    Cause.SERVER_RESTART: Told(
        N_("Systemet startade om"), N_("Ring igen. Händer det ofta: anmäl det till driften.")
    ),
}
