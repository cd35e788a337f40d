"""What each client is to have and when: the orders that the rows of the plan come from (domain 5.3–5.5).

The numbers are dealt out by the fortnight, because cleaning comes every second week: 7 014 rows are 501 a day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from care.contacts.channel import Channel
from care.demo.catalogue import BY_CODE
from care.demo.clients import Person
from care.demo.draw import stream
from care.demo.homes import Homes
from care.demo.places import AREAS
from care.services import Law, Priority

FORTNIGHT = 14
DAY_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Rows a fortnight by profile and kind. Columns add up to the visit mix, rows to contacts a day × 14.
CARE, CHECK, MEAL, SOCIAL, HOUSE, HEALTH = "care", "check", "meal", "social", "house", "health"
ROWS = {
    "A": {HOUSE: 150, SOCIAL: 100, MEAL: 86},
    "B": {HOUSE: 180, SOCIAL: 170, CHECK: 450, MEAL: 240, HEALTH: 115},
    "C": {CARE: 1187, HEALTH: 330, MEAL: 313, CHECK: 181, SOCIAL: 81, HOUSE: 218},
    "D": {CARE: 1310, HEALTH: 555, MEAL: 273, HOUSE: 67},
    "E": {CARE: 800, HEALTH: 192, HOUSE: 16},
}
#: Of these on the tablet: 26 reminders, 14 checks, 16 social, 4 follow-ups a day.
REMIND_MEAL, REMIND_HEALTH, FOLLOW_UP = "remind_meal", "remind_health", "follow_up"
DIGITAL = {
    "A": {SOCIAL: 14},
    "B": {SOCIAL: 130, CHECK: 140, REMIND_MEAL: 84, REMIND_HEALTH: 56, FOLLOW_UP: 14},
    "C": {SOCIAL: 80, CHECK: 56, REMIND_MEAL: 70, REMIND_HEALTH: 84, FOLLOW_UP: 20},
    "D": {REMIND_HEALTH: 70, FOLLOW_UP: 22},
}
#: Mean minutes a contact.
MEAN = {"A": 35, "B": 18, "C": 20, "D": 24, "E": 26}
#: Rows a fortnight with two workers: 60 % of the double-staffed clients' visits.
DOUBLE = 604

#: Bands of the day in minutes, and how each kind's rows lie in them (day rhythm of domain 5.4).
BANDS = {
    "M": (430, 575),
    "F": (600, 715),
    "L": (720, 835),
    "V": (840, 955),
    "E": (975, 1130),
    "K": (1145, 1230),
}
SPREAD = {
    CARE: {"M": 103, "F": 12, "L": 25, "V": 4, "E": 53, "K": 38},
    HEALTH: {"M": 29, "F": 6, "L": 6, "V": 4, "E": 13, "K": 9},
    REMIND_HEALTH: {"M": 10, "E": 3, "K": 2},
    MEAL: {"M": 5, "F": 4, "L": 28, "V": 3, "E": 14},
    REMIND_MEAL: {"M": 1, "L": 6, "E": 4},
    CHECK: {"M": 12, "F": 10, "L": 8, "V": 10, "E": 3, "K": 2},
    SOCIAL: {"F": 4, "L": 3, "V": 18},
    FOLLOW_UP: {"F": 2, "V": 2},
    HOUSE: {"M": 18, "F": 18, "L": 8, "V": 2},
}
#: Between two rows of one client there should be so many minutes.
GAP = 50


@dataclass(frozen=True, slots=True)
class Pattern:
    """Week days, every week or every other; `days` are places in the fortnight."""

    weekdays: tuple[int, ...]
    #: None: both weeks. 0 or 1: only that week of the fortnight.
    week: int | None = None

    @property
    def days(self) -> frozenset[int]:
        weeks = (0, 1) if self.week is None else (self.week,)
        return frozenset(7 * week + day for week in weeks for day in self.weekdays)

    @property
    def rrule(self) -> str:
        if len(self.weekdays) == 7 and self.week is None:
            return "FREQ=DAILY"
        days = ",".join(DAY_NAMES[day] for day in self.weekdays)
        interval = "" if self.week is None else "INTERVAL=2;"
        return f"FREQ=WEEKLY;{interval}BYDAY={days}"


DAILY = Pattern(tuple(range(7)))
WEEKDAYS = Pattern(tuple(range(5)))


@dataclass(frozen=True, slots=True)
class Order:
    """One recurring row. `at` is the minute of the day, `lines` pairs of service code and minutes."""

    no: int
    person: int
    area: int
    kind: str
    lines: tuple[tuple[str, int], ...]
    channel: Channel
    pattern: Pattern
    at: int
    window: int
    staff: int
    priority: Priority
    #: Worker number of the nurse who ordered the health care lines, and who allowed them at a distance.
    ordered_by: int | None = None
    allowed_by: int | None = None

    @property
    def minutes(self) -> int:
        return sum(minutes for _, minutes in self.lines)

    @property
    def needs_delegation(self) -> bool:
        return any(BY_CODE[code].delegated for code, _ in self.lines)

    @property
    def is_health(self) -> bool:
        return any(BY_CODE[code].law is Law.HSL for code, _ in self.lines)


@dataclass(slots=True)
class _Wish:
    """An order before it has a time."""

    person: Person
    kind: str
    lines: list[tuple[str, int]]
    pattern: Pattern
    channel: Channel = Channel.PHYSICAL
    bands: tuple[str, ...] | None = None
    staff: int = 1
    at: int = 0

    @property
    def count(self) -> int:
        return len(self.pattern.days)


def make_orders(seed: int, people: Sequence[Person], homes: Homes, nurses: Sequence[int]) -> list[Order]:
    """Every recurring row, in order of client and time."""
    random = stream(seed, "orders")
    wishes: list[_Wish] = []
    for profile in ROWS:
        mine = [p for p in people if p.profile == profile]
        wishes += _Dealer(random, profile, mine, homes).deal()
    _double(random, wishes)
    _fit_minutes(random, wishes)
    _set_times(random, wishes)
    wishes += [_night(random, people[no], hour) for no in homes.cameras for hour in (0, 1)]
    wishes.sort(key=lambda w: (w.person.no, w.at, w.kind, w.pattern.weekdays))
    return [_order(no, wish, nurses) for no, wish in enumerate(wishes)]


class _Dealer:
    """Deals one profile's rows out among its clients, kind by kind, to the very number."""

    def __init__(self, random: Random, profile: str, people: list[Person], homes: Homes) -> None:
        self.random, self.profile, self.people = random, profile, people
        self.callers = [p for p in people if homes.may_call(p.no)]
        self.load: Counter[int] = Counter()
        self.of_kind: dict[str, Counter[int]] = defaultdict(Counter)
        self.wishes: list[_Wish] = []

    def deal(self) -> list[_Wish]:
        digital = DIGITAL.get(self.profile, {})
        left = dict(ROWS[self.profile])
        for kind, count in digital.items():
            self._spread(kind, count, self.callers, _ON_TABLET[kind])
            left[{REMIND_MEAL: MEAL, REMIND_HEALTH: HEALTH, FOLLOW_UP: HEALTH}.get(kind, kind)] -= count
        if CARE in left:
            self._care(left.pop(CARE))
        for kind in (HOUSE, HEALTH, MEAL, CHECK, SOCIAL):
            if kind in left:
                people = [p for p in self.people if p.health] if kind == HEALTH else self.people
                self._spread(kind, left[kind], people, _AT_HOME[kind])
        return self.wishes

    def _spread(self, kind: str, count: int, people: list[Person], make: _Maker) -> None:
        """`count` rows among `people`, to whoever has least of this kind and least in all."""
        while count:
            person = min(
                people, key=lambda p: (self.of_kind[kind][p.no] + 0.4 * self.load[p.no], self.random.random())
            )
            wish = make(self.random, person, kind, self.of_kind[kind][person.no], count)
            self.of_kind[kind][person.no] += wish.count
            self.load[person.no] += wish.count
            self.wishes.append(wish)
            count -= wish.count

    def _care(self, count: int) -> None:
        """Personal care: a shower a week, then mornings, evenings and more as the profile asks."""
        for person in self.people:
            self._add(person, "PV-DUS", 40, _any_day(self.random, count), ("F", "V", "M"))
            count -= 2
        for bands, share in _CARE_ROUNDS[self.profile]:
            people = self.random.sample(self.people, round(share * len(self.people)))
            for person in sorted(people, key=lambda p: self.load[p.no]):
                pattern = WEEKDAYS if bands[0] in "EK" and self.random.random() < 0.2 else DAILY
                if len(pattern.days) > count:
                    continue
                code = _CARE_CODE[bands[0]]
                self._add(person, code, _SHORT[code][self.profile], pattern, bands)
                count -= len(pattern.days)
        while count:
            person = min(self.people, key=lambda p: (self.load[p.no], self.random.random()))
            pattern = DAILY if count >= 14 else _few(self.random, 6, count)
            self._add(person, "PV-MID", 20, pattern, ("L", "F"))
            count -= len(pattern.days)

    def _add(self, person: Person, code: str, minutes: int, pattern: Pattern, bands: tuple[str, ...]) -> None:
        wish = _Wish(person, CARE, [(code, minutes)], pattern, bands=bands)
        chance = self.random.random()
        if code == "PV-MOR" and chance < 0.35:
            wish.lines.append(("HE-BAD", 5))
        elif code == "PV-MOR" and chance < 0.5 and person.health:
            wish.lines.append(("HS-STR", 5))
        elif code == "PV-MID" and chance < 0.5:
            wish.lines.append(("HE-DIS", 5))
        elif code == "PV-KVA" and chance < 0.1:
            wish.lines.append(("HE-DIS", 5))
        self.wishes.append(wish)
        self.load[person.no] += wish.count


