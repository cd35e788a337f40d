"""The screen says everything in each of its languages, with the same blanks and the forms it has."""

from __future__ import annotations

import re

import pytest

from server.language import SCREEN_LANGUAGES, messages
from tests import catalogue

_BLANKS = re.compile(r"%\((\w+)\)s")
both = pytest.mark.parametrize("language", catalogue.SCREEN_LANGUAGES)


def test_every_language_of_a_screen_has_a_catalogue() -> None:
    assert set(SCREEN_LANGUAGES) == {"sv", *catalogue.LANGUAGES, *catalogue.SCREEN_LANGUAGES}


@both
def test_the_catalogue_has_exactly_what_a_screen_may_say(language: str) -> None:
    """After a new or changed sentence: python -m tests.catalogue, then translate what it lists."""
    written = catalogue.catalogue_file("tablet_kiosk", language).read_bytes()
    assert written == catalogue.screen_catalogue(language)


@both
def test_everything_is_translated_with_the_same_blanks(language: str) -> None:
    """In every form: a blank that is missing would leave out a name or a number."""
    wrong = []
    for message in catalogue.read("tablet_kiosk", language):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[1]
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        blanks = sorted(_BLANKS.findall(source))
        if not all(forms) or any(sorted(_BLANKS.findall(form)) != blanks for form in forms):
            wrong.append(source)
    assert wrong == []


def test_arabic_has_its_six_forms() -> None:
    """Nought, one, two, a few, many and the rest, in the order in which the tablet chooses among them."""
    found = messages("ar")["Kameran sätts på om %(n)s sekund"]
    assert isinstance(found, list)
    assert len(found) == 6
    assert "ثانيتين" in found[2]
    assert "ثوانٍ" in found[3]
