"""The course of a case: what follows what, by people and by the clock alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.clients import Risk
from care.contacts.channel import Channel
from care.errors import Fault
from care.localtime import to_instant
from care.no_answer.course import (
    LEAST,
    STAYS,
    Course,
    begin,
    called_off,
    course_of_door,
    decide_by,
    lapse,
    rang,
    sent,
    take,
)
from care.no_answer.step import ENDS, OUTCOMES, Outcome, Step
from care.no_answer.times import CHANGEABLE, Wish, times_of

T0 = to_instant(datetime(2026, 12, 1, 20, 15))
S = Step


def after(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def course(level: Risk = Risk.NORMAL, channel: Channel = Channel.VIDEO) -> Course:
    return begin(times_of(level, channel), T0)


def test_a_normal_evening_step_by_step() -> None:
    """Each step that nobody answers leads to the next, each until the one after it begins."""
    one = course()
    seen = []
    for minute in (1, 6, 11, 16, 21):
        seen.append((one.step, one.deadline()))
        one = take(one, Outcome.NO_ANSWER, after(minute))
    assert seen == [
        (S.RING, after(5)), (S.RING_AGAIN, after(10)), (S.PHONE, after(15)), (S.NEIGHBOURS, after(20)),
        (S.CONTACT_PERSON, after(25)),
    ]  # fmt: skip
    assert one.step is S.CHECK_VISIT
    assert one.wants_visit(after(21))


def test_high_risk_sends_at_ten_minutes_and_goes_on_ringing() -> None:
    """Scenario 8: twice no answer in the evening, and somebody is on the way while the daughter is rung."""
    one = take(take(course(Risk.HIGH), Outcome.NO_ANSWER, after(1)), Outcome.NO_ANSWER, after(6))
    assert not one.wants_visit(after(9))
    assert one.wants_visit(after(10))
    on_way = sent(one, after(10), to_somebody=True)
    assert on_way.step is S.PHONE
    assert not on_way.wants_visit(after(30))


def test_a_social_call_never_sends_anybody_by_itself() -> None:
    one = course(Risk.LOW)
    for minute in range(0, 600, 5):
        assert not one.wants_visit(after(minute))
        one = lapse(one, after(minute))
    assert one.step is S.DECIDE


def test_a_person_may_always_send_somebody() -> None:
    """Something was heard: at once, whatever the level."""
    one = take(course(Risk.LOW), Outcome.WRONG, after(1))
    assert (one.step, one.wants_visit(after(1))) == (S.CHECK_VISIT, True)


def test_not_now_is_a_sign_of_life_and_begins_anew() -> None:
    one = rang(course(), Outcome.NOT_NOW, after(2))
    assert (one.step, one.began) == (S.RING_AGAIN, after(2))
    assert one.deadline() == after(12)


def test_a_tablet_out_of_reach_is_not_rung_again() -> None:
    assert rang(course(), Outcome.OFFLINE, after(1)).step is S.PHONE


def test_one_more_ring_later_on_changes_nothing() -> None:
    one = take(take(course(), Outcome.NO_ANSWER, after(1)), Outcome.NO_ANSWER, after(6))
    assert rang(one, Outcome.NO_ANSWER, after(8)) == one


def test_after_an_absence_of_the_system_each_step_has_its_two_minutes() -> None:
    """Three hours late: no step is passed over unseen."""
    late = after(180)
    one = lapse(course(), late)
    assert one.step is S.RING_AGAIN
    assert one.deadline() == late + LEAST


def test_what_stays_goes_to_the_next_person_and_never_away() -> None:
    for step in STAYS:
        one = replace(course(), step=step)
        again = lapse(one, after(60))
        assert again.step is step
        assert again.deadline() > after(60)


def test_who_drives_is_chosen_within_five_minutes() -> None:
    """Also while the others are still rung; once the visit is the step somebody is asked by name."""
    one = sent(replace(course(Risk.HIGH), step=S.PHONE, since=after(10)), after(10), to_somebody=False)
    assert not one.wants_driver(after(14))
    assert one.wants_driver(after(15))
    assert one.next_look() == after(15)
    assert not sent(one, after(12), to_somebody=True).wants_driver(after(20))
    assert not replace(one, step=S.CHECK_VISIT).wants_driver(after(20))


def test_a_visit_called_off_from_a_social_call_waits_for_a_decision() -> None:
    """In the night until the morning; unless something was wrong."""
    one = sent(replace(course(Risk.LOW), step=S.DECIDE), after(25), to_somebody=True)
    assert called_off(one, after(30)).step is S.DECIDE
    assert called_off(take(one, Outcome.WRONG, after(26)), after(30)).step is S.CHECK_VISIT


def test_a_visit_called_off_by_a_person_is_made_anew_by_a_person_alone() -> None:
    one = called_off(sent(replace(course(), step=S.CHECK_VISIT), after(25), to_somebody=True), after(30))
    assert not one.wants_visit(after(300))
    assert one.deadline() == after(35)


@pytest.mark.parametrize(
    ("wall", "by"),
    [
        (datetime(2026, 12, 1, 14, 0), datetime(2026, 12, 1, 15, 0)),
        (datetime(2026, 12, 1, 20, 30), datetime(2026, 12, 2, 9, 0)),
        (datetime(2026, 12, 2, 3, 0), datetime(2026, 12, 2, 9, 0)),
        # The nights when the clock changes: nine in the morning is nine in the morning.
        (datetime(2027, 3, 27, 23, 0), datetime(2027, 3, 28, 9, 0)),
        (datetime(2027, 10, 30, 23, 0), datetime(2027, 10, 31, 9, 0)),
    ],
    ids=["day", "evening", "night", "spring", "autumn"],
)
def test_a_social_call_is_decided_about_soon_by_day_and_in_the_morning_by_night(
    wall: datetime, by: datetime
) -> None:
    assert decide_by(to_instant(wall)) == to_instant(by)


@pytest.mark.parametrize(
    "wall", [datetime(2027, 3, 28, 1, 55), datetime(2027, 10, 31, 2, 55)], ids=["spring", "autumn"]
)
def test_minutes_are_real_minutes_when_the_clock_changes(wall: datetime) -> None:
    """A check shortly before the change: the visit comes after twenty-five real minutes."""
    start = to_instant(wall)
    one = begin(times_of(Risk.NORMAL, Channel.VIDEO), start)
    assert one.begins(S.CHECK_VISIT) - start == timedelta(minutes=25)


def test_nothing_more_is_said_of_what_is_over() -> None:
    over = take(take(take(course(), Outcome.NO_ANSWER, T0), Outcome.NO_ANSWER, T0), Outcome.ANSWERED, T0)
    with pytest.raises(Fault) as told:
        take(over, Outcome.NO_ANSWER, T0)
    assert told.value.code == "no_answer.over"


def test_what_cannot_come_of_a_step_is_refused() -> None:
    with pytest.raises(Fault) as told:
        take(course(), Outcome.INSIDE_OK, T0)
    assert told.value.code == "no_answer.outcome"


WISHES = st.builds(
    lambda numbers, visit, at_once: Wish(
        dict(zip(CHANGEABLE, [*sorted(numbers), visit], strict=True)), at_once
    ),
    st.lists(st.integers(0, 60), min_size=4, max_size=4),
    st.integers(0, 120),
    st.booleans(),
)
COURSES = st.builds(
    lambda level, channel, wish: begin(times_of(level, channel, wish), T0),
    st.sampled_from(Risk),
    st.sampled_from([Channel.VIDEO, Channel.PHONE, Channel.PROMPT]),
    st.one_of(st.just(Wish({})), WISHES),
)


@given(
    one=COURSES,
    events=st.lists(
        st.tuples(st.sampled_from(["clock", "say", "ring", "off"]), st.integers(0, 400), st.integers(0, 20)),
        max_size=40,
    ),
    at_door=st.booleans(),
)
def test_any_order(one: Course, events: list[tuple[str, int, int]], *, at_door: bool) -> None:
    """Whatever is said and however late the clock: a deadline to come, or an end by a person's word.

    And no visit for a social call that no person asked for.
    """
    now, asked = T0, False
    if at_door:
        one = course_of_door(one.times, T0)
    for kind, minutes, which in events:
        now += timedelta(minutes=minutes % 60 if which % 3 else minutes)
        one, asks = happen(one, kind, which, now)
        asked = asked or asks
        if one.wants_visit(now):
            assert asked or one.times.level is not Risk.LOW
            one = sent(one, now, to_somebody=bool(which % 2))
        if one.is_over:
            assert kind == "say"
            return
        if one.deadline() <= now:
            one = lapse(one, now)
        assert one.deadline() > now


def happen(one: Course, kind: str, which: int, now: datetime) -> tuple[Course, bool]:
    """One thing happens; whether a person asked for somebody to go there."""
    if kind == "say":
        outcome = OUTCOMES[one.step][which % len(OUTCOMES[one.step])]
        said = take(one, outcome, now)
        assert said.is_over is (outcome in ENDS)
        return said, outcome is Outcome.WRONG
    if kind == "ring":
        return rang(one, [Outcome.NO_ANSWER, Outcome.OFFLINE, Outcome.NOT_NOW][which % 3], now), False
    if kind == "off" and one.has_visit:
        return called_off(one, now), False
    return (lapse(one, now) if now >= one.deadline() else one), False


@given(one=COURSES)
def test_the_clock_alone_leads_to_a_person(one: Course) -> None:
    """Nobody ever says anything: a visit is made for safety, who leads decides about a social call."""
    now = T0
    for _ in range(400):
        if one.wants_visit(now):
            break
        while now >= one.deadline():
            one = lapse(one, now)
        now += timedelta(minutes=1)
    if one.times.level is Risk.LOW:
        assert one.step is S.DECIDE
    else:
        assert one.wants_visit(now)
        assert now <= T0 + timedelta(minutes=130)
