"""The 282 clients: who they are and where they live (domain 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import pi
from random import Random
from uuid import UUID

from care.clients import DecisionAbility, Protection, Risk
from care.demo import names
from care.demo.draw import made_id, stream
from care.demo.places import AREAS, Area
from care.demo.roads import Spot, away, drive_minutes, kilometres

#: Profile: how many of the 197 (A light, B daily check, C moderate, D heavy, E double-staffed), by group.
PROFILES = {"A": (18, 13, 9), "B": (26, 17, 12), "C": (23, 17, 15), "D": (13, 11, 11), "E": (5, 4, 3)}
#: Share of homes within 2 km, 2–12 km and 12–35 km of the centre.
RINGS = (0.55, 0.30, 0.15)
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
        return round(drive_minutes(kilometres(AREAS[self.area].centre, self.spot)), 1)


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


def make_clients(seed: int, first_day: date, since: datetime) -> list[Person]:
    """The active of each group by small team, then those with limited services."""
    random = stream(seed, "clients")
    homes = [(area, home) for area, frame in enumerate(AREAS) for home in _homes(random, frame)]
    traits = _deal(random, [area for area, _ in homes], [home.ring for _, home in homes])
    ages = _ages(random, len(homes))
    people: list[Person] = []
    for i, (area, home) in enumerate(homes):
        person = _person(random, seed, since, first_day, i, area, home, traits, ages[i])
        people.append(person)
    for area, frame in enumerate(AREAS):
        people += _limited(random, seed, since, first_day, area, frame, len(people))
    return people


@dataclass(frozen=True, slots=True)
class _Home:
    team: int
    ring: int
    spot: Spot
    place: str
    address: str
    floor: int | None = None


def _homes(random: Random, frame: Area) -> list[_Home]:
    """Homes of the active in a group, neighbours in the same small team."""
    counts = [round(share * frame.active) for share in RINGS]
    counts[0] += frame.active - sum(counts)
    angle = random.uniform(0, 2 * pi)
    near = [(away(frame.centre, random.uniform(3.6, 8.2), angle + 2.1 * k), "") for k in range(3)]
    far = [
        (away(frame.centre, random.uniform(14, 22), angle + 1 + 3 * k), frame.villages[k]) for k in range(2)
    ]
    homes: list[tuple[int, Spot, str, int | None]] = []
    for building, floors in _buildings(frame):
        spot = away(frame.centre, 0.7, random.uniform(0, 2 * pi), building)
        homes += [(0, spot, frame.name, floor) for floor in floors]
    while len(homes) < counts[0]:
        homes.append(
            (0, away(frame.centre, random.uniform(0.1, 1.95), random.uniform(0, 2 * pi)), frame.name, None)
        )
    for ring, hamlets, count in ((1, near, counts[1]), (2, far, counts[2])):
        for k in range(count):
            centre, village = hamlets[k % len(hamlets)]
            place = village or frame.villages[(2 + k % len(hamlets)) % len(frame.villages)]
            homes.append(
                (ring, away(centre, random.uniform(0.05, 0.9), random.uniform(0, 2 * pi)), place, None)
            )
    order = sorted(homes, key=lambda home: (home[0], home[2], *_around(frame.centre, home[1])))
    return [
        _Home(k * frame.small_teams // len(order), ring, spot, place,
              spot.building or f"{random.choice(names.STREETS)} {random.randint(1, 48)}", floor)
        for k, (ring, spot, place, floor) in enumerate(order)
    ]  # fmt: skip


def _buildings(frame: Area) -> list[tuple[str, tuple[int, ...]]]:
    """Houses with several clients: one with a lift in Bräcke (six homes on floors 3–5), one a group else."""
    if frame.name == "Bräcke":
        return [("Demovägen 12", (3, 3, 4, 4, 5, 5)), ("Provgatan 3", (1, 1, 2, 2))]
    return [("Demovägen 4", (1, 1, 2, 2))]


def _around(centre: Spot, spot: Spot) -> tuple[int, float, float]:
    """Sorts homes round the centre in sectors, nearest first within each."""
    north, east = spot.latitude - centre.latitude, (spot.longitude - centre.longitude) * 0.46
    sector = (north >= 0) * 2 + ((east >= 0) == (north >= 0))
    return int(sector), round(north, 3), east


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
        weights = {i: random.random() * {"E": 0.25, "D": 0.35, "C": 1.0, "B": 2.0}[profile[i]] for i in mine}
        health |= set(sorted(mine, key=weights.__getitem__)[: frame.health_active])
    foreign = random.sample(everybody, sum(LANGUAGES.values()))
    tongues = [language for language, count in LANGUAGES.items() for _ in range(count)]
    # Protected: one in Bräcke and one in Gällö, with daily but not heavy help.
    protected = [random.choice([i for i in everybody if areas[i] == area and profile[i] in "AB" and i not in foreign])
                 for area in (0, 1)]  # fmt: skip
    impaired = random.sample([i for i in everybody if i not in protected], IMPAIRED)
    abilities = [DecisionAbility.UNCLEAR] * UNCLEAR + [DecisionAbility.REPRESENTATIVE] * 15
    abilities += [DecisionAbility.WITH_SUPPORT] * (IMPAIRED - len(abilities))
    no_cover = {i for area, frame in enumerate(AREAS)
                for i in random.sample([i for i in everybody if areas[i] == area], frame.no_cover)}  # fmt: skip
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


def _birth(random: Random, first_day: date, age: int) -> date:
    return first_day - timedelta(days=age * 365 + age // 4 + random.randint(5, 355))


def _name(random: Random, woman: bool, language: str) -> tuple[str, str]:
    if language == "sv":
        return random.choice(names.OLDER_WOMEN if woman else names.OLDER_MEN), random.choice(
            names.OLDER_SURNAMES
        )
    women, men = names.FROM_ELSEWHERE[language]
    return random.choice(women if woman else men), random.choice(names.SURNAMES_FROM_ELSEWHERE[language])


def _person(
    random: Random, seed: int, since: datetime, first_day: date, i: int, area: int, home: _Home, traits: _Traits,
    age: int,
) -> Person:  # fmt: skip
    language, profile = traits.language.get(i, "sv"), traits.profile[i]
    first, last = _name(random, i in traits.women, language)
    risk = random.random() + {"A": -0.2, "B": 0.0, "C": 0.0, "D": 0.1, "E": 0.2}[profile]
    return Person(
        i,
        made_id(since, seed, "client", i),
        area,
        home.team,
        first,
        last,
        i in traits.women,
        _birth(random, first_day, age),
        profile,
        i in traits.health,
        language,
        home.spot,
        home.ring,
        home.place,
        home.address,
        home.floor,
        names.phone(i * 7 + 3),
        i in traits.alone,
        i in traits.hearing_aid,
        traits.ability.get(i, DecisionAbility.OWN),
        traits.protection.get(i, Protection.NONE),
        Risk.LOW if risk < 0.2 else Risk.HIGH if risk > 0.85 else Risk.NORMAL,
        profile in "DE" and random.random() < 0.15,
        i in traits.locks,
        i not in traits.no_cover,
        random.choice(names.DOOR_NOTES) if random.random() < 0.4 else None,
        random.choice(names.IMPORTANT) if random.random() < 0.85 else None,
    )


def _limited(
    random: Random, seed: int, since: datetime, first_day: date, area: int, frame: Area, start: int
) -> list[Person]:
    """Persons with a decision who get no daily visits: only alarm, meals, relief; or younger."""
    people = []
    count = frame.everybody - frame.active
    health = set(random.sample(range(count), frame.health - frame.health_active))
    for k in range(count):
        no = start + k
        woman = random.random() < 0.6
        first, last = _name(random, woman, "sv")
        spot = away(
            frame.centre, random.choice((1, 1, 1, 6, 6, 18)) * random.uniform(0.6, 1.2), random.uniform(0, 6)
        )
        people.append(
            Person(no, made_id(since, seed, "client", no), area, None, first, last, woman,
                   _birth(random, first_day, random.randint(46, 96)), None, k in health, "sv", spot, 0, frame.name,
                   f"{random.choice(names.STREETS)} {random.randint(1, 48)}", None, names.phone(no * 7 + 3),
                   random.random() < 0.6, random.random() < 0.2, DecisionAbility.OWN, Protection.NONE, Risk.NORMAL,
                   False, random.random() < 0.3, True, None, None)
        )  # fmt: skip
    return people
