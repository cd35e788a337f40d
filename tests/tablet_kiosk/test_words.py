"""Everything that the tablet says has its English, with the same blanks to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

import server.tablets
import tablet_kiosk
from server.language import messages

KIOSK = Path(str(tablet_kiosk.__file__)).parent
TABLETS = Path(str(server.tablets.__file__)).parent


def said() -> dict[str, str]:
    """Each sentence and where it is said."""
    found: dict[str, str] = {}
    for path in sorted((KIOSK / "static/kiosk").glob("*.js")):
        for match in re.finditer(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")):
            found.setdefault(match[1], path.name)
    for path in sorted(TABLETS.glob("*.py")):
        for _, message, _, _ in extract_from_file("python", path, keywords={"_": None, "Fault": (2,)}):
            if isinstance(message, str) and message:
                found.setdefault(message, path.name)
    return found


SAID = said()


def test_the_sentences_are_found() -> None:
    """The search itself works: well-known words are among them."""
    assert {"Svara", "Lägg på", "Starta", "%(who)s kommer hem", "Koden har sex siffror."} <= SAID.keys()


@pytest.mark.parametrize("sentence", sorted(SAID))
def test_every_sentence_has_its_english(sentence: str) -> None:
    english = messages("en").get(sentence)
    assert isinstance(english, str), f"{SAID[sentence]} says what the English catalogue does not have"
    blanks = r"%\(\w+\)s"
    assert sorted(re.findall(blanks, english)) == sorted(re.findall(blanks, sentence))
