"""May this contact be digital? The hard rules of design 5, one named function each.

Every rule looks at one thing and says yes or why not; missing information means no. The rules stand
outside any cost: the planner receives their result as a mask, pages show their sentences, and the server
asks them again at the moment of a move or a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from care.clients import DecisionAbility, VideoWish
from care.contacts.channel import Channel
from care.services import DigitalClass, Law, Priority

#: No client lives on screens alone for longer than this (domain 3.5, KL: "kan ikke stå alene").
DAYS_ONLY_DIGITAL = 7


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What matters of one line."""

    service_code: str
    digital_class: DigitalClass
    law: Law
    nurse_allows: bool


@dataclass(frozen=True, slots=True)
class DigitalFacts:
    """Everything the rules look at, gathered for one contact at one instant.

    `last_physical` is the local day of the client's latest performed visit, None when never; a visit that
    is planned before the contact counts as well and is given as `next_physical`.
    """

    at: datetime
    day: date
    priority: Priority
    staff_needed: int
    lines: Sequence[LineFacts]
    video_wish: VideoWish
    consent_video: bool
    lives_with_somebody: bool
    consent_cohabitant: bool
    decision_ability: DecisionAbility
    no_video_today: bool
    tablet_usable: bool
    has_phone: bool
    choking_risk: bool = False
    #: False when the latest assessment says that a tablet does not suit the person.
    tablet_suits: bool = True
    last_physical: date | None = None
    next_physical: date | None = None
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class No:
    """A rule's refusal: its name and a plain sentence (gettext message id) with values."""

    rule: str
    sentence: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the channel is allowed, which rules allowed it, and every reason against."""

    channel: Channel
    allowed: bool
    rules: tuple[str, ...]
    against: tuple[No, ...]


Rule = Callable[[DigitalFacts], No | None]


def has_lines(facts: DigitalFacts) -> No | None:
    """A row without lines says nothing of what must be done: it counts as hands-on."""
    if facts.lines:
        return None
    return No("has_lines", "Raden saknar insatser och räknas därför som hjälp på plats.")


def no_hands_needed(facts: DigitalFacts) -> No | None:
    """One line that needs hands makes the whole row physical (it may be split)."""
    for line in facts.lines:
        if not line.digital_class.may_be_digital:
            return No(
                "no_hands_needed", "%(service)s behöver hjälp på plats.", {"service": line.service_code}
            )
    return None


def one_person_is_enough(facts: DigitalFacts) -> No | None:
    """Double staffing is there because of the body or the home: P1 by domain 6."""
    if facts.staff_needed > 1:
        return No("one_person_is_enough", "Besöket behöver två personer på plats.")
    return None


def not_bound_to_place(facts: DigitalFacts) -> No | None:
    """P1 must be physical, today, at its time (domain 6)."""
    if facts.priority is Priority.P1:
        return No("not_bound_to_place", "Kontakten måste ske på plats i dag, på sin tid.")
    return None


def no_choking_risk(facts: DigitalFacts) -> No | None:
    """Meal company by video never where there is a choking risk (domain 5.5, MA-STO)."""
    if facts.choking_risk and any(line.service_code.startswith("MA-STO") for line in facts.lines):
        return No("no_choking_risk", "Det finns risk att sätta i halsen. Måltiden behöver någon på plats.")
    return None


def nurse_allows(facts: DigitalFacts) -> No | None:
    """A health care line goes digital only when the ordering nurse has said so (L5)."""
    for line in facts.lines:
        if line.law is Law.HSL and not line.nurse_allows:
            return No(
                "nurse_allows",
                "Sjuksköterskan har inte tillåtit %(service)s på distans.",
                {"service": line.service_code},
            )
    return None


def client_is_home(facts: DigitalFacts) -> No | None:
    """Nothing rings for somebody who is away."""
    return No("client_is_home", "Personen är borta då.") if facts.is_away else None


def client_wants_video(facts: DigitalFacts) -> No | None:
    """The client's own wish, asked and written down."""
    if facts.video_wish is VideoWish.NO:
        return No("client_wants_video", "Personen vill inte ha video.")
    if facts.video_wish is VideoWish.UNKNOWN:
        return No("client_wants_video", "Det är inte antecknat om personen vill ha video.")
    return None


