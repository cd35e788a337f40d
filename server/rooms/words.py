"""Why a room closed for somebody, in words."""

from __future__ import annotations

from collections.abc import Callable

from server.language import N_

CAUSES = {
    "ended": N_("Samtalet är avslutat."),
    "left": N_("Du har lämnat samtalet."),
    "moved": N_("Du är med från en annan sida nu. Här är du inte med längre."),
    "removed": N_("Du är inte med i samtalet längre."),
}


def closed(cause: str, say: Callable[[str], str]) -> str:
    """The sentence of a cause; one that nobody knows is an ordinary end."""
    return say(CAUSES.get(cause, CAUSES["ended"]))
