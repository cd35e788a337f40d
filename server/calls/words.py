"""The states and causes of a call in words, for the worker and for the client."""

from __future__ import annotations

from collections.abc import Callable

from care.calls.life import CallState, Cause
from server.language import N_

Translate = Callable[[str], str]

_WORKER = {
    CallState.RINGING: N_("Ringer…"),
    CallState.CONNECTING: N_("%(name)s har svarat"),
    CallState.CONNECTED: N_("I samtal med %(name)s"),
    CallState.RECONNECTING: N_("Bilden är borta en stund. Vi söker upp er igen."),
}
_WORKER_ENDED = {
    Cause.HUNG_UP: N_("Samtalet är slut"),
    Cause.NO_ANSWER: N_("%(name)s svarar inte"),
    Cause.NOT_NOW: N_("%(name)s vill prata senare. Ring igen om fem minuter."),
    Cause.CANCELLED: N_("Du slutade ringa"),
    Cause.TABLET_OFFLINE: N_("%(owner)s skärm går inte att nå just nu"),
    Cause.BUSY: N_("%(name)s är i ett annat samtal"),
    Cause.MEDIA_FAILED: N_("Bild och ljud kom inte fram"),
    Cause.NO_DEVICES: N_("Kamera och mikrofon gick inte att använda"),
    Cause.NO_PATH: N_("Det fanns ingen väg genom nätet till %(owner)s skärm"),
    Cause.LOST: N_("Kontakten med %(owner)s skärm bröts"),
    Cause.WORKER_LOST: N_("Din uppkoppling bröts"),
    Cause.LINE_LOST: N_("Bild och ljud bröts och kom inte tillbaka"),
    Cause.SERVER_RESTART: N_("Samtalet bröts när systemet startade om"),
    Cause.CONSENT_WITHDRAWN: N_("Samtalet är slut. Samtycket till video gäller inte längre."),
    Cause.REVOKED: N_("%(owner)s skärm är inte kopplad längre"),
}
_CLIENT = {
    CallState.RINGING: N_("Det ringer"),
    CallState.CONNECTING: N_("Kopplar…"),
    CallState.CONNECTED: N_("Samtal pågår"),
    CallState.RECONNECTING: N_("Bilden är borta en stund. Vi söker upp er igen."),
}

SEARCHING = N_("Söker %(owner)s skärm…")


def genitive(name: str) -> str:
    """Ingrids, Lars, Max: Swedish adds an s to a name unless it ends with that sound already."""
    return name if name[-1:].lower() in ("s", "x", "z") else f"{name}s"


def for_worker(state: CallState, cause: Cause | None, name: str, say: Translate) -> str:
    """The state as the worker reads it; `name` is the client's first name."""
    text = _WORKER_ENDED[cause or Cause.HUNG_UP] if state is CallState.ENDED else _WORKER[state]
    return say(text) % {"name": name, "owner": genitive(name)}


def for_client(state: CallState, say: Translate, cause: Cause | None = None) -> str:
    """The state as the client reads it: never a reason to worry."""
    if cause is Cause.CONSENT_WITHDRAWN:
        return say(N_("Samtalet är slut. Vi ringer inte mer på video."))
    return say(N_("Samtalet är slut")) if state is CallState.ENDED else say(_CLIENT[state])


def searching(name: str, say: Translate) -> str:
    return say(SEARCHING) % {"name": name, "owner": genitive(name)}
