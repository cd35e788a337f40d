"""The table of domain 3.2: each step's minutes for the three levels, and what a client's plan changes."""

from __future__ import annotations

import pytest

from care.clients import Risk
from care.contacts.channel import Channel
from care.errors import Fault
from care.no_answer.step import OUTCOMES, OWNERS, Outcome, Owner, Step
from care.no_answer.times import Wish, check_wish, level_of, times_of
from care.services import Priority

S = Step


@pytest.mark.parametrize(
    ("level", "steps"),
    [
        (Risk.LOW, [(S.RING, 0), (S.RING_AGAIN, 5), (S.PHONE, 10), (S.DECIDE, 15)]),
        (
            Risk.NORMAL,
            [(S.RING, 0), (S.RING_AGAIN, 5), (S.PHONE, 10), (S.NEIGHBOURS, 15), (S.CONTACT_PERSON, 20),
             (S.CHECK_VISIT, 25)],
        ),
        (
            Risk.HIGH,
            [(S.RING, 0), (S.RING_AGAIN, 5), (S.PHONE, 10), (S.NEIGHBOURS, 15), (S.CONTACT_PERSON, 20),
             (S.CHECK_VISIT, 10)],
        ),
    ],
    ids=["low", "normal", "high"],
)  # fmt: skip
def test_the_table(level: Risk, steps: list[tuple[Step, int]]) -> None:
    times = times_of(level, Channel.VIDEO)
    assert [(step, times.minutes[step]) for step in times.ladder] == steps


@pytest.mark.parametrize(
    ("level", "visit"), [(Risk.LOW, None), (Risk.NORMAL, 25), (Risk.HIGH, 10)], ids=["low", "normal", "high"]
)
def test_when_a_visit_is_made_by_itself(level: Risk, visit: int | None) -> None:
    """Never for a social call, after all the others for most, after ten minutes where the risk is high."""
    assert times_of(level, Channel.VIDEO).visit == visit


def test_the_last_try_has_its_time_also_where_the_visit_is_on_its_way() -> None:
    """High risk: the contact person is still rung while somebody drives."""
    assert times_of(Risk.HIGH, Channel.VIDEO).until(S.CONTACT_PERSON) == 25


@pytest.mark.parametrize(
    ("priority", "risk", "level"),
    [
        (Priority.P3, Risk.HIGH, Risk.LOW),
        (Priority.P4, Risk.NORMAL, Risk.LOW),
        (Priority.P2, Risk.LOW, Risk.NORMAL),
        (Priority.P2, Risk.NORMAL, Risk.NORMAL),
        (Priority.P1, Risk.HIGH, Risk.HIGH),
    ],
    ids=["social-high", "social", "safety-low", "safety", "safety-high"],
)
def test_the_level_of_a_row(priority: Priority, risk: Risk, level: Risk) -> None:
    """A social call is low whoever it is for; a safety contact is never lower than normal."""
    assert level_of(priority, risk) is level


def test_other_channels_leave_out_what_was_tried_already() -> None:
    """A telephone row has been rung by telephone; a reminder that nobody pressed cannot be rung again."""
    assert times_of(Risk.NORMAL, Channel.PHONE).ladder == (
        S.RING, S.RING_AGAIN, S.NEIGHBOURS, S.CONTACT_PERSON, S.CHECK_VISIT
    )  # fmt: skip
    assert times_of(Risk.NORMAL, Channel.PROMPT).ladder[0] is S.PHONE


def test_a_plan_has_minutes_of_its_own() -> None:
    wish = Wish({S.RING_AGAIN: 2, S.CHECK_VISIT: 8})
    times = times_of(Risk.NORMAL, Channel.VIDEO, wish)
    assert (times.minutes[S.RING_AGAIN], times.minutes[S.PHONE], times.visit) == (2, 10, 8)


def test_at_once_is_at_once_and_still_never_for_a_social_call() -> None:
    assert times_of(Risk.NORMAL, Channel.VIDEO, Wish({}, at_once=True)).visit == 0
    low = times_of(Risk.LOW, Channel.VIDEO, Wish({S.CHECK_VISIT: 1, S.PHONE: 30}, at_once=True))
    assert low.visit is None
    assert low.minutes[S.DECIDE] == 35


@pytest.mark.parametrize(
    ("minutes", "place"),
    [
        ({S.RING_AGAIN: 10, S.PHONE: 5}, "phone"),
        ({S.RING_AGAIN: -1}, "ring_again"),
        ({S.CHECK_VISIT: 121}, "check_visit"),
    ],
    ids=["order", "negative", "late"],
)
def test_minutes_that_make_no_sense_are_told_with_their_step(minutes: dict[Step, int], place: str) -> None:
    with pytest.raises(Fault) as told:
        check_wish(minutes)
    assert (told.value.code, told.value.place) == ("no_answer.times", place)


def test_the_visit_alone_may_come_before_the_others() -> None:
    check_wish({S.RING_AGAIN: 5, S.PHONE: 10, S.CHECK_VISIT: 0})


def test_every_step_has_an_owner_and_ways_to_end() -> None:
    """Worker first, then who leads; at each step somebody may say that something is wrong."""
    assert set(OWNERS) == set(OUTCOMES) == set(Step)
    assert OWNERS[S.CHECK_VISIT] is OWNERS[S.DECIDE] is Owner.COORDINATOR
    assert OWNERS[S.ON_SITE] is Owner.MANAGER
    for step in (S.RING, S.RING_AGAIN, S.PHONE, S.NEIGHBOURS, S.CONTACT_PERSON, S.DECIDE):
        assert Outcome.WRONG in OUTCOMES[step]
