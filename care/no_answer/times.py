"""When each step is due: minutes from the first ring that nobody answered (domain 3.2), or by the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from care.clients import Risk
from care.contacts.channel import Channel
from care.errors import Fault
from care.no_answer.step import Step
from care.services import Priority

#: Somebody stands at the door at the latest so long after the first ring, whatever the plan says.
LONGEST = 120
#: The last step before the visit has so many minutes where the visit does not wait for it.
LAST_TRY = 5
_SAFETY = (Step.RING, Step.RING_AGAIN, Step.PHONE, Step.NEIGHBOURS, Step.CONTACT_PERSON, Step.CHECK_VISIT)
_SOCIAL = (Step.RING, Step.RING_AGAIN, Step.PHONE, Step.DECIDE)

NORMAL: Mapping[Step, int] = MappingProxyType(
    {
        Step.RING: 0,
        Step.RING_AGAIN: 5,
        Step.PHONE: 10,
        Step.NEIGHBOURS: 15,
        Step.CONTACT_PERSON: 20,
        Step.CHECK_VISIT: 25,
    }
)
DEFAULTS: Mapping[Risk, Mapping[Step, int]] = MappingProxyType(
    {
        Risk.LOW: MappingProxyType({Step.RING: 0, Step.RING_AGAIN: 5, Step.PHONE: 10, Step.DECIDE: 15}),
        Risk.NORMAL: NORMAL,
        # The visit is made while the others are still being rung.
        Risk.HIGH: MappingProxyType({**NORMAL, Step.CHECK_VISIT: 10}),
    }
)
#: What a client's plan may say; the others follow.
CHANGEABLE = (Step.RING_AGAIN, Step.PHONE, Step.NEIGHBOURS, Step.CONTACT_PERSON, Step.CHECK_VISIT)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client's plan says about it: own minutes, or a visit at once."""

    minutes: Mapping[Step, int]
    at_once: bool = False


NO_WISH = Wish(MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Times:
    """The steps of one case in order, each with its minutes from the first ring."""

    level: Risk
    minutes: Mapping[Step, int]
    ladder: tuple[Step, ...]

    @property
    def visit(self) -> int | None:
        """Minutes until a visit is made without anybody asking for it; None: never by itself."""
        return self.minutes.get(Step.CHECK_VISIT)

    def until(self, step: Step) -> int:
        """Minutes from the first ring until the step after `step` begins."""
        place = self.ladder.index(step)
        following = self.ladder[place + 1]
        if following is Step.CHECK_VISIT:
            return max(self.minutes[following], self.minutes[step] + LAST_TRY)
        return self.minutes[following]

    def after(self, step: Step) -> Step:
        """The step that follows; the last one follows itself."""
        place = self.ladder.index(step) + 1
        return self.ladder[min(place, len(self.ladder) - 1)]


def level_of(priority: Priority, risk: Risk) -> Risk:
    """How fast it goes: a social call is low whoever it is for, a safety contact never lower than normal."""
    if not priority.is_safety:
        return Risk.LOW
    return Risk.NORMAL if risk is Risk.LOW else risk


def times_of(level: Risk, channel: Channel, wish: Wish = NO_WISH) -> Times:
    """The steps of a row in `channel`, with what the client's plan says.

    A telephone row has been rung by telephone already, and a reminder that nobody pressed begins with it.
    """
    minutes = dict(DEFAULTS[level])
    if level is not Risk.LOW:
        minutes |= {step: number for step, number in wish.minutes.items() if step in CHANGEABLE}
        if wish.at_once:
            minutes[Step.CHECK_VISIT] = 0
    else:
        rings: tuple[Step, ...] = (Step.RING_AGAIN, Step.PHONE)
        minutes |= {step: number for step, number in wish.minutes.items() if step in rings}
        minutes[Step.DECIDE] = max(minutes[Step.DECIDE], minutes[Step.PHONE] + LAST_TRY)
    ladder: tuple[Step, ...] = _SOCIAL if level is Risk.LOW else _SAFETY
    left_out: tuple[Step, ...] = ()
    if channel is Channel.PHONE:
        left_out = (Step.PHONE,)
    elif channel is not Channel.VIDEO:
        left_out = (Step.RING, Step.RING_AGAIN)
    return Times(level, MappingProxyType(minutes), tuple(step for step in ladder if step not in left_out))


def check_wish(minutes: Mapping[Step, int]) -> None:
    """Raise `Fault` ``no_answer.times`` (place: the step) when the plan's minutes make no sense.

    Each step after the one before, and the visit at the latest after two hours; the visit alone may come
    before the others.
    """
    last = 0
    for step in CHANGEABLE:
        number = minutes.get(step)
        if number is None:
            continue
        if not 0 <= number <= LONGEST:
            raise Fault(
                "no_answer.times", "Skriv minuter från 0 till %(most)s.", place=step.value,
                values={"most": LONGEST},
            )  # fmt: skip
        if step is not Step.CHECK_VISIT:
            if number < last:
                raise Fault(
                    "no_answer.times", "Stegen ska komma i ordning: det här steget kommer före det förra.",
                    place=step.value,
                )  # fmt: skip
            last = number
