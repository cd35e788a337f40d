"""The life of a planned contact, step by step: the whole table is written out here once more."""

from __future__ import annotations

from itertools import product

import pytest

from care.contacts.life import END_STATES, STEPS, Status, check_step, may_step
from care.errors import Fault

#: design 2, in words: what may follow what.
ALLOWED = {
    "planned": "due underway declined cancelled replaced unknown",
    "due": "underway awaiting done done_phone declined cancelled replaced unknown",
    "underway": "done done_phone awaiting unknown",
    "awaiting": "underway done done_phone replaced missed declined cancelled unknown",
    "unknown": "done done_phone replaced missed declined cancelled awaiting",
    "replaced": "planned",
    "done": "",
    "done_phone": "",
    "missed": "",
    "declined": "",
    "cancelled": "planned",
}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)), ids=lambda s: s.value)
def test_every_step_is_allowed_or_refused_as_written(before: Status, after: Status) -> None:
    """All 121 pairs: a step is in the table, or a Fault with status 409."""
    if after.value in ALLOWED[before.value].split():
        assert may_step(before, after)
        check_step(before, after)
        return
    assert not may_step(before, after)
    with pytest.raises(Fault) as fault:
        check_step(before, after)
    assert (fault.value.code, fault.value.status) == ("contact.step", 409)


def test_every_state_has_a_row_in_the_table() -> None:
    """A new state cannot be forgotten."""
    assert set(STEPS) == set(Status)
    assert set(ALLOWED) == {status.value for status in Status}


def test_nothing_leaves_an_end_state_but_what_is_undone() -> None:
    """Ended is ended; an approved replacement or cancellation may be undone, back to `planned`."""
    for status in END_STATES - {Status.REPLACED, Status.CANCELLED}:
        assert STEPS[status] == frozenset()
    assert STEPS[Status.REPLACED] == STEPS[Status.CANCELLED] == {Status.PLANNED}


def test_missed_needs_a_person_first() -> None:
    """No contact ends by silence: `missed` is reached only from rows that stood before somebody."""
    assert {before for before in Status if may_step(before, Status.MISSED)} == {
        Status.AWAITING,
        Status.UNKNOWN,
    }


def test_unknown_is_no_end_and_never_done() -> None:
    """What nobody knows must be resolved, and is not counted as done."""
    assert not Status.UNKNOWN.is_end
    assert not Status.UNKNOWN.is_done


def test_an_end_can_be_reached_from_everywhere() -> None:
    """No state is a trap."""
    for start in Status:
        reached, frontier = {start}, {start}
        while frontier:
            frontier = {after for before in frontier for after in STEPS[before]} - reached
            reached |= frontier
        assert reached & END_STATES
