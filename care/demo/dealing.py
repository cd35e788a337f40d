"""Deals the rows of a fortnight out among the clients, kind by kind, to the very number (domain 5.3–5.5).

The numbers are by the fortnight, because cleaning comes every second week: 7 014 rows are 501 a day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from care.contacts.channel import Channel
from care.demo.clients import Person
from care.demo.homes import Homes
from care.demo.order import (
    CARE,
    CHECK,
    DAILY,
    FOLLOW_UP,
    HEALTH,
    HOUSE,
    MEAL,
    REMIND_HEALTH,
    REMIND_MEAL,
    SOCIAL,
    WEEKDAYS,
    Pattern,
)

#: Rows a fortnight by profile and kind. Columns add up to the visit mix, rows to contacts a day × 14.
ROWS = {
    "A": {HOUSE: 150, SOCIAL: 100, MEAL: 86},
    "B": {HOUSE: 180, SOCIAL: 170, CHECK: 450, MEAL: 240, HEALTH: 115},
    "C": {CARE: 1187, HEALTH: 330, MEAL: 313, CHECK: 181, SOCIAL: 81, HOUSE: 218},
    "D": {CARE: 1310, HEALTH: 555, MEAL: 273, HOUSE: 67},
    "E": {CARE: 800, HEALTH: 192, HOUSE: 16},
}
#: Of these on the tablet: 26 reminders, 14 checks, 16 social, 4 follow-ups a day.
DIGITAL = {
    "A": {SOCIAL: 14},
    "B": {SOCIAL: 130, CHECK: 140, REMIND_MEAL: 84, REMIND_HEALTH: 56, FOLLOW_UP: 14},
    "C": {SOCIAL: 80, CHECK: 56, REMIND_MEAL: 70, REMIND_HEALTH: 84, FOLLOW_UP: 20},
    "D": {REMIND_HEALTH: 70, FOLLOW_UP: 22},
}
#: Of the visits, those in homes with a tablet that need no hands: what snow or illness may move to video.
MOVABLE = {
    "B": {CHECK: 112, MEAL: 70},
    "C": {CHECK: 42, MEAL: 70, REMIND_HEALTH: 28},
}


@dataclass(slots=True)
class Wish:
    """An order before it has a number, a time (`at`) and a final length."""

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
        """Rows a fortnight."""
        return len(self.pattern.days)

    @property
    def minutes(self) -> int:
        return sum(minutes for _, minutes in self.lines)


class Dealer:
    """Deals one profile's rows out among its clients, kind by kind, to the very number."""

    def __init__(self, random: Random, profile: str, people: list[Person], homes: Homes) -> None:
        self.random, self.profile, self.people = random, profile, people
        self.callers = [p for p in people if homes.may_call(p.no)]
        self.load: Counter[int] = Counter()
        self.of_kind: dict[str, Counter[int]] = defaultdict(Counter)
        self.wishes: list[Wish] = []

    def deal(self) -> list[Wish]:
        digital = DIGITAL.get(self.profile, {})
        left = dict(ROWS[self.profile])
        for kind, count in digital.items():
            self._spread(kind, count, self._may_have(kind, self.callers), _ON_TABLET[kind])
            left[_COUNTED_AS.get(kind, kind)] -= count
        if CARE not in left:
            left[HOUSE] -= self._hands_every_week()
        for kind, count in MOVABLE.get(self.profile, {}).items():
            eaters = [p for p in self.callers if kind != MEAL or not p.choking]
            self._spread(kind, count, self._may_have(kind, eaters), _MOVABLE_MAKERS[kind])
            left[_COUNTED_AS.get(kind, kind)] -= count
        if CARE in left:
            self._care(left.pop(CARE))
        for kind in (HOUSE, HEALTH, MEAL, CHECK, SOCIAL):
            if kind in left:
                self._spread(kind, left[kind], self._may_have(kind, self.people), _AT_HOME[kind])
        return self.wishes

    @staticmethod
    def _may_have(kind: str, people: list[Person]) -> list[Person]:
        """Health care is for those who have an order of it."""
        is_health = _COUNTED_AS.get(kind, kind) == HEALTH
        return [person for person in people if person.health] if is_health else people

    def _hands_every_week(self) -> int:
        """Nobody lives on screens alone: laundry each week where a tablet is. How many rows it makes."""
        before = sum(wish.count for wish in self.wishes)
        for person in self.callers:
            wish = _Turn(self.random, person, HOUSE, 1, 2).wish("HE-TVA", 20, _few(self.random, 1, 2))
            self.of_kind[HOUSE][person.no] += wish.count
            self.load[person.no] += wish.count
            self.wishes.append(wish)
        return sum(wish.count for wish in self.wishes) - before

    def _spread(self, kind: str, count: int, people: list[Person], make: _Maker) -> None:
        """`count` rows among `people`, to whoever has least of this kind and least in all."""
        while count:
            person = min(
                people, key=lambda p: (self.of_kind[kind][p.no] + 0.4 * self.load[p.no], self.random.random())
            )
            wish = make(_Turn(self.random, person, kind, self.of_kind[kind][person.no], count))
            self.of_kind[kind][person.no] += wish.count
            self.load[person.no] += wish.count
            self.wishes.append(wish)
            count -= wish.count

    def _care(self, count: int) -> None:
        """Personal care: a shower a week, then mornings, evenings and more as the profile asks."""
        for person in self.people:
            self._add(person, ("PV-DUS", 40), _any_day(self.random, count), ("F", "V", "M"))
            count -= 2
        for bands, share in _CARE_ROUNDS[self.profile]:
            people = self.random.sample(self.people, round(share * len(self.people)))
            for person in sorted(people, key=lambda p: self.load[p.no]):
                pattern = WEEKDAYS if bands[0] in "EK" and self.random.random() < 0.2 else DAILY
                if len(pattern.days) > count:
                    continue
                code = _CARE_CODE[bands[0]]
                self._add(person, (code, SHORT[code][self.profile]), pattern, bands)
                count -= len(pattern.days)
        while count:
            person = min(self.people, key=lambda p: (self.load[p.no], self.random.random()))
            pattern = DAILY if count >= 14 else _few(self.random, 6, count)
            self._add(person, ("PV-MID", 20), pattern, ("L", "F"))
            count -= len(pattern.days)

    def _add(self, person: Person, line: tuple[str, int], pattern: Pattern, bands: tuple[str, ...]) -> None:
        wish = Wish(person, CARE, [line], pattern, bands=bands)
        extra = _extra(line[0], person.health, self.random.random())
        if extra is not None:
            wish.lines.append(extra)
        self.wishes.append(wish)
        self.load[person.no] += wish.count


