"""Who can sign in to the demo: every role, in every group."""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from care.accounts import Role
from care.demo.places import AREAS, NIGHT
from care.demo.roster import CYCLE
from care.demo.town import Town
from care.demo.workers import NIGHT as NIGHT_AREA
from care.demo.workers import Worker
from care.staff import Title

#: Care workers of each group who can sign in: chosen so that one of them is mostly at work.
CARE_WORKERS = 3
_PLAIN = str.maketrans("åäöéáí", "aaoeai")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account. `group` is the home group's name, None for those who serve all."""

    id: UUID
    role: Role
    username: str
    display_name: str
    worker: int | None
    group: str | None
    #: Where the role holds: places in `Town.groups`; empty: everywhere.
    groups: tuple[int, ...]


def accounts(town: Town) -> list[DemoAccount]:
    """Every account, the care workers of each group first."""
    made: list[DemoAccount] = []
    for area in range(len(AREAS)):
        for worker in _at_work_most(town, area):
            made.append(_account(town, made, Role.CARE_WORKER, worker, (area,)))
    night = next(w for w in town.workers if w.area == NIGHT_AREA and w.delegated)
    made.append(_account(town, made, Role.CARE_WORKER, night, (NIGHT_AREA,)))
    for worker in town.workers:
        if worker.title is Title.COORDINATOR:
            # Two are shared by Gällö and Kälarne, Bräcke has its own.
            made.append(_account(town, made, Role.COORDINATOR, worker, (0,) if worker.area == 0 else (1, 2)))
        elif worker.title is Title.UNIT_MANAGER:
            made.append(_account(town, made, Role.UNIT_MANAGER, worker, (worker.area,)))
    for title, role in (
        (Title.NURSE, Role.LICENSED_PROFESSIONAL),
        (Title.NEEDS_ASSESSOR, Role.NEEDS_ASSESSOR),
    ):
        made.append(_account(town, made, role, next(w for w in town.workers if w.title is title), ()))
    made.append(
        DemoAccount(town.made("account", "admin"), Role.ADMINISTRATOR, "admin", "Administratör",
                    None, None, ())
    )  # fmt: skip
    return made


def _at_work_most(town: Town, area: int) -> list[Worker]:
    """Care workers who make calls, of whom one is at work as often as can be."""
    able = [
        w
        for w in town.workers
        # A substitute has no list of the group's, which a demo is shown by.
        if w.area == area and w.in_care and w.may_video and w.title is not Title.OTHER and not w.substitute
    ]
    turns = [town.roster.at_work(day) for day in range(CYCLE)]
    covered: set[tuple[int, str]] = set()
    chosen: list[Worker] = []
    for _ in range(CARE_WORKERS):
        best = max(
            (w for w in able if w not in chosen),
            key=lambda w: (
                len({(d, k[w.no].value) for d, k in enumerate(turns) if w.no in k} - covered),
                -w.no,
            ),
        )
        chosen.append(best)
        covered |= {(day, kinds[best.no].value) for day, kinds in enumerate(turns) if best.no in kinds}
    return chosen


def _account(
    town: Town, made: list[DemoAccount], role: Role, worker: Worker, groups: tuple[int, ...]
) -> DemoAccount:
    group = (AREAS[worker.area].name if worker.area < len(AREAS) else NIGHT) if groups else None
    place = {"Bräcke": "bracke", "Gällö": "gallo", "Kälarne": "kalarne", NIGHT: "natt"}.get(
        group or "", "kommun"
    )
    base = worker.first.lower().translate(_PLAIN).replace("-", "")
    taken = {account.username for account in made}
    username = next(
        name
        for name in (f"{base}.{place}", f"{base}.{worker.last.lower().translate(_PLAIN)}.{place}")
        if name not in taken
    )
    return DemoAccount(
        town.made("account", worker.no),
        role,
        username,
        f"{worker.first} {worker.last}",
        worker.no,
        group,
        groups,
    )


def password(secret: bytes, username: str) -> str:
    """A password that stays the same as long as the data folder's `secret` does: three groups of four."""
    digest = b32encode(hmac.new(secret, username.encode(), "sha256").digest()).decode().lower()
    return "-".join(digest[i : i + 4] for i in (0, 4, 8))


def account_rows(
    town: Town, hash_password: Callable[[str], str], password_of: Callable[[str], str]
) -> dict[str, list[dict[str, Any]]]:
    """Rows of accounts and roles. Hashing is slow by design: about twenty of them."""
    people, roles = [], []
    for account in accounts(town):
        people.append(
            {
                "id": account.id,
                "username": account.username,
                "password_hash": hash_password(password_of(account.username)),
                "staff_id": town.workers[account.worker].id if account.worker is not None else None,
                "display_name": account.display_name,
                "language": "sv",
                "disabled_at": None,
                "created_at": town.since,
            }
        )
        roles += [
            {
                "id": town.made("role", account.username, group),
                "account_id": account.id,
                "role": account.role,
                "group_id": town.groups[group] if group is not None else None,
            }
            for group in account.groups or (None,)
        ]
    return {"account": people, "account_role": roles}
