"""The 282 clients: who they are and where they live (domain 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from care.clients import DecisionAbility, Protection, Risk
from care.demo import names
from care.demo.draw import made_id, stream
from care.demo.dwellings import Dwelling, make_dwellings
from care.demo.places import AREAS, Area
from care.demo.roads import Spot, apart, away
from care.roads import drive_minutes

#: Profile: how many of the 197 (A light, B daily check, C moderate, D heavy, E double-staffed), by group.
PROFILES = {"A": (18, 13, 9), "B": (26, 17, 12), "C": (23, 17, 15), "D": (13, 11, 11), "E": (5, 4, 3)}
#: Of the 197: 2 % Finnish, 1 % each of four languages.
LANGUAGES = {"fi": 4, "so": 2, "ar": 2, "de": 2, "en": 2}
WOMEN, ALONE, HEARING_AID, IMPAIRED, UNCLEAR, LOCKS = 126, 134, 69, 43, 2, 138


@dataclass(frozen=True, slots=True)
class Person:
    """One client. `profile` is None for those who have only an alarm, meals or the like."""

    no: int
    id: UUID
    area: int
    team: int | None
    first: str
    last: str
    is_woman: bool
    birth: date
    profile: str | None
    health: bool
    language: str
    #: Where the home lies. For a protected identity nothing of it leaves this package.
    spot: Spot
    ring: int
    place: str
    address: str
    floor: int | None
    phone: str
    alone: bool
    hearing_aid: bool
    ability: DecisionAbility
    protection: Protection
    risk: Risk
    choking: bool
    lock: bool
    cover: bool
    door_note: str | None
    important: str | None

    @property
    def is_protected(self) -> bool:
        return self.protection is not Protection.NONE

    @property
    def number(self) -> str:
        """A reserve number with a letter: no personal identity number can look like it."""
        return f"{self.birth:%Y%m%d}-D{self.no + 1:03d}"

    @property
    def centre_minutes(self) -> float:
        """From the group's centre, by car. One figure for all protected homes: it must tell nothing."""
        if self.is_protected:
            return 6.0
        return round(drive_minutes(apart(AREAS[self.area].centre, self.spot)), 1)


def make_clients(seed: int, first_day: date, since: datetime) -> list[Person]:
    """The active of each group by small team, then those with limited services."""
    return _Register(seed, first_day, since).fill()


@dataclass(slots=True)
class _Traits:
    """What has been dealt out among the active, by place in the list."""

    profile: list[str]
    health: set[int]
    women: set[int]
    language: dict[int, str]
    alone: set[int]
    hearing_aid: set[int]
    ability: dict[int, DecisionAbility]
    protection: dict[int, Protection]
    locks: set[int]
    no_cover: set[int]


def _profiles(random: Random, areas: list[int], rings: list[int]) -> list[str]:
    """A profile for each home. Double-staffed homes lie within reach of two workers."""
    profile = [""] * len(areas)
    for area in range(len(AREAS)):
        mine = [i for i in range(len(areas)) if areas[i] == area]
        random.shuffle(mine)
        mine.sort(key=lambda i: rings[i] == 2)
        cards = [word for word, counts in PROFILES.items() if word != "E" for _ in range(counts[area])]
        random.shuffle(cards)
        for i, word in zip(mine, ["E"] * PROFILES["E"][area] + cards, strict=True):
            profile[i] = word
    return profile


def _deal(random: Random, areas: list[int], rings: list[int]) -> _Traits:
    """Deal the numbers of domain 5.3 out among the active."""
    everybody = list(range(len(areas)))
    profile = _profiles(random, areas, rings)
    heavy = sorted(everybody, key=lambda i: (profile[i], random.random()), reverse=True)
    health: set[int] = set()
    for area, frame in enumerate(AREAS):
        # Health care at home goes with the heavier profiles, and with some of the light.
        mine = [i for i in heavy if areas[i] == area and profile[i] != "A"]
        heaviness = {"E": 0.2, "D": 0.4, "C": 1.1, "B": 1.3}
        weights = {i: random.random() * heaviness[profile[i]] for i in mine}
        health |= set(sorted(mine, key=weights.__getitem__)[: frame.health_active])
    foreign = random.sample(everybody, sum(LANGUAGES.values()))
    tongues = [language for language, count in LANGUAGES.items() for _ in range(count)]
    # Protected: one in Bräcke and one in Gällö, with daily but not heavy help.
    plain = [i for i in everybody if profile[i] in "AB" and i not in foreign]
    protected = [random.choice([i for i in plain if areas[i] == area]) for area in (0, 1)]
    impaired = random.sample([i for i in everybody if i not in protected], IMPAIRED)
    abilities = [DecisionAbility.UNCLEAR] * UNCLEAR + [DecisionAbility.REPRESENTATIVE] * 15
    abilities += [DecisionAbility.WITH_SUPPORT] * (IMPAIRED - len(abilities))
    no_cover: set[int] = set()
    for area, frame in enumerate(AREAS):
        no_cover |= set(random.sample([i for i in everybody if areas[i] == area], frame.no_cover))
    return _Traits(
        profile,
        health,
        set(random.sample(everybody, WOMEN)),
        dict(zip(foreign, tongues, strict=True)),
        # The heaviest live with somebody as often as others; protected homes alone.
        set(protected)
        | set(random.sample([i for i in everybody if i not in protected], ALONE - len(protected))),
        set(random.sample(everybody, HEARING_AID)),
        dict(zip(impaired, abilities, strict=True)),
        dict(
            zip(protected, (Protection.CONFIDENTIALITY_MARK, Protection.PROTECTED_REGISTRATION), strict=True)
        ),
        set(random.sample(everybody, LOCKS)),
        no_cover,
    )


