"""Swedish personal numbers: personnummer, samordningsnummer and reserve numbers.

Rules: Folkbokföringslagen (1991:481) 18 and 18 a §§. A date of birth, three digits 001–999 and a check
digit (Luhn over the last ten). A samordningsnummer has 60 added to the day. From the year a person turns
100 the hyphen of the ten-digit form is a plus. Reserve numbers differ by region; here they are a date of
birth and four characters of which at least one is a letter, so they can never be either of the others.

The number is a secret: `str` and `repr` give the masked form. Only `full` gives the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NoReturn

from stdnum import luhn

from care.errors import Fault


class PersonalNumberKind(StrEnum):
    """What sort of number it is."""

    PERSONNUMMER = "personnummer"
    SAMORDNINGSNUMMER = "samordningsnummer"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True, repr=False)
class PersonalNumber:
    """A number that has passed every check.

    Attributes
    ----------
    kind
        Which sort.
    birth
        Date of birth (for a samordningsnummer with 60 taken off the day).
    date_part
        Eight characters as written, e.g. ``19400107`` or, for a samordningsnummer, ``19400167``.
    tail
        The last four characters.
    """

    kind: PersonalNumberKind
    birth: date
    date_part: str
    tail: str

    @property
    def full(self) -> str:
        """The whole number with a hyphen, e.g. ``19400107-9120``. Every showing of it is logged."""
        return f"{self.date_part}-{self.tail}"

    def masked(self) -> str:
        """For lists and pages: ``19400107-••••``."""
        return f"{self.date_part}-••••"

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"PersonalNumber({self.kind.value}, {self.masked()})"


_DIGITS = re.compile(r"(?P<century>[0-9]{2})?(?P<short>[0-9]{6})(?P<sign>[-+]?)(?P<tail>[0-9]{4})")
_RESERVE = re.compile(r"(?P<date>[0-9]{8})-?(?P<tail>(?=[0-9]*[A-Z])[0-9A-Z]{4})")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_COORDINATION_DAY = 60


def parse(text: str, today: date, *, place: str | None = None) -> PersonalNumber:
    """Read a number written by a person: 10 or 12 digits, with or without hyphen, or a reserve number.

    Parameters
    ----------
    text
        What was written. Spaces and typographic dashes are allowed for.
    today
        The day it is: the ten-digit form leaves the century out, and nobody is born in the future.
    place
        Field or column, handed on in the fault.

    Raises
    ------
    Fault
        ``personal_number.form``, ``.date``, ``.check_digit``, ``.serial``, ``.century`` or ``.future``.
        The sentence never repeats the number.
    """
    compact = "".join(text.split()).translate(_DASHES).upper()
    if reserve := _RESERVE.fullmatch(compact):
        birth = _birth(int(reserve["date"][:4]), reserve["date"][4:], 0, today, place)
        return PersonalNumber(PersonalNumberKind.RESERVE, birth, reserve["date"], reserve["tail"])
    match = _DIGITS.fullmatch(compact)
    if match is None:
        _refuse(
            "form",
            "Personnumret ska ha 10 eller 12 siffror, gärna som ÅÅÅÅMMDD-NNNN. Ett reservnummer har ett "
            "datum och fyra tecken, minst ett av dem en bokstav.",
            place,
        )
    short, tail, century = match["short"], match["tail"], match["century"]
    year = int(century + short[:2]) if century else _year(int(short[:2]), match["sign"] == "+", today)
    coordination = int(short[4:]) > _COORDINATION_DAY
    shift = _COORDINATION_DAY if coordination else 0
    birth = _birth(year, short[2:], shift, today, place, ten_digits=not century)
    if century and match["sign"] == "+" and today.year - year < 100:
        _refuse(
            "century",
            "Plustecknet betyder att personen är minst 100 år, men årtalet säger något annat.",
            place,
        )
    if not luhn.is_valid(short + tail):
        _refuse("check_digit", "Kontrollsiffran stämmer inte. Något tecken i personnumret är fel.", place)
    if tail.startswith("000"):
        _refuse("serial", "Personnumret kan inte ha 000 efter födelsedatumet.", place)
    kind = PersonalNumberKind.SAMORDNINGSNUMMER if coordination else PersonalNumberKind.PERSONNUMMER
    return PersonalNumber(kind, birth, f"{year:04d}{short[2:]}", tail)


def _year(short: int, over_hundred: bool, today: date) -> int:
    """The year of a ten-digit number: at most 99 years back, or 100–199 with a plus."""
    age = (today.year - short) % 100
    return today.year - age - (100 if over_hundred else 0)


def _birth(
    year: int, month_day: str, shift: int, today: date, place: str | None, *, ten_digits: bool = False
) -> date:
    """The date of birth, or a fault when there is no such day or it has not come yet."""
    try:
        birth = date(year, int(month_day[:2]), int(month_day[2:]) - shift)
    except ValueError:
        _refuse("date", "Personnumret börjar med ett datum som inte finns.", place)
    if birth.year < 1800:
        _refuse("date", "Personnumret börjar med ett årtal som inte kan stämma.", place)
    if birth > today:
        if ten_digits:
            _refuse(
                "century",
                "Det går inte att se vilket århundrade personnumret gäller. Skriv årtalet med fyra siffror.",
                place,
            )
        _refuse("future", "Personnumret börjar med ett datum som inte har varit än.", place)
    return birth


def _refuse(word: str, sentence: str, place: str | None) -> NoReturn:
    raise Fault(f"personal_number.{word}", sentence, place=place) from None
