"""Swedish alphabetical order, the same whatever database or machine: … z å ä ö."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"\d{1,9}")
_AFTER_Z = {"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"}


def swedish(text: str) -> tuple[str, str]:
    """Sort key. Case and accents (é, ü) matter only between otherwise equal words; å, ä and ö are letters.

    Whole numbers are counted: Bräcke 2 before Bräcke 10.
    """
    key = []
    counted = _NUMBER.sub(lambda found: found[0].zfill(9), text)
    for letter in unicodedata.normalize("NFC", counted).casefold():
        if letter in _AFTER_Z:
            key.append(_AFTER_Z[letter])
        else:
            key.append(unicodedata.normalize("NFD", letter)[0])
    return "".join(key), text
