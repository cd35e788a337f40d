"""The whole town, made once from a seed and a first day: everything that does not change from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from uuid import UUID

from care.demo.acquaintance import Acquaintance
from care.demo.catalogue import CATALOGUE
from care.demo.clients import Person, make_clients
from care.demo.cycle import Cycle, make_cycle
from care.demo.draw import made_id
from care.demo.homes import Homes, make_homes
from care.demo.orders import make_orders
from care.demo.places import AREAS
from care.demo.roster import EPOCH, Roster, make_roster
from care.demo.workers import Worker, make_workers
from care.localtime import at
from care.staff import Title


@dataclass(frozen=True, eq=False)
class Town:
    """People and homes, and (made when first asked for) the plan that comes round."""

    seed: int
    first_day: date
    #: When everything that "has been so for long" began.
    since: datetime
    workers: tuple[Worker, ...]
    roster: Roster
    people: tuple[Person, ...]
    homes: Homes

    @property
    def active(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.profile)

    def made(self, *key: object) -> UUID:
        """The id of something that was there from the beginning."""
        return made_id(self.since, self.seed, *key)

    @cached_property
    def municipality(self) -> UUID:
        return self.made("municipality")

    @cached_property
    def groups(self) -> tuple[UUID, ...]:
        """By place in `AREAS`; the last is the night patrol."""
        return tuple(self.made("group", area) for area in range(len(AREAS) + 1))

    @cached_property
    def teams(self) -> dict[tuple[int, int], UUID]:
        """(place of the group, place in the group) → id."""
        return {
            (area, team): self.made("team", area, team)
            for area, frame in enumerate(AREAS)
            for team in range(frame.small_teams)
        }

    @cached_property
    def services(self) -> dict[str, UUID]:
        return {entry.code: self.made("service", entry.code) for entry in CATALOGUE}

    @cached_property
    def cycle(self) -> Cycle:
        """The plan. Laying it takes some seconds."""
        nurses = [worker.no for worker in self.workers if worker.title is Title.NURSE]
        orders = make_orders(self.seed, self.people, self.homes, nurses)
        return make_cycle(self.seed, self.people, self.workers, orders, self.roster)

    @cached_property
    def rules(self) -> tuple[UUID, ...]:
        """Rule ids by order number."""
        return tuple(self.made("rule", order.no) for order in self.cycle.orders)

    @cached_property
    def acquaintance(self) -> Acquaintance:
        return Acquaintance(self.seed, self.people, self.workers, self.homes, self.cycle)


@lru_cache(maxsize=4)
def make_town(seed: int, first_day: date) -> Town:
    """The town of `seed`, as old on `first_day` as it is to be."""
    since = at(first_day - timedelta(days=400), time(12))
    workers = make_workers(seed, since)
    people = make_clients(seed, first_day, since)
    homes = make_homes(seed, people)
    return Town(seed, first_day, since, tuple(workers), make_roster(seed, workers), tuple(people), homes)


def anchor(day: date) -> date:
    """The Monday at or before `day` on which a fortnight of the plan begins."""
    return day - timedelta(days=(day - EPOCH).days % 14)
