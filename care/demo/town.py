"""The whole town, made once from a seed and a first day: everything that does not change from day to day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID

from care.contacts.channel import Channel
from care.demo.catalogue import CATALOGUE
from care.demo.clients import Person, make_clients
from care.demo.cycle import Cycle, make_cycle
from care.demo.draw import made_id, stream
from care.demo.homes import Homes, make_homes
from care.demo.orders import Order, make_orders
from care.demo.places import AREAS
from care.demo.roster import CYCLE, EPOCH, Roster, make_roster
from care.demo.workers import Worker, make_workers
from care.localtime import at
from care.staff import Title

#: Clients without a named care worker, and why.
UNNECESSARY, DECLINED = 5, 3
KNOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """People, homes, orders and the plan that comes round, with the ids that the tables use."""

    seed: int
    first_day: date
    #: When everything that "has been so for long" began.
    since: datetime
    municipality: UUID
    #: By place in `AREAS`; the last is the night patrol.
    groups: tuple[UUID, ...]
    teams: dict[tuple[int, int], UUID]
    services: dict[str, UUID]
    workers: tuple[Worker, ...]
    roster: Roster
    people: tuple[Person, ...]
    homes: Homes
    cycle: Cycle
    #: Rule ids by order number.
    rules: tuple[UUID, ...]
    #: Client number → worker numbers, best known first.
    known: dict[int, tuple[int, ...]]
    #: Client number → worker number, or the reason why there is none.
    named: dict[int, int | str]

    @property
    def active(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.profile)

    def order_of(self, number: int) -> Order:
        return self.cycle.orders[number]


@lru_cache(maxsize=4)
def make_town(seed: int, first_day: date) -> Town:
    """The town of `seed`, as old on `first_day` as it is to be."""
    since = at(first_day - timedelta(days=400), time(12))
    workers = make_workers(seed, since)
    people = make_clients(seed, first_day, since)
    homes = make_homes(seed, people)
    nurses = [worker.no for worker in workers if worker.title is Title.NURSE]
    roster = make_roster(seed, workers)
    cycle = make_cycle(seed, people, workers, make_orders(seed, people, homes, nurses), roster)
    known, named = _known(seed, people, workers, homes, cycle)
    return Town(
        seed,
        first_day,
        since,
        made_id(since, seed, "municipality"),
        tuple(made_id(since, seed, "group", area) for area in range(len(AREAS) + 1)),
        {(area, team): made_id(since, seed, "team", area, team)
         for area, frame in enumerate(AREAS) for team in range(frame.small_teams)},
        {entry.code: made_id(since, seed, "service", entry.code) for entry in CATALOGUE},
        tuple(workers),
        roster,
        tuple(people),
        homes,
        cycle,
        tuple(made_id(since, seed, "rule", order.no) for order in cycle.orders),
        known,
        named,
    )  # fmt: skip


def anchor(day: date) -> date:
    """The Monday at or before `day` on which a fortnight of the plan begins."""
    return day - timedelta(days=(day - EPOCH).days % 14)


def _known(
    seed: int, people: list[Person], workers: list[Worker], homes: Homes, cycle: Cycle
) -> tuple[dict[int, tuple[int, ...]], dict[int, int | str]]:
    """Whom each client knows: those who come most, the named care worker (an assistant nurse) first."""
    met: dict[int, Counter[int]] = {person.no: Counter() for person in people}
    calls: dict[int, Counter[int]] = {person.no: Counter() for person in people}
    for day in range(CYCLE):
        for row in cycle.rows[day]:
            order = cycle.orders[row.order]
            if order.channel in (Channel.PHYSICAL, Channel.VIDEO):
                met[order.person].update(row.staff)
            if order.channel is Channel.VIDEO:
                calls[order.person].update(row.staff)
    random = stream(seed, "known")
    active = [person for person in people if person.profile]
    light = [p.no for p in active if p.profile == "A" and not p.is_protected]
    without = dict.fromkeys(random.sample(light, UNNECESSARY), "obviously_unnecessary")
    rest = [p.no for p in active if p.profile == "B" and not p.is_protected and p.no not in homes.tablets]
    without |= dict.fromkeys(random.sample(rest, DECLINED), "declined")
    known: dict[int, tuple[int, ...]] = {}
    named: dict[int, int | str] = {}
    for person in active:
        ranked = sorted(
            met[person.no], key=lambda no: (-met[person.no][no], workers[no].team != person.team, no)
        )
        if person.no in without:
            named[person.no] = without[person.no]
            first: list[int] = []
        else:
            nurses = [no for no in ranked if workers[no].title is Title.ASSISTANT_NURSE]
            nurses += [w.no for w in workers if w.area == person.area and w.title is Title.ASSISTANT_NURSE]
            named[person.no] = nurses[0]
            first = nurses[:1]
        # A protected home is known by all who come there, and by nobody else.
        most = len(ranked) if person.is_protected else KNOWN
        callers = [no for no, _ in calls[person.no].most_common(6)]
        known[person.no] = tuple(dict.fromkeys([*first, *ranked[:most], *callers]))
    return known, named
