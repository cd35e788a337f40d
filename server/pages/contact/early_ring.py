"""Why somebody rings long before the time of a row: one of a few reasons, chosen with one tap."""

from __future__ import annotations

from server.language import N_

#: Word in the address → what is kept with the call.
REASONS: dict[str, str] = {
    "asked": N_("Personen har bett om att vi ringer nu"),
    "worried": N_("Jag är orolig och vill se hur det är"),
    "day": N_("Dagen behöver planeras om"),
    "test": N_("Vi provar skärmen"),
    "other": N_("Något annat"),
}


def sentence(code: str) -> str | None:
    """The reason in Swedish, as it is kept; None for no reason of ours."""
    return REASONS.get(code)