_Maker = Callable[[Random, Person, str, int, int], _Wish]
#: Mornings and evenings are short of hands: what takes long is done in the day.
_SHORT = {
    "PV-MOR": {"C": 20, "D": 25, "E": 25},
    "PV-KVA": {"C": 15, "D": 20, "E": 20},
    "PV-MID": {"C": 20, "D": 20, "E": 20},
}
_CARE_CODE = {"M": "PV-MOR", "F": "PV-MID", "L": "PV-MID", "V": "PV-MID", "E": "PV-KVA", "K": "PV-KVA"}
#: Rounds of personal care: bands to try in order, and the share of the profile's clients.
_CARE_ROUNDS: dict[str, tuple[tuple[tuple[str, ...], float], ...]] = {
    "C": ((("M",), 0.86), (("E", "K"), 0.5), (("L", "F"), 0.02)),
    "D": ((("M",), 1.0), (("K", "E"), 0.75), (("E", "K"), 0.7), (("L", "F"), 0.3)),
    "E": ((("M",), 1.0), (("K",), 1.0), (("E",), 1.0), (("L",), 1.0), (("F", "V"), 1.0)),
}


def _few(random: Random, a_week: int, most: int) -> Pattern:
    """`a_week` weekdays, or what is left of `most` rows a fortnight."""
    count = min(a_week, 5, most // 2)
    if count == 0:
        return Pattern((random.randrange(5),), random.randrange(2))
    spread = {1: (random.randrange(5),), 2: random.choice(((0, 3), (1, 4))), 3: (0, 2, 4), 4: (0, 1, 3, 4)}
    return Pattern(spread.get(count, tuple(range(5))))


def _any_day(random: Random, most: int) -> Pattern:
    """Once a week, on any of its seven days; Sundays seldom."""
    return (
        Pattern((random.choice((0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6)),))
        if most >= 2
        else _few(random, 1, most)
    )


def _often(random: Random, most: int, *choices: Pattern) -> Pattern:
    """One of `choices` that `most` rows have room for, else a few days."""
    room = [pattern for pattern in choices if len(pattern.days) <= most]
    return random.choice(room) if room else _few(random, 5, most)


def _house(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    if had == 0:
        minutes = 90 if person.profile == "A" else 70
        return _Wish(
            person, kind, [("HE-STA", minutes)], Pattern((random.randrange(5),), random.randrange(2))
        )
    if had == 1:
        return _Wish(person, kind, [("HE-TVA", random.choice((20, 30)))], _few(random, 1, most))
    lines = [("HE-DIS", 10), ("HE-POS", 5)] if random.random() < 0.5 else [("HE-DIS", 10), ("HE-BAD", 10)]
    return _Wish(person, kind, lines, _few(random, 1, most))


def _social(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    return _Wish(person, kind, [("SO-AKT", 40)], _any_day(random, most))


def _check(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    return _Wish(person, kind, [("TI-DAG", 15)], _often(random, most, DAILY))


def _meal(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    if person.profile == "A" or (had == 0 and random.random() < 0.45):
        return _Wish(person, kind, [("MA-INK", 45)], _few(random, 1, most), bands=("F", "M", "L"))
    return _Wish(person, kind, [("MA-STO", 20)], _often(random, most, DAILY), bands=("L", "E"))


def _health(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    codes = ("HS-OVL", "HS-OVL", "HS-OVL", "HS-OVL", "HS-STR", "HS-STR", "HS-INS", "HS-SAR", "HS-PAM")
    code = random.choice(codes)
    if code == "HS-SAR":
        return _Wish(person, kind, [(code, 20)], _few(random, 3, most))
    bands = ("M", "E", "K") if code in ("HS-STR", "HS-INS") else None
    return _Wish(person, kind, [(code, 10)], _often(random, most, DAILY), bands=bands)


def _video(code: str, minutes: int, *patterns: Pattern) -> _Maker:
    def make(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
        return _Wish(person, kind, [(code, minutes)], _often(random, most, *patterns), Channel.VIDEO)

    return make


def _reminder(code: str, minutes: int, video: float) -> _Maker:
    def make(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
        # Those who do not hear or decide easily are reminded by a face, the rest by the screen.
        channel = Channel.VIDEO if random.random() < video else Channel.PROMPT
        return _Wish(person, kind, [(code, minutes)], _often(random, most, DAILY), channel)

    return make


def _follow_up(random: Random, person: Person, kind: str, had: int, most: int) -> _Wish:
    return _Wish(person, kind, [("HS-UPF", 10)], _few(random, 1, most), Channel.VIDEO)


_THRICE = Pattern((0, 2, 5))
_WEEKEND_TOO = Pattern((1, 3, 6))
_ON_TABLET: dict[str, _Maker] = {
    SOCIAL: _video("SO-SAM", 15, WEEKDAYS, _THRICE, _THRICE, _WEEKEND_TOO, Pattern((1, 3))),
    CHECK: _video("TI-DAG", 5, DAILY, DAILY, WEEKDAYS),
    REMIND_MEAL: _reminder("MA-PAM", 5, 0.2),
    REMIND_HEALTH: _reminder("HS-PAM", 4, 0.45),
    FOLLOW_UP: _follow_up,
}
_AT_HOME: dict[str, _Maker] = {HOUSE: _house, SOCIAL: _social, CHECK: _check, MEAL: _meal, HEALTH: _health}


def _double(random: Random, wishes: list[_Wish]) -> None:
    """Two workers on 60 % of the double-staffed clients' visits: lifts, mornings and nights first."""
    mine = [w for w in wishes if w.person.profile == "E" and w.kind == CARE]
    mine.sort(key=lambda w: (-w.count, random.random()))
    left = DOUBLE
    for wish in mine:
        if wish.count <= left:
            wish.staff = 2
            left -= wish.count


def _fit_minutes(random: Random, wishes: list[_Wish]) -> None:
    """Lengthen and shorten visits by five minutes until the mean of each profile is right."""
    for profile, mean in MEAN.items():
        mine = [w for w in wishes if w.person.profile == profile]
        adjustable = [
            w for w in mine if w.channel is Channel.PHYSICAL and w.lines[0][0] not in ("HE-STA", "HS-OVL")
        ]
        wrong = mean * sum(w.count for w in mine) - sum(w.count * sum(m for _, m in w.lines) for w in mine)
        for _ in range(20000):
            if abs(wrong) < 5:
                break
            wish = random.choice(adjustable)
            code, minutes = wish.lines[0]
            step = 5 if wrong > 0 else -5
            standard = BY_CODE[code].minutes
            most = _SHORT[code][profile] if code in ("PV-MOR", "PV-KVA") else standard * 1.5 + 25
            if not max(5, standard * 0.5) <= minutes + step <= most:
                continue
            if abs(wrong) < wish.count * 5 and wish.count > 2:
                continue
            wish.lines[0] = (code, minutes + step)
            wrong -= step * wish.count


def _set_times(random: Random, wishes: list[_Wish]) -> None:
    """A time of the day for each: by the rhythm of its kind, apart from the client's other rows, load even."""
    given: dict[str, Counter[str]] = defaultdict(Counter)
    load: list[Counter[int]] = [Counter() for _ in AREAS]
    taken: dict[int, list[tuple[int, int, frozenset[int]]]] = defaultdict(list)
    wanted = {
        kind: {band: n / sum(bands.values()) for band, n in bands.items()} for kind, bands in SPREAD.items()
    }
    order = sorted(wishes, key=lambda w: (w.bands is None, -w.count, random.random()))
    for wish in order:
        share = wanted[wish.kind]
        total = sum(given[wish.kind].values()) + wish.count
        bands = sorted(
            wish.bands or tuple(share),
            key=lambda band: (wish.bands or ()).index(band) * 0.02 * total if wish.bands else 0
            + given[wish.kind][band] - share.get(band, 0) * total,
        )  # fmt: skip
        best = (float("inf"), 0, "")
        for rank, band in enumerate([*bands, *(b for b in BANDS if b not in bands)]):
            if best[0] < 300 * rank:
                break
            first, last = BANDS[band]
            if wish.kind == HOUSE:
                first, last = max(first, 540), min(last, 940 - sum(minutes for _, minutes in wish.lines))
            for at in range(first, last + 1, 5):
                cost = _cost(wish, at, load[wish.person.area], taken[wish.person.no]) + rank * 300
                best = min(best, (cost, at, band))
        _, wish.at, band = best
        given[wish.kind][band] += wish.count
        length = sum(minutes for _, minutes in wish.lines)
        taken[wish.person.no].append((wish.at, length, wish.pattern.days))
        for minute in range(wish.at, wish.at + length + 5, 5):
            load[wish.person.area][minute // 15] += wish.count * wish.staff


def _cost(wish: _Wish, at: int, load: Counter[int], taken: list[tuple[int, int, frozenset[int]]]) -> float:
    """How bad a time is: another row of the client near it, and how much the group has at the time."""
    days = wish.pattern.days
    length = sum(minutes for _, minutes in wish.lines)
    crowd = 0.0
    for other, minutes, when in taken:
        if when & days:
            gap = max(at - other - minutes, other - at - length)
            crowd += 20_000 if gap < 10 else 250 + 5.0 * (GAP - gap) if gap < GAP else 0
    bins = range(at // 15, (at + length) // 15 + 1)
    return crowd + sum(load[b] for b in bins) / len(bins) / 10


def _night(random: Random, person: Person, hour: int) -> _Wish:
    """Two looks a night by the camera: late in the evening and early in the morning."""
    at = (random.randrange(22 * 60 + 30, 23 * 60 + 50, 5), random.randrange(4 * 60, 5 * 60 + 30, 5))[hour]
    return _Wish(person, "night", [("TI-NAT", 1)], DAILY, Channel.CAMERA_CHECK, at=at)


def _order(no: int, wish: _Wish, nurses: Sequence[int]) -> Order:
    person, entries = wish.person, [BY_CODE[code] for code, _ in wish.lines]
    priority = min(entry.priority for entry in entries)
    if wish.kind == CARE and person.profile == "C" and priority is Priority.P1:
        # Help to get up and to bed: today, but not a lift that cannot wait.
        priority = Priority.P2
    if wish.staff == 2 or (person.choking and wish.lines[0][0] == "MA-STO"):
        priority = Priority.P1
    health = any(entry.law is Law.HSL for entry in entries)
    nurse = nurses[person.no % len(nurses)] if health else None
    digital = wish.channel is not Channel.PHYSICAL
    allowed = nurse if health and (digital or (person.no % 2 == 0 and wish.lines[0][0] == "HS-PAM")) else None
    return Order(no, person.no, person.area, wish.kind, tuple(wish.lines), wish.channel, wish.pattern, wish.at,
                 entries[0].window, wish.staff, priority, nurse, allowed)  # fmt: skip


def retimed(order: Order, at: int) -> Order:
    """The same order at another time of the day."""
    return replace(order, at=at)
