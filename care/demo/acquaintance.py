"""Who knows whom: each client's known staff in order, and their named care worker."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from care.contacts.channel import Channel
from care.demo.clients import Person
from care.demo.cycle import Cycle
from care.demo.draw import stream
from care.demo.homes import Homes
from care.demo.workers import Worker
from care.staff import Title

#: Clients without a named care worker, and why.
UNNECESSARY, DECLINED = 5, 3
#: How many of those who come most are known, and how many of those who call.
KNOWN, CALLERS = 6, 6


class Acquaintance:
    """Read off the plan: whoever comes most is best known.

    Attributes
    ----------
    known
        Client number → worker numbers, best known first (the named care worker).
    named
        Client number → worker number, or the reason why there is none.
    """

    def __init__(
        self,
        seed: int,
        people: Sequence[Person],
        workers: Sequence[Worker],
        homes: Homes,
        cycle: Cycle,
    ) -> None:
        self.people, self.workers = people, workers
        met: dict[int, Counter[int]] = defaultdict(Counter)
        calls: dict[int, Counter[int]] = defaultdict(Counter)
        for rows in cycle.rows:
            for row in rows:
                order = cycle.orders[row.order]
                if order.channel in (Channel.PHYSICAL, Channel.VIDEO):
                    met[order.person].update(row.staff)
                if order.channel is Channel.VIDEO:
                    calls[order.person].update(row.staff)
        without = self._without(seed, homes)
        self.known: dict[int, tuple[int, ...]] = {}
        self.named: dict[int, int | str] = {}
        for person in people:
            if person.profile:
                ranked = self._ranked(person, met[person.no])
                first = [] if person.no in without else [self._nurse(person, ranked)]
                self.named[person.no] = first[0] if first else without[person.no]
                # A protected home is known by all who come there, and by nobody else.
                most = len(ranked) if person.is_protected else KNOWN
                callers = [no for no, _ in calls[person.no].most_common(CALLERS)]
                self.known[person.no] = tuple(dict.fromkeys([*first, *ranked[:most], *callers]))

    def _without(self, seed: int, homes: Homes) -> dict[int, str]:
        """Clients without a named care worker: of the lightest, and of those who want none."""
        random = stream(seed, "known")
        open_ = [p for p in self.people if not p.is_protected and p.no not in homes.tablets]
        light = [p.no for p in open_ if p.profile == "A"]
        daily = [p.no for p in open_ if p.profile == "B"]
        return dict.fromkeys(random.sample(light, UNNECESSARY), "obviously_unnecessary") | dict.fromkeys(
            random.sample(daily, DECLINED), "declined"
        )

    def _ranked(self, person: Person, met: Counter[int]) -> list[int]:
        """Those who come, most often first; of equals, the small team's own."""
        return sorted(met, key=lambda no: (-met[no], self.workers[no].team != person.team, no))

    def _nurse(self, person: Person, ranked: Sequence[int]) -> int:
        """The best known assistant nurse: the law asks for that title."""
        of_group = [w.no for w in self.workers if w.area == person.area and w.in_care]
        return next(no for no in (*ranked, *of_group) if self.workers[no].title is Title.ASSISTANT_NURSE)