@dataclass(frozen=True, slots=True)
class _Turn:
    """Somebody's turn to be dealt a row: how many of its kind they had, and how many rows are left."""

    random: Random
    person: Person
    kind: str
    had: int
    left: int

    def wish(self, code: str, minutes: int, pattern: Pattern, *bands: str) -> Wish:
        return Wish(self.person, self.kind, [(code, minutes)], pattern, bands=bands or None)


_Maker = Callable[[_Turn], Wish]
#: Mornings and evenings are short of hands: what takes long is done in the day.
SHORT = {
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


def _extra(code: str, health: bool, chance: float) -> tuple[str, int] | None:
    """What is done on the same visit: the bed, the stockings, the dishes."""
    if code == "PV-MOR":
        return ("HE-BAD", 5) if chance < 0.35 else ("HS-STR", 5) if chance < 0.5 and health else None
    dishes = {"PV-MID": 0.5, "PV-KVA": 0.1}.get(code, 0.0)
    return ("HE-DIS", 5) if chance < dishes else None


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


def _house(turn: _Turn) -> Wish:
    random = turn.random
    if turn.had == 0:
        every_other = Pattern((random.randrange(5),), random.randrange(2))
        return turn.wish("HE-STA", 90 if turn.person.profile == "A" else 70, every_other)
    if turn.had == 1:
        return turn.wish("HE-TVA", random.choice((20, 30)), _few(random, 1, turn.left))
    wish = turn.wish("HE-DIS", 10, _few(random, 1, turn.left))
    wish.lines.append(("HE-POS", 5) if random.random() < 0.5 else ("HE-BAD", 10))
    return wish


def _activity(turn: _Turn) -> Wish:
    return turn.wish("SO-AKT", 40, _any_day(turn.random, turn.left))


def _check(turn: _Turn) -> Wish:
    return turn.wish("TI-DAG", 15, _often(turn.random, turn.left, DAILY))


def _meal(turn: _Turn) -> Wish:
    if turn.person.profile == "A" or (turn.had == 0 and turn.random.random() < 0.45):
        return turn.wish("MA-INK", 45, _few(turn.random, 1, turn.left), "F", "M", "L")
    return _company(turn)


def _company(turn: _Turn) -> Wish:
    return turn.wish("MA-STO", 20, _often(turn.random, turn.left, DAILY), "L", "E")


def _reminded_at_home(turn: _Turn) -> Wish:
    return turn.wish("HS-PAM", 5, _often(turn.random, turn.left, DAILY), "M", "E")


def _health(turn: _Turn) -> Wish:
    code, minutes = turn.random.choice(_HEALTH_TASKS)
    if code == "HS-SAR":
        return turn.wish(code, minutes, _few(turn.random, 3, turn.left))
    pattern = _often(turn.random, turn.left, DAILY)
    bands = ("M", "E", "K") if code in ("HS-STR", "HS-INS") else ()
    return turn.wish(code, minutes, pattern, *bands)


#: Orders from health care with their minutes, as often as they stand here.
_HEALTH_TASKS = (("HS-OVL", 8),) * 4 + (("HS-STR", 10),) * 2 + (("HS-INS", 12), ("HS-SAR", 20), ("HS-PAM", 5))


def _video(code: str, minutes: int, *patterns: Pattern) -> _Maker:
    def make(turn: _Turn) -> Wish:
        wish = turn.wish(code, minutes, _often(turn.random, turn.left, *patterns))
        wish.channel = Channel.VIDEO
        return wish

    return make


def _reminder(code: str, minutes: int, video: float) -> _Maker:
    def make(turn: _Turn) -> Wish:
        # Some are reminded by a face, most by the screen.
        wish = turn.wish(code, minutes, _often(turn.random, turn.left, DAILY))
        wish.channel = Channel.VIDEO if turn.random.random() < video else Channel.PROMPT
        return wish

    return make


def _follow_up(turn: _Turn) -> Wish:
    wish = turn.wish("HS-UPF", 10, _few(turn.random, 1, turn.left))
    wish.channel = Channel.VIDEO
    return wish


_ON_TABLET: dict[str, _Maker] = {
    SOCIAL: _video("SO-SAM", 15, WEEKDAYS, *[Pattern((0, 2, 5))] * 2, Pattern((1, 3, 6)), Pattern((1, 3))),
    CHECK: _video("TI-DAG", 5, DAILY, DAILY, WEEKDAYS),
    REMIND_MEAL: _reminder("MA-PAM", 5, 0.2),
    REMIND_HEALTH: _reminder("HS-PAM", 4, 0.45),
    FOLLOW_UP: _follow_up,
}
_AT_HOME: dict[str, _Maker] = {
    HOUSE: _house,
    SOCIAL: _activity,
    CHECK: _check,
    MEAL: _meal,
    HEALTH: _health,
}
_MOVABLE_MAKERS: dict[str, _Maker] = {CHECK: _check, MEAL: _company, REMIND_HEALTH: _reminded_at_home}
_COUNTED_AS = {REMIND_MEAL: MEAL, REMIND_HEALTH: HEALTH, FOLLOW_UP: HEALTH}
