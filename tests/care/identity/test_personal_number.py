"""Personal numbers: what is taken, what is refused and what is never shown."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.errors import Fault
from care.identity.personal_number import PersonalNumberKind, parse

TODAY = date(2026, 12, 1)
QUOTED = ("194408139089", "194001079120", "193805028432", "191212121212")
LIST = Path(__file__).parents[4] / "shared" / "data" / "test_personnummer.txt"


def official_numbers() -> tuple[str, ...]:
    """The tax agency's test numbers where the list is at hand, else the few that are quoted in print."""
    return tuple(LIST.read_text().split()) if LIST.exists() else QUOTED


def code(text: str, today: date = TODAY) -> str:
    with pytest.raises(Fault) as fault:
        parse(text, today, place="personnummer")
    assert fault.value.place == "personnummer"
    return fault.value.code


def test_every_official_test_number_is_taken() -> None:
    """The official test numbers are valid and keep their twelve digits."""
    for text in official_numbers():
        number = parse(text, TODAY)
        assert number.kind is PersonalNumberKind.PERSONNUMMER
        assert number.full.replace("-", "") == text
        assert number.birth == date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}")


@pytest.mark.parametrize(
    "text",
    [
        "194001079120",
        "19400107-9120",
        "4001079120",
        "400107-9120",
        " 400107 - 9120 ",
        "400107–9120",
        "19400107 9120",
    ],
)
def test_all_ways_of_writing_mean_the_same(text: str) -> None:
    """Ten or twelve digits, with or without hyphen, spaces or a typographic dash."""
    assert parse(text, TODAY).full == "19400107-9120"


def test_plus_means_a_hundred_years() -> None:
    """The hyphen of the ten-digit form becomes a plus from the year a person turns 100."""
    assert parse("121212+1212", TODAY).full == "19121212-1212"
    assert parse("121212-1212", TODAY).full == "20121212-1212"
    assert parse("19121212+1212", TODAY).full == "19121212-1212"
    assert code("19400107+9120") == "personal_number.century"
    assert parse("400107+9120", date(2040, 1, 1)).full == "19400107-9120"
    assert parse("400107-9120", date(2039, 12, 31)).full == "19400107-9120"


def test_a_ten_digit_birthday_later_this_year_is_not_guessed() -> None:
    """A hundred years old without a plus, or not born yet: the century must be written out."""
    assert code("121212-1212", date(2012, 6, 1)) == "personal_number.century"


def test_samordningsnummer_has_sixty_added_to_the_day() -> None:
    """The example of the tax agency's own guidance; the birth date is read without the sixty."""
    number = parse("701063-2391", TODAY)
    assert number.kind is PersonalNumberKind.SAMORDNINGSNUMMER
    assert number.birth == date(1970, 10, 3)
    assert number.full == "19701063-2391"


def test_reserve_number_needs_a_letter_and_a_real_date() -> None:
    """A date and four characters with a letter is a reserve number, in either case."""
    for text in ("19400107-D001", "19400107-d001", "19400107D001"):
        number = parse(text, TODAY)
        assert (number.kind, number.full, number.birth) == (
            PersonalNumberKind.RESERVE,
            "19400107-D001",
            date(1940, 1, 7),
        )
    assert code("19400230-D001") == "personal_number.date"
    assert code("20300101-D001") == "personal_number.future"


@given(
    birth=st.dates(date(1900, 1, 1), date(2020, 1, 1)),
    number=st.integers(0, 999),
    letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)
def test_no_demo_number_is_a_personnummer_or_samordningsnummer(birth: date, number: int, letter: str) -> None:
    """Whatever reserve number a demo person carries, it can be no living person's number."""
    parsed = parse(f"{birth:%Y%m%d}-{letter}{number:03d}", TODAY)
    assert parsed.kind is PersonalNumberKind.RESERVE


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "form"),
        ("abc", "form"),
        ("19400107-912", "form"),
        ("19400107-91200", "form"),
        ("1940-0107-9120", "form"),
        ("19400107-Å001", "form"),
        ("١٩٤٠٠١٠٧٩١٢٠", "form"),
        ("194001079121", "check_digit"),
        ("194002309120", "date"),
        ("194013019120", "date"),
        ("194000009120", "date"),
        ("194001929120", "date"),
        ("174001079120", "date"),
        ("194001070004", "serial"),
        ("20991231-1234", "future"),
    ],
)
def test_what_is_refused_says_why(text: str, word: str) -> None:
    """Each fault has its own code."""
    assert code(text) == f"personal_number.{word}"


@given(st.sampled_from(QUOTED), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_never_taken_as_the_same_person(text: str, place: int, step: int) -> None:
    """Luhn catches any single wrong digit of the last ten; a wrong century gives another birth date."""
    wrong = text[:place] + str((int(text[place]) + step) % 10) + text[place + 1 :]
    if place >= 2:
        with pytest.raises(Fault):
            parse(wrong, TODAY)
    else:
        with contextlib.suppress(Fault):
            assert parse(wrong, TODAY).birth != parse(text, TODAY).birth


@given(st.text(max_size=20))
def test_any_text_gives_a_number_or_a_fault_that_does_not_repeat_it(text: str) -> None:
    """Nothing else is ever raised, and the sentence never echoes what was typed."""
    met: list[Fault] = []
    try:
        parse(text, TODAY)
    except Fault as fault:
        met.append(fault)
    assert all(fault.values == {} for fault in met)


def test_the_number_is_masked_wherever_it_is_printed() -> None:
    """Only `full` gives the last four."""
    number = parse("194001079120", TODAY)
    assert number.masked() == "19400107-••••"
    for shown in (str(number), repr(number), f"{number}", f"{[number]}"):
        assert "9120" not in shown
