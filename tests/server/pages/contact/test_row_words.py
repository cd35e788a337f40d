"""Words of a row's history: why it was changed, in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from care.contacts.cause import Cause
from care.contacts.contact import ContactHistory
from care.contacts.performing import DeclineCause
from care.localtime import SWEDEN
from server.language import translations
from server.pages.contact.row_words import CAUSE_WORDS, reason_text, span_text


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


@pytest.mark.parametrize(
    ("began", "ended", "said"),
    [
        ((5, 45, 2), (5, 45, 40), "06.45, mindre än en minut"),
        ((5, 45, 50), (5, 47, 10), "06.45–06.47, 2 min"),
        ((5, 45, 50), (5, 46, 5), "06.45–06.46, 1 min"),
        ((5, 45, 0), (6, 10, 0), "06.45–07.10, 25 min"),
    ],
    ids=["same-minute", "two-by-the-clock", "seconds", "usual"],
)
def test_minutes_agree_with_the_times_beside_them(
    began: tuple[int, int, int], ended: tuple[int, int, int], said: str
) -> None:
    """Nobody reads that something lasted a minute and ended when it began."""
    first, last = (datetime(2026, 12, 1, *one, tzinfo=UTC) for one in (began, ended))
    assert span_text(first, last, SWEDEN, translations("sv").gettext) == said


def test_minutes_across_the_autumn_night_are_those_that_passed() -> None:
    """02.50–02.10 when the clock goes back: twenty minutes, not minus forty."""
    first = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    last = first + timedelta(minutes=20)
    assert span_text(first, last, SWEDEN, translations("sv").gettext) == "02.50–02.10, 20 min"
