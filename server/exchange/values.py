"""Single values other than times: what people write in a cell, and what it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import TypeVar

from babel import Locale

from care.errors import Fault

_YES = frozenset({"ja", "j", "x", "1", "yes", "y", "true", "sant"})
_NO = frozenset({"nej", "n", "0", "-", "no", "false", "falskt"})
_DECIMAL = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,15})?", re.ASCII)
_PHONE = re.compile(r"\+?[\d ()/-]{5,25}", re.ASCII)
_WORD = TypeVar("_WORD", bound=StrEnum)


def plain(text: str) -> str:
    """A heading or word for comparison: no case, spaces, hyphens, underscores or dots; å ä ö as a a o."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in bare if char.isalnum())


def text_of(most: int) -> Callable[[str], str]:
    """A reader of one line of text, at most `most` characters; runs of white space become one space."""

    def read(text: str) -> str:
        line = " ".join(unicodedata.normalize("NFC", text).split())
        if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in line):
            raise Fault("import.bad_characters", "Texten innehåller tecken som inte går att visa.")
        if len(line) > most:
            raise Fault("import.too_long", "Texten har fler än %(most)s tecken.", values={"most": most})
        return line

    return read


#: Ids of other systems, as long as the column of the record.
read_id = text_of(120)
read_name = text_of(200)


def read_service_code(text: str) -> str:
    """A service code: no ``+``, which stands between codes."""
    code = text_of(40)(text)
    if "+" in code:
        raise Fault("import.service_code", "En insatskod kan inte innehålla plustecken.")
    return code


def read_service_codes(text: str) -> tuple[str, ...]:
    """Codes with ``+`` between, in the order they are done. The same code may stand twice."""
    codes = tuple(read_service_code(part.strip()) for part in text.split("+"))
    if not all(codes):
        raise Fault(
            "import.service_codes", "Skriv insatskoderna med plustecken emellan, till exempel TI-DAG+MA-PAM."
        )
    return codes


def read_yes(text: str) -> bool:
    """ja/nej/x/1/0/true and their like."""
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Fault("import.yes_no", "Skriv ja eller nej (x och 1 betyder ja, 0 betyder nej).")


def write_yes(value: bool) -> str:
    """``ja`` or ``nej``."""
    return "ja" if value else "nej"


def minutes_of(most: int, *, least: int = 0) -> Callable[[str], int]:
    """A reader of whole minutes."""

    def read(text: str) -> int:
        digits = re.sub(r"\s*min(uter)?\.?$", "", text, flags=re.IGNORECASE)
        digits = re.sub(r"[.,]0+$", "", digits)
        if not re.fullmatch(r"\d{1,5}", digits, re.ASCII) or not least <= int(digits) <= most:
            raise Fault(
                "import.minutes",
                "Skriv minuterna som ett helt tal mellan %(least)s och %(most)s.",
                values={"least": least, "most": most},
            )
        return int(digits)

    return read


def read_decimal(text: str) -> float:
    """A number with decimal comma or point."""
    if not _DECIMAL.fullmatch(text):
        raise Fault("import.number", "Skriv ett tal, till exempel 62,75.")
    return float(text.replace(",", "."))


def read_latitude(text: str) -> float:
    """Degrees north (WGS 84), inside Sweden."""
    value = _degrees(text)
    if not 55.0 <= value <= 69.2:
        raise Fault(
            "import.outside_sweden",
            "Latituden ska vara mellan 55 och 69,2 grader för att ligga i Sverige. Kontrollera att "
            "latitud och longitud inte har bytt plats.",
        )
    return value


def read_longitude(text: str) -> float:
    """Degrees east (WGS 84), inside Sweden."""
    value = _degrees(text)
    if not 10.5 <= value <= 24.3:
        raise Fault(
            "import.outside_sweden",
            "Longituden ska vara mellan 10,5 och 24,3 grader för att ligga i Sverige. Kontrollera att "
            "latitud och longitud inte har bytt plats.",
        )
    return value


def _degrees(text: str) -> float:
    value = read_decimal(text)
    if abs(value) > 180:
        raise Fault(
            "import.coordinate_system",
            "Koordinaten ser ut att vara i meter (SWEREF 99 eller RT 90). Skriv den i grader (WGS 84).",
        )
    # Seven decimals are a centimetre, more than any address has.
    return round(value, 7)


def write_decimal(value: float) -> str:
    """Degrees with decimal comma and at most seven decimals."""
    return f"{value:.7f}".rstrip("0").rstrip(".").replace(".", ",")


def read_phone(text: str) -> str:
    """A telephone number as it is written, with at least five digits."""
    if not _PHONE.fullmatch(text) or sum(char.isdigit() for char in text) < 5:
        raise Fault("import.phone", "Skriv telefonnumret med siffror, till exempel 070-123 45 67.")
    return " ".join(text.split())


@cache
def _languages() -> Mapping[str, str]:
    """Plain Swedish and English names and the codes themselves → ISO 639 code."""
    found: dict[str, str] = {}
    for locale in ("en", "sv"):
        for code, name in Locale(locale).languages.items():
            if code.isalpha():
                found[plain(name)] = code
                found[code] = code
    return found


def read_languages(text: str) -> tuple[str, ...]:
    """Languages by code (``sv``) or Swedish name (``finska``), with ``,``, ``+``, ``/`` or ``;`` between."""
    codes = []
    for part in re.split(r"[,+;/]| och ", text):
        if not part.strip():
            continue
        code = _languages().get(plain(part))
        if code is None:
            raise Fault(
                "import.language",
                "Språket ”%(language)s” är okänt. Skriv till exempel svenska, finska eller en kod som sv.",
                values={"language": part.strip()[:40]},
            )
        if code not in codes:
            codes.append(code)
    if not codes:
        raise Fault("import.language_form", "Skriv ett språk, till exempel svenska.")
    return tuple(codes)


def read_language(text: str) -> str:
    """One language."""
    codes = read_languages(text)
    if len(codes) != 1:
        raise Fault("import.one_language", "Skriv ett enda språk: det som kontakterna ska ske på.")
    return codes[0]


def word_of(kind: type[_WORD], names: Mapping[str, _WORD]) -> Callable[[str], _WORD]:
    """A reader of one of a few words: Swedish names, or the record's own words.

    `names` gives the Swedish names, the best one of each word first: those are what the fault proposes.
    """
    known = {plain(word.value): word for word in kind}
    known |= {plain(name): word for name, word in names.items()}
    proposed = ", ".join(first_names(names).values())

    def read(text: str) -> _WORD:
        word = known.get(plain(text))
        if word is None:
            raise Fault(
                "import.word",
                "”%(found)s” är inget känt val. Välj ett av: %(choices)s.",
                values={"found": text[:40], "choices": proposed},
            )
        return word

    return read


def first_names(names: Mapping[str, _WORD]) -> dict[_WORD, str]:
    """The first Swedish name of each word: what exports write."""
    first: dict[_WORD, str] = {}
    for name, word in names.items():
        first.setdefault(word, name)
    return first
