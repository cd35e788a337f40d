"""What stands in the homes and what has been agreed there: tablets, night cameras, consents (domain 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from care.clients import DecisionAbility
from care.demo import names
from care.demo.clients import Person
from care.demo.draw import stream
from care.demo.places import AREAS

#: Tablets by profile, in Bräcke, Gällö and Kälarne; of them with somebody who lives there.
TABLETS = {"A": (1, 1, 0), "B": (8, 6, 6), "C": (6, 4, 3), "D": (2, 1, 2)}
COHABITING = (4, 3, 2)
AUTO_ANSWER, RELATIVES, WITHDRAWN = 26, 31, 3
#: Clients who have agreed to a picture.
PICTURES = 70
#: Homes whose tablet has just been exchanged and waits to be paired: two in each group.
EXCHANGED = 2


@dataclass(frozen=True, slots=True)
class Homes:
    """All by client number."""

    tablets: tuple[int, ...]
    #: The cohabitant said no: everything is there but the calls are blocked.
    refused: int
    auto_answer: frozenset[int]
    relatives: frozenset[int]
    withdrawn: tuple[int, ...]
    exchanged: tuple[int, ...]
    cameras: tuple[int, ...]
    #: Client → name of the picture that staff may see.
    pictures: dict[int, str]
    cohabitants: dict[int, str]

    def may_call(self, no: int) -> bool:
        """True where a call by video, or a reminder on the screen, is agreed with all who live there."""
        return no in self.tablets and no != self.refused


def make_homes(seed: int, people: Sequence[Person]) -> Homes:
    """Deal tablets, cameras and consents out among the active."""
    random = stream(seed, "homes")
    active = [p for p in people if p.profile]
    able = [p for p in active if p.cover and not p.is_protected and p.ability is not DecisionAbility.UNCLEAR]
    tablets: list[Person] = []
    for area in range(len(AREAS)):
        together = COHABITING[area]
        for profile, counts in TABLETS.items():
            mine = [p for p in able if p.area == area and p.profile == profile]
            random.shuffle(mine)
            # Those who live with somebody come first as long as some are left to deal; those with health
            # care at home before others, because half of all reminders are of medicine.
            mine.sort(key=lambda p: (p.alone, not p.health))
            shared = [p for p in mine if not p.alone][: min(2, together, counts[area])]
            alone = [p for p in mine if p.alone]
            together -= len(shared)
            tablets += shared + alone[: counts[area] - len(shared)]
        if together:
            _bring_together(able, tablets, area, together)
    with_company = [p.no for p in tablets if not p.alone]
    refused = next(no for no in with_company if people[no].profile in ("B", "C"))
    free = [p.no for p in tablets if p.no != refused]
    exchanged: list[int] = []
    for area in range(len(AREAS)):
        alone_here = [p.no for p in tablets if p.area == area and p.alone and p.profile in ("B", "C")]
        exchanged += random.sample(alone_here, EXCHANGED)
    # Two thirds answer by themselves; in the exchanged homes half of them do, so that both ways can be tried.
    auto = [no for k, no in enumerate(exchanged) if k % 2]
    auto += random.sample([no for no in free if no not in exchanged], AUTO_ANSWER - len(auto))
    others = [p.no for p in active if p.no not in {t.no for t in tablets} and not p.is_protected]
    cameras: list[int] = []
    for area, frame in enumerate(AREAS):
        mine = [
            p
            for p in active
            if p.area == area and p.alone and not p.is_protected and p.profile in ("C", "D", "E")
        ]
        cameras += [p.no for p in random.sample(mine, frame.night_cameras)]
    return Homes(
        tuple(sorted(p.no for p in tablets)),
        refused,
        frozenset(auto),
        frozenset(random.sample([p.no for p in tablets], RELATIVES)),
        tuple(sorted(random.sample(others, WITHDRAWN))),
        tuple(exchanged),
        tuple(sorted(cameras)),
        _pictures(random.sample(active, PICTURES)),
        {p.no: _cohabitant(p, random.random()) for p in active if not p.alone},
    )


def _bring_together(able: list[Person], tablets: list[Person], area: int, missing: int) -> None:
    """Exchange homes of one for homes of two with the same profile until the number is right."""
    for person in [p for p in able if p.area == area and not p.alone and p not in tablets]:
        if not missing:
            return
        for k, other in enumerate(tablets):
            if other.area == area and other.alone and other.profile == person.profile:
                tablets[k] = person
                missing -= 1
                break


def _pictures(people: Sequence[Person]) -> dict[int, str]:
    """Drawn faces for those who want one shown: ``elder-000`` to ``-079`` are women, the rest men."""
    women, men = iter(range(80)), iter(range(80, 120))
    return {
        p.no: f"elder-{next(women if p.is_woman else men):03d}"
        for p in sorted(people, key=lambda p: p.no)
        if not p.is_protected
    }


def _cohabitant(person: Person, chance: float) -> str:
    given = names.OLDER_MEN if person.is_woman else names.OLDER_WOMEN
    return f"{given[int(chance * len(given))]} {person.last}"
