"""Which contact a visit was: each the other's nearest, clearly; what is not clear is left open."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.exchange.intake.matching import CLEARLY, NEAR, Planned, Visit, match
from tests.builders import moment

ANNA, BO, CAJ = (UUID(int=number) for number in (1, 2, 3))
DAY = "2026-12-01"


def visit(line: int, wall: str, *staff: UUID, day: str = DAY) -> Visit:
    return Visit(line, moment(f"{day} {wall}"), frozenset(staff))


def planned(number: int, wall: str, *staff: UUID, places: int = 1, day: str = DAY) -> Planned:
    return Planned(UUID(int=100 + number), moment(f"{day} {wall}"), frozenset(staff), places)


def matched(visits: list[Visit], contacts: list[Planned]) -> dict[int, int]:
    """Line → number of the contact."""
    found, _ = match(visits, contacts, {})
    return {line: contact.int - 100 for line, contact in found.items()}


@pytest.mark.parametrize(
    ("visits", "contacts", "found"),
    [
        ([visit(1, "07:50", ANNA), visit(2, "11:20", ANNA)],
         [planned(1, "07:30", ANNA), planned(2, "11:30", ANNA)], {1: 1, 2: 2}),
        # The colleague's visit at the very same time is not Anna's.
        ([visit(1, "08:00", ANNA)], [planned(1, "08:00", BO), planned(2, "08:30", ANNA)], {1: 2}),
        # Half past eight lies between eight and nine, but nine is clearly somebody else's.
        ([visit(1, "08:30", ANNA), visit(2, "09:02", ANNA)],
         [planned(1, "08:00", ANNA), planned(2, "09:00", ANNA)], {1: 1, 2: 2}),
        ([visit(1, "08:30", ANNA)], [planned(1, "08:00", ANNA), planned(2, "09:00", ANNA)], {}),
        ([visit(1, "08:50", ANNA), visit(2, "09:05", ANNA)], [planned(1, "09:00", ANNA)], {}),
        ([visit(1, "08:10", CAJ)], [planned(1, "08:00", ANNA)], {1: 1}),
        ([visit(1, "08:10", CAJ)], [planned(1, "08:00", ANNA), planned(2, "09:30", BO)], {}),
        ([visit(1, "08:10")], [planned(1, "08:00", ANNA)], {1: 1}),
        ([visit(1, "10:01", ANNA)], [planned(1, "08:00", ANNA)], {}),
        ([visit(1, "10:00", ANNA)], [planned(1, "08:00", ANNA)], {1: 1}),
    ],
    ids=["usual", "own-first", "clear-after-the-other", "between", "two-lines-one-contact", "substitute",
         "substitute-unclear", "nobody-named", "too-far", "just-near"],
)  # fmt: skip
def test_a_pair_is_clear_or_open(visits: list[Visit], contacts: list[Planned], found: dict[int, int]) -> None:
    """Never the better of two that are about as good."""
    assert matched(visits, contacts) == found


def test_two_lines_of_a_visit_for_two_are_one_contact() -> None:
    """Each with a line of their own, some minutes apart; a third is not there."""
    lines = [visit(1, "08:02", ANNA), visit(2, "08:09", BO), visit(3, "08:10", CAJ)]
    assert matched(lines, [planned(1, "08:00", ANNA, BO, places=2)]) == {1: 1, 2: 1}


def test_one_person_twice_is_not_two_persons() -> None:
    """The same worker at five past and at twelve past: one was something else, and nobody can say which."""
    lines = [visit(1, "08:05", ANNA), visit(2, "08:12", ANNA)]
    found, left = match(lines, [planned(1, "08:00", ANNA, BO, places=2)], {})
    assert found == {}
    assert [len(one.perhaps) for one in left] == [1, 1]


def test_what_the_file_has_named_is_not_guessed_again() -> None:
    """A contact that a line names by id is nobody else's."""
    contact = planned(1, "08:00", ANNA)
    found, left = match([visit(2, "08:05", ANNA)], [contact], {contact.id: [visit(1, "08:01", ANNA)]})
    assert (found, left[0].perhaps) == ({}, ())


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    """On the night of the autumn change 02.30 is two instants; each visit finds its own contact."""
    first = moment("2026-10-25 02:30")
    contacts = [
        Planned(UUID(int=101), first, frozenset({ANNA})),
        Planned(UUID(int=102), first + timedelta(hours=1), frozenset({ANNA})),
    ]
    lines = [
        Visit(1, first + timedelta(minutes=65), frozenset({ANNA})),
        Visit(2, first + timedelta(minutes=5), frozenset({ANNA})),
    ]
    assert matched(lines, contacts) == {1: 2, 2: 1}


_MINUTES = st.integers(0, 300)
_STAFF = st.sampled_from([ANNA, BO])


@given(
    lines=st.lists(st.tuples(_MINUTES, _STAFF), max_size=6),
    rows=st.lists(st.tuples(_MINUTES, _STAFF), max_size=6),
)
def test_no_contact_is_matched_twice_nor_from_afar_whatever_the_order(
    lines: list[tuple[int, UUID]], rows: list[tuple[int, UUID]]
) -> None:
    """And the order of the lines in the file says nothing."""
    start = moment(f"{DAY} 07:00")
    visits = [Visit(n, start + timedelta(minutes=at), frozenset({who})) for n, (at, who) in enumerate(lines)]
    contacts = [
        Planned(UUID(int=100 + n), start + timedelta(minutes=at), frozenset({who}))
        for n, (at, who) in enumerate(rows)
    ]
    found, left = match(visits, contacts, {})
    assert len(set(found.values())) == len(found)
    assert len(found) + len(left) == len(visits)
    by_id = {one.id: one for one in contacts}
    for line, contact in found.items():
        own = abs(by_id[contact].start - visits[line].start)
        assert own <= NEAR
        taken = set(found.values())
        rivals = [one for one in contacts if one.id not in taken and one.staff & visits[line].staff]
        if by_id[contact].staff & visits[line].staff:
            assert all(abs(one.start - visits[line].start) - own >= CLEARLY for one in rivals)
    again, _ = match(list(reversed(visits)), list(reversed(contacts)), {})
    assert again == found
