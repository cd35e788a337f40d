"""The 103 who work in the groups and on the night patrol, and the office around them (domain 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from care.demo import names
from care.demo.draw import made_id, stream
from care.demo.places import AREAS, NIGHT_DELEGATED, NIGHT_STAFF
from care.staff import Title

NIGHT = len(AREAS)
#: Of the 103: 70 % assistant nurses, 25 % care assistants, 5 % other.
TITLES = ((Title.ASSISTANT_NURSE, 72), (Title.CARE_ASSISTANT, 26), (Title.OTHER, 5))
#: Two coordinators are shared by Gällö and Kälarne; Bräcke has its own.
OFFICE = (
    (Title.UNIT_MANAGER, 0), (Title.UNIT_MANAGER, 1), (Title.UNIT_MANAGER, 2),
    (Title.COORDINATOR, 0), (Title.COORDINATOR, 1), (Title.COORDINATOR, 2),
    (Title.NURSE, 0), (Title.NURSE, 0), (Title.NURSE, 1), (Title.NURSE, 1), (Title.NURSE, 2),
    (Title.NEEDS_ASSESSOR, 0), (Title.NEEDS_ASSESSOR, 1), (Title.NEEDS_ASSESSOR, 2),
)  # fmt: skip
#: Workers in each group who have practised calls; the digital shift is theirs, so that faces stay known.
DIGITAL_TEAM = (5, 4, 4)


@dataclass(frozen=True, slots=True)
class Worker:
    """One member of staff. `area` is the group's place in `AREAS`, or `NIGHT`; `team` one in the group."""

    no: int
    id: UUID
    first: str
    last: str
    title: Title
    area: int
    team: int | None
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    may_video: bool
    delegated: bool
    portrait: str | None
    substitute: bool
    phone: str

    @property
    def in_care(self) -> bool:
        return self.title in (Title.ASSISTANT_NURSE, Title.CARE_ASSISTANT, Title.OTHER)


def make_workers(seed: int, since: datetime) -> list[Worker]:
    """Everybody, in a fixed order: the groups, the night patrol, the office."""
    random = stream(seed, "workers")
    people, pictures = _names(random), _Pictures()
    sizes = [area.staff for area in AREAS] + [NIGHT_STAFF]
    delegated = [area.delegated for area in AREAS] + [NIGHT_DELEGATED]
    titles = [title for title, count in TITLES for _ in range(count)]
    random.shuffle(titles)
    workers: list[Worker] = []
    for area, size in enumerate(sizes):
        mine = titles[len(workers) : len(workers) + size]
        # Delegations go to assistant nurses first.
        order = sorted(range(size), key=lambda i: (mine[i] is not Title.ASSISTANT_NURSE, random.random()))
        with_delegation = set(order[: delegated[area]])
        no_video = set(random.sample(range(size), size // 12))
        callers = [i for i in range(size) if i not in no_video]
        digital = set() if area == NIGHT else set(random.sample(callers, DIGITAL_TEAM[area]))
        loose = set(random.sample([i for i in range(size) if i not in digital], max(1, size // 12)))
        for i in range(size):
            first, last, languages = next(people)
            no = len(workers)
            workers.append(
                Worker(
                    no,
                    made_id(since, seed, "staff", no),
                    first,
                    last,
                    mine[i],
                    area,
                    None if area == NIGHT else i % AREAS[area].small_teams,
                    languages,
                    _skills(random, i in digital),
                    i not in no_video,
                    i in with_delegation,
                    pictures.take(first, random.random() < 0.88),
                    i in loose,
                    names.phone(no),
                )
            )
    for title, area in OFFICE:
        first, last, languages = next(people)
        no = len(workers)
        workers.append(
            Worker(no, made_id(since, seed, "staff", no), first, last, title, area, None, languages, (), True,
                   False, pictures.take(first, True), False, names.phone(no))
        )  # fmt: skip
    return workers


class _Pictures:
    """Deals the drawn faces out: ``worker-000`` to ``-079`` are women, ``-080`` to ``-119`` men."""

    def __init__(self) -> None:
        self.women, self.men = iter(range(80)), iter(range(80, 120))

    def take(self, first: str, shown: bool) -> str | None:
        """A face of its own, or None when it may not be shown (or none is left): initials stand instead."""
        number = next(self.men if first in names.STAFF_MEN else self.women, None) if shown else None
        return None if number is None else f"worker-{number:03d}"


def _names(random: Random) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Pairs of names that do not repeat, with the languages that go with them."""
    seen: set[tuple[str, str]] = set()
    while True:
        batch = list(names.STAFF_FIRST)
        random.shuffle(batch)
        for first, language in batch:
            lasts = names.STAFF_SURNAMES_FROM_ELSEWHERE[language] if language else names.STAFF_SURNAMES
            last = random.choice(lasts)
            if (first, last) in seen:
                continue
            seen.add((first, last))
            more = ("en",) if random.random() < 0.3 and language != "en" else ()
            yield first, last, ("sv", *((language,) if language else ()), *more)


def _skills(random: Random, digital: bool) -> tuple[str, ...]:
    skills = ["digital"] if digital else []
    skills += [word for word, share in (("demens", 0.3), ("palliativ", 0.12), ("förflyttning", 0.4))
               if random.random() < share]  # fmt: skip
    return tuple(skills)
