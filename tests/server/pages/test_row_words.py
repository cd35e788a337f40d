"""Words of a row's history: why it was changed, in the reader's language."""

from __future__ import annotations

import pytest

from care.contacts.cause import Cause
from care.contacts.contact import ContactHistory
from care.contacts.performing import DeclineCause
from server.language import translations
from server.pages.row_words import CAUSE_WORDS, reason_text


def entry(
    reason: str | None = None, reason_en: str | None = None, cause: str | None = None
) -> ContactHistory:
    change = {"cause": [None, cause]} if cause else {}
    return ContactHistory(reason=reason, reason_en=reason_en, change=change)


@pytest.mark.parametrize(
    ("made", "swedish", "english"),
    [
        (entry("Snö.", "Snow."), "Snö.", "Snow."),
        (entry("Ville sova."), "Ville sova.", "Ville sova."),
        (entry(cause="client_away"), "är borta", "is away"),
        (entry(), None, None),
    ],
    ids=["both-languages", "own-words", "cause", "nothing"],
)
def test_why_is_said_in_the_readers_language(
    made: ContactHistory, swedish: str | None, english: str | None
) -> None:
    """A sentence of ours in both, a person's own words as they are, a cause by its word."""
    assert reason_text(made, "sv", translations("sv").gettext) == swedish
    assert reason_text(made, "en", translations("en").gettext) == english


def test_every_cause_has_words() -> None:
    """A reason without words would leave "Inställd" standing alone on the card and in the day."""
    assert CAUSE_WORDS.keys() == {*DeclineCause, *Cause}