def _ages(random: Random, count: int) -> list[int]:
    """Ages 68–101 with a mean of exactly 84, as near as whole years allow."""
    ages = [68, 101] + [min(101, max(68, round(random.gauss(84, 7)))) for _ in range(count - 2)]
    while (wrong := sum(ages) - 84 * count) != 0:
        i = random.randrange(2, count)
        step = -1 if wrong > 0 else 1
        if 68 <= ages[i] + step <= 101:
            ages[i] += step
    random.shuffle(ages)
    return ages


def _name(random: Random, woman: bool, language: str) -> tuple[str, str]:
    if language == "sv":
        given = names.OLDER_WOMEN if woman else names.OLDER_MEN
        return random.choice(given), random.choice(names.OLDER_SURNAMES)
    women, men = names.FROM_ELSEWHERE[language]
    return random.choice(women if woman else men), random.choice(names.SURNAMES_FROM_ELSEWHERE[language])


class _Register:
    """Fills the list of clients, one after the other."""

    def __init__(self, seed: int, first_day: date, since: datetime) -> None:
        self.seed, self.first_day, self.since = seed, first_day, since
        self.random = stream(seed, "clients")
        self.people: list[Person] = []

    def fill(self) -> list[Person]:
        random = self.random
        homes = [(area, home) for area, frame in enumerate(AREAS) for home in make_dwellings(random, frame)]
        traits = _deal(random, [area for area, _ in homes], [home.ring for _, home in homes])
        ages = _ages(random, len(homes))
        for (area, home), age in zip(homes, ages, strict=True):
            self._active(area, home, traits, age)
        for area, frame in enumerate(AREAS):
            extra = frame.everybody - frame.active
            health = set(random.sample(range(extra), frame.health - frame.health_active))
            for number in range(extra):
                self._limited(area, frame, number in health)
        return self.people

    def _birth(self, age: int) -> date:
        return self.first_day - timedelta(days=age * 365 + age // 4 + self.random.randint(5, 355))

    def _active(self, area: int, home: Dwelling, traits: _Traits, age: int) -> None:
        random, no = self.random, len(self.people)
        language, profile = traits.language.get(no, "sv"), traits.profile[no]
        first, last = _name(random, no in traits.women, language)
        risk = random.random() + {"A": -0.2, "B": 0.0, "C": 0.0, "D": 0.1, "E": 0.2}[profile]
        self.people.append(
            Person(
                no=no,
                id=made_id(self.since, self.seed, "client", no),
                area=area,
                team=home.team,
                first=first,
                last=last,
                is_woman=no in traits.women,
                birth=self._birth(age),
                profile=profile,
                health=no in traits.health,
                language=language,
                spot=home.spot,
                ring=home.ring,
                place=home.place,
                address=home.address,
                floor=home.floor,
                phone=names.phone(no * 7 + 3),
                alone=no in traits.alone,
                hearing_aid=no in traits.hearing_aid,
                ability=traits.ability.get(no, DecisionAbility.OWN),
                protection=traits.protection.get(no, Protection.NONE),
                risk=Risk.LOW if risk < 0.2 else Risk.HIGH if risk > 0.85 else Risk.NORMAL,
                choking=profile in "DE" and random.random() < 0.15,
                lock=no in traits.locks,
                cover=no not in traits.no_cover,
                door_note=random.choice(names.DOOR_NOTES) if random.random() < 0.4 else None,
                important=random.choice(names.IMPORTANT) if random.random() < 0.85 else None,
            )
        )

    def _limited(self, area: int, frame: Area, health: bool) -> None:
        """Somebody with a decision but no daily visits: only alarm, meals, relief; or younger."""
        random, no = self.random, len(self.people)
        woman = random.random() < 0.6
        first, last = _name(random, woman, "sv")
        away_from_centre = random.choice((1, 1, 1, 6, 6, 18)) * random.uniform(0.6, 1.2)
        self.people.append(
            Person(
                no=no,
                id=made_id(self.since, self.seed, "client", no),
                area=area,
                team=None,
                first=first,
                last=last,
                is_woman=woman,
                birth=self._birth(random.randint(46, 96)),
                profile=None,
                health=health,
                language="sv",
                spot=away(frame.centre, away_from_centre, random.uniform(0, 6)),
                ring=0,
                place=frame.name,
                address=f"{random.choice(names.STREETS)} {random.randint(1, 48)}",
                floor=None,
                phone=names.phone(no * 7 + 3),
                alone=random.random() < 0.6,
                hearing_aid=random.random() < 0.2,
                ability=DecisionAbility.OWN,
                protection=Protection.NONE,
                risk=Risk.NORMAL,
                choking=False,
                lock=random.random() < 0.3,
                cover=True,
                door_note=None,
                important=None,
            )
        )
