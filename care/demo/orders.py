"""What each client is to have and when: the orders that the rows of the plan come from (domain 5.3–5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from care.contacts.channel import Channel
from care.demo.catalogue import BY_CODE
from care.demo.clients import Person
from care.demo.dealing import ROWS, SHORT, Dealer, Wish
from care.demo.draw import stream
from care.demo.homes import Homes
from care.demo.order import CARE, DAILY, NIGHT_CHECK, REMIND_HEALTH, Order
from care.demo.timing import set_times
from care.services import Law, Priority

#: Mean minutes a contact.
MEAN = {"A": 35, "B": 18, "C": 20, "D": 24, "E": 26}
#: Rows a fortnight with two workers: 60 % of the double-staffed clients' visits.
DOUBLE = 604


def make_orders(seed: int, people: Sequence[Person], homes: Homes, nurses: Sequence[int]) -> list[Order]:
    """Every recurring row, in order of client and time."""
    random = stream(seed, "orders")
    wishes: list[Wish] = []
    for profile in ROWS:
        mine = [p for p in people if p.profile == profile]
        wishes += Dealer(random, profile, mine, homes).deal()
    _double(random, wishes)
    for profile, mean in MEAN.items():
        _fit_minutes(random, profile, mean, [w for w in wishes if w.person.profile == profile])
    set_times(random, wishes)
    wishes += [_night(random, people[no], hour) for no in homes.cameras for hour in (0, 1)]
    wishes.sort(key=lambda w: (w.person.no, w.at, w.kind, w.pattern.weekdays))
    return [_order(no, wish, nurses) for no, wish in enumerate(wishes)]


def _double(random: Random, wishes: list[Wish]) -> None:
    """Two workers on 60 % of the double-staffed clients' visits: lifts, mornings and nights first."""
    mine = [w for w in wishes if w.person.profile == "E" and w.kind == CARE]
    mine.sort(key=lambda w: (-w.count, random.random()))
    left = DOUBLE
    for wish in mine:
        if wish.count <= left:
            wish.staff = 2
            left -= wish.count


def _fit_minutes(random: Random, profile: str, mean: int, mine: Sequence[Wish]) -> None:
    """Lengthen and shorten visits by five minutes until the mean of the profile is right.

    Health care's minutes are set by hand and stay, and so do those of the cleaning.
    """
    adjustable = [
        wish for wish in mine if wish.channel is Channel.PHYSICAL and wish.lines[0][0] not in _FIXED
    ]
    wrong = mean * sum(wish.count for wish in mine) - sum(wish.count * wish.minutes for wish in mine)
    for _ in range(20_000):
        if abs(wrong) < 5:
            return
        wish = random.choice(adjustable)
        code, minutes = wish.lines[0]
        step = 5 if wrong > 0 else -5
        standard = BY_CODE[code].minutes
        most = SHORT[code][profile] if code in ("PV-MOR", "PV-KVA") else standard * 1.5 + 25
        too_coarse = abs(wrong) < wish.count * 5 and wish.count > 2
        if not too_coarse and max(5, standard * 0.5) <= minutes + step <= most:
            wish.lines[0] = (code, minutes + step)
            wrong -= step * wish.count


_FIXED = ("HE-STA", *(code for code in BY_CODE if code.startswith("HS-")))


def _night(random: Random, person: Person, hour: int) -> Wish:
    """Two looks a night by the camera: late in the evening and early in the morning."""
    at = (random.randrange(22 * 60 + 30, 23 * 60 + 50, 5), random.randrange(4 * 60, 5 * 60 + 30, 5))[hour]
    return Wish(person, NIGHT_CHECK, [("TI-NAT", 1)], DAILY, Channel.CAMERA_CHECK, at=at)


def _order(no: int, wish: Wish, nurses: Sequence[int]) -> Order:
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
    reminder = wish.kind == REMIND_HEALTH or (person.no % 2 == 0 and wish.lines[0][0] == "HS-PAM")
    allowed = nurse if health and (digital or reminder) else None
    return Order(
        no=no,
        person=person.no,
        area=person.area,
        kind=wish.kind,
        lines=tuple(wish.lines),
        channel=wish.channel,
        pattern=wish.pattern,
        at=wish.at,
        window=entries[0].window,
        staff=wish.staff,
        priority=priority,
        ordered_by=nurse,
        allowed_by=allowed,
    )
