"""The hard rules: may this contact be digital? Each rule yes and no, and what must never happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.clients import DecisionAbility, VideoWish
from care.contacts import digital
from care.contacts.channel import Channel
from care.contacts.digital import RULES, DigitalFacts, LineFacts, judge
from care.services import DigitalClass, Law, Priority

DAY = date(2026, 12, 1)
SOCIAL = LineFacts("SO-SAM", DigitalClass.DIGITAL_FIRST, Law.SOL, nurse_allows=False)
MORNING = LineFacts("PV-MOR", DigitalClass.HANDS_REQUIRED, Law.SOL, nurse_allows=True)
MEDICINE = LineFacts("HS-PAM", DigitalClass.DIGITAL_POSSIBLE, Law.HSL, nurse_allows=False)
MEAL = LineFacts("MA-STO", DigitalClass.DIGITAL_POSSIBLE, Law.SOL, nurse_allows=False)
CAMERA = LineFacts("TI-NAT", DigitalClass.EXTERNAL, Law.SOL, nurse_allows=True)

GOOD = DigitalFacts(
    at=datetime(2026, 12, 1, 13, 30, tzinfo=UTC),
    day=DAY,
    priority=Priority.P2,
    staff_needed=1,
    lines=(SOCIAL,),
    video_wish=VideoWish.YES,
    consent_video=True,
    lives_with_somebody=False,
    consent_cohabitant=False,
    decision_ability=DecisionAbility.OWN,
    no_video_today=False,
    tablet_usable=True,
    has_phone=True,
    last_physical=DAY - timedelta(days=1),
)

#: rule: facts that it refuses, and others near by that it does not.
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "has_lines": ([{"lines": ()}], [{"lines": (SOCIAL,)}]),
    "no_hands_needed": (
        [{"lines": (MORNING,)}, {"lines": (SOCIAL, MORNING)}, {"lines": (CAMERA,)}],
        [{"lines": (SOCIAL, MEAL)}],
    ),
    "one_person_is_enough": ([{"staff_needed": 2}], [{"staff_needed": 1}]),
    "not_bound_to_place": (
        [{"priority": Priority.P1}],
        [{"priority": Priority.P2}, {"priority": Priority.P3}, {"priority": Priority.P4}],
    ),
    "no_choking_risk": (
        [{"choking_risk": True, "lines": (MEAL,)}],
        [{"choking_risk": True, "lines": (SOCIAL,)}, {"choking_risk": False, "lines": (MEAL,)}],
    ),
    "nurse_allows": (
        [{"lines": (MEDICINE,)}, {"lines": (SOCIAL, MEDICINE)}],
        [{"lines": (replace(MEDICINE, nurse_allows=True),)}, {"lines": (SOCIAL,)}],
    ),
    "client_is_home": ([{"is_away": True}], [{"is_away": False}]),
    "not_only_digital": (
        [
            {"last_physical": None, "next_physical": None},
            {"last_physical": DAY - timedelta(days=8)},
        ],
        [
            {"last_physical": DAY - timedelta(days=7)},
            {"last_physical": DAY - timedelta(days=8), "next_physical": DAY},
            {"last_physical": None, "next_physical": DAY - timedelta(days=2)},
        ],
    ),
    "client_wants_video": (
        [{"video_wish": VideoWish.NO}, {"video_wish": VideoWish.UNKNOWN}],
        [{"video_wish": VideoWish.YES}],
    ),
    "client_consents": ([{"consent_video": False}], [{"consent_video": True}]),
    "cohabitant_consents": (
        [{"lives_with_somebody": True, "consent_cohabitant": False}],
        [{"lives_with_somebody": True, "consent_cohabitant": True}, {"lives_with_somebody": False}],
    ),
    "decision_is_clear": (
        [{"decision_ability": DecisionAbility.UNCLEAR}],
        [
            {"decision_ability": DecisionAbility.OWN},
            {"decision_ability": DecisionAbility.WITH_SUPPORT},
            {"decision_ability": DecisionAbility.REPRESENTATIVE},
        ],
    ),
    "not_said_no_today": ([{"no_video_today": True}], [{"no_video_today": False}]),
    "tablet_suits": ([{"tablet_suits": False}], [{"tablet_suits": True}]),
    "tablet_is_usable": ([{"tablet_usable": False}], [{"tablet_usable": True}]),
    "has_phone_number": ([{"has_phone": False}], [{"has_phone": True}]),
}


def facts(change: dict[str, Any]) -> DigitalFacts:
    return replace(GOOD, **change)


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_refuses_what_it_must_in_words(rule: str) -> None:
    """The refusal names the rule and fills its sentence; everything else about the facts is good."""
    for change in CASES[rule][0]:
        no = getattr(digital, rule)(facts(change))
        assert no is not None
        assert no.rule == rule
        assert (no.sentence % no.values if no.values else no.sentence).endswith(".")


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_lets_through_what_it_may(rule: str) -> None:
    """A rule looks at its own matter only."""
    for change in CASES[rule][1]:
        assert getattr(digital, rule)(facts(change)) is None


def test_every_rule_in_use_has_cases_here() -> None:
    """A new rule cannot go untested."""
    assert {rule.__name__ for rules in RULES.values() for rule in rules} == set(CASES)


def test_video_is_allowed_when_every_rule_says_yes() -> None:
    """The verdict names the rules that allowed it."""
    verdict = judge(GOOD, Channel.VIDEO)
    assert verdict.allowed
    assert verdict.against == ()
    assert set(verdict.rules) == {rule.__name__ for rule in RULES[Channel.VIDEO]}


@pytest.mark.parametrize("rule", sorted({r.__name__ for r in RULES[Channel.VIDEO]}))
def test_one_no_is_enough(rule: str) -> None:
    """Each rule of video can stop it alone, and only it is named."""
    verdict = judge(facts(CASES[rule][0][0]), Channel.VIDEO)
    assert not verdict.allowed
    assert [no.rule for no in verdict.against] == [rule]


def test_a_visit_is_always_allowed() -> None:
    """Somebody may always go there."""
    worst = facts({"lines": (), "is_away": True, "priority": Priority.P1})
    assert judge(worst, Channel.PHYSICAL).allowed


@pytest.mark.parametrize("channel", [Channel.DEVICE, Channel.CAMERA_CHECK])
def test_nothing_is_moved_to_an_external_channel(channel: Channel) -> None:
    """Cameras and dispenser alarms are planned elsewhere."""
    assert not judge(GOOD, channel).allowed


def test_the_phone_needs_no_video_consent_but_every_rule_of_the_task() -> None:
    """Without tablet or video consent a call by telephone is left; hands-on stays hands-on."""
    no_video = facts({"consent_video": False, "tablet_usable": False, "video_wish": VideoWish.NO})
    assert judge(no_video, Channel.PHONE).allowed
    assert not judge(facts({"lines": (MORNING,)}), Channel.PHONE).allowed


LINES = st.builds(
    LineFacts,
    service_code=st.sampled_from(["SO-SAM", "PV-MOR", "MA-STO", "HS-PAM", "", "Ö-1"]),
    digital_class=st.sampled_from(DigitalClass),
    law=st.sampled_from(Law),
    nurse_allows=st.booleans(),
)
DAYS = st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31))
ANY_FACTS = st.builds(
    DigitalFacts,
    at=st.datetimes(timezones=st.just(UTC)),
    day=st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    priority=st.sampled_from(Priority),
    staff_needed=st.integers(1, 2),
    lines=st.lists(LINES, max_size=4).map(tuple),
    video_wish=st.sampled_from(VideoWish),
    consent_video=st.booleans(),
    lives_with_somebody=st.booleans(),
    consent_cohabitant=st.booleans(),
    decision_ability=st.sampled_from(DecisionAbility),
    no_video_today=st.booleans(),
    tablet_usable=st.booleans(),
    has_phone=st.booleans(),
    choking_risk=st.booleans(),
    last_physical=DAYS,
    next_physical=DAYS,
    is_away=st.booleans(),
)
#: Facts near the good ones, so that "allowed" comes up often and the property is not empty.
NEAR = st.builds(
    lambda change, lines: replace(GOOD, **change, **({"lines": lines} if lines else {})),
    st.sampled_from([change for _, goods in CASES.values() for change in goods if "lines" not in change]),
    st.lists(LINES, max_size=3).map(tuple),
)


@given(ANY_FACTS | NEAR, st.sampled_from([Channel.VIDEO, Channel.PHONE, Channel.PROMPT]))
def test_no_hands_on_line_ever_goes_digital(some: DigitalFacts, channel: Channel) -> None:
    """Whatever the rest says: one hands-on, external or P1 thing, and nothing but a visit is allowed."""
    if not judge(some, channel).allowed:
        return
    assert some.lines
    assert all(line.digital_class.may_be_digital for line in some.lines)
    assert all(line.law is not Law.HSL or line.nurse_allows for line in some.lines)
    assert some.priority is not Priority.P1
    assert some.staff_needed == 1
    assert not some.is_away


@given(ANY_FACTS | NEAR)
def test_video_never_without_a_clear_yes(some: DigitalFacts) -> None:
    """Consent, wish and decision ability are all there when video is allowed."""
    if not judge(some, Channel.VIDEO).allowed:
        return
    assert some.consent_video
    assert some.video_wish is VideoWish.YES
    assert some.decision_ability is not DecisionAbility.UNCLEAR
    assert some.consent_cohabitant or not some.lives_with_somebody
    assert some.tablet_usable
    assert not some.no_video_today


@given(ANY_FACTS | NEAR, LINES)
def test_one_more_line_never_opens_a_door(some: DigitalFacts, line: LineFacts) -> None:
    """Adding a line to a row that had some can only take channels away."""
    if not some.lines:
        return
    more = replace(some, lines=(*some.lines, line))
    for channel in Channel:
        assert judge(some, channel).allowed or not judge(more, channel).allowed