def client_consents(facts: DigitalFacts) -> No | None:
    """A valid consent to digital visits (L2)."""
    return (
        None if facts.consent_video else No("client_consents", "Det finns inget giltigt samtycke till video.")
    )


def cohabitant_consents(facts: DigitalFacts) -> No | None:
    """Somebody who lives there permanently consents as well (L2)."""
    if facts.lives_with_somebody and not facts.consent_cohabitant:
        return No("cohabitant_consents", "Den som bor i hemmet har inte sagt ja till video.")
    return None


def decision_is_clear(facts: DigitalFacts) -> No | None:
    """Unclear decision ability blocks all video until a named person has decided (L3)."""
    if facts.decision_ability is DecisionAbility.UNCLEAR:
        return No(
            "decision_is_clear",
            "Det är oklart vem som kan besluta om video. En namngiven person måste ta ställning.",
        )
    return None


def not_said_no_today(facts: DigitalFacts) -> No | None:
    """ "Vill inte ha video i dag" needs no reason and costs nothing."""
    return No("not_said_no_today", "Personen vill inte ha video i dag.") if facts.no_video_today else None


def tablet_is_usable(facts: DigitalFacts) -> No | None:
    """A paired tablet that has been heard of, with what it needs to be seen and heard."""
    return None if facts.tablet_usable else No("tablet_is_usable", "Det finns ingen surfplatta som fungerar.")


def tablet_suits(facts: DigitalFacts) -> No | None:
    """Somebody has assessed that a tablet is nothing for this person, and why."""
    if facts.tablet_suits:
        return None
    return No("tablet_suits", "Surfplatta passar inte personen, enligt den senaste bedömningen.")


def has_phone_number(facts: DigitalFacts) -> No | None:
    return None if facts.has_phone else No("has_phone_number", "Det finns inget telefonnummer.")


def not_only_digital(facts: DigitalFacts) -> No | None:
    """At least one visit in any seven days (domain 3.5 and 6)."""
    seen = max((day for day in (facts.last_physical, facts.next_physical) if day is not None), default=None)
    if seen is None or facts.day - seen > timedelta(days=DAYS_ONLY_DIGITAL):
        return No("not_only_digital", "Det har gått mer än sju dagar sedan någon var hemma hos personen.")
    return None


#: What the contact itself allows, whatever the channel.
REMOTE: tuple[Rule, ...] = (
    has_lines,
    no_hands_needed,
    one_person_is_enough,
    not_bound_to_place,
    no_choking_risk,
    nurse_allows,
    client_is_home,
    not_only_digital,
)
VIDEO: tuple[Rule, ...] = (
    *REMOTE,
    client_wants_video,
    client_consents,
    cohabitant_consents,
    decision_is_clear,
    not_said_no_today,
    tablet_suits,
    tablet_is_usable,
)
PHONE: tuple[Rule, ...] = (*REMOTE, has_phone_number)

RULES: dict[Channel, tuple[Rule, ...]] = {
    Channel.VIDEO: VIDEO,
    # A reminder on the screen opens no camera: the tablet must work, the home must be known.
    Channel.PROMPT: (*REMOTE, client_consents, not_said_no_today, tablet_suits, tablet_is_usable),
    Channel.PHONE: PHONE,
}

#: Rules about what stands for long, known when a row is planned. The others (is the tablet on, is somebody
#: at home, has it been too long) are asked again on the day.
LASTING: frozenset[str] = frozenset(
    rule.__name__
    for rule in (
        has_lines,
        no_hands_needed,
        one_person_is_enough,
        not_bound_to_place,
        no_choking_risk,
        nurse_allows,
        client_wants_video,
        client_consents,
        cohabitant_consents,
        decision_is_clear,
        tablet_suits,
        has_phone_number,
    )
)


def judge(facts: DigitalFacts, channel: Channel) -> Verdict:
    """Ask every rule of `channel`. Physical is always allowed; external channels are never moved to."""
    if channel is Channel.PHYSICAL:
        return Verdict(channel, True, (), ())
    rules = RULES.get(channel)
    if rules is None:
        return Verdict(channel, False, (), (No("known_channel", "Hit kan en kontakt inte flyttas."),))
    against = tuple(no for no in (rule(facts) for rule in rules) if no is not None)
    return Verdict(channel, not against, tuple(rule.__name__ for rule in rules), against)
