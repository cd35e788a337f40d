"""Planting the demo in an empty database: sixty days gone by, today, and fourteen ahead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.life import Status
from care.demo.absences import LONGEST, absences
from care.demo.accounts import account_rows
from care.demo.day import Rows, assignment_rows, contact_row, empty, entries, line_rows
from care.demo.devices import device_rows
from care.demo.dossiers import Seal, dossiers
from care.demo.hours import Hours
from care.demo.past import Past, old_tablets, pretended_tablets, tell, under_way
from care.demo.pulse import asked, client_pulse, staff_pulse
from care.demo.register import register
from care.demo.roster import HOURS
from care.demo.rules import rule_rows
from care.demo.shifts import Duty, shift_rows
from care.demo.town import Town, make_town
from care.errors import Fault
from care.localtime import SWEDEN
from care.municipality import Municipality
from care.storage.database import Database
from care.storage.tables import metadata
from care.ticks import Tick

HISTORY, AHEAD = 60, 14
SEED = 20250601
#: How far the demo has been filled stands in the tick table under this name.
FILLED = "demo"
#: Tables in the order in which they may be filled.
ORDER = [table.name for table in metadata.sorted_tables]
_BATCH = 2000
#: Told after each day: days so far, days in all.
Progress = Callable[[int, int], None]


async def plant(
    database: Database,
    *,
    now: datetime,
    seal: Seal,
    hash_password: Callable[[str], str],
    password_of: Callable[[str], str],
    seed: int = SEED,
    history: int = HISTORY,
    progress: Progress | None = None,
) -> Town:
    """Fill an empty, migrated database with the demo as it is at `now`.

    Parameters
    ----------
    seal
        Seals a personal number for a client id: ``lambda text, about: vault.seal(text, about=str(about))``.
    hash_password, password_of
        Hashes a password; the password of a username (see `care.demo.accounts.password`).
    history
        Days gone by. Fewer are quicker where only today matters, more show how the program grows.
    progress
        Told after each day: days so far, days in all.

    Raises
    ------
    Fault
        ``demo.not_empty`` (409) when there is a municipality already: demo people share no database with
        real ones.

    All in one transaction: a demo is either whole or not there.
    """
    town = make_town(seed, now.astimezone(SWEDEN).date())
    async with database.write() as session:
        if await session.scalar(select(Municipality.id).limit(1)) is not None:
            raise Fault(
                "demo.not_empty", "Databasen är inte tom. Demon behöver en egen datamapp.", status=409
            )
        await load(session, frame(town, now, seal, history))
        await load(session, account_rows(town, hash_password, password_of))
        for done, rows in enumerate(days(town, now, history), start=1):
            await load(session, rows)
            if progress is not None:
                progress(done, history + 1 + AHEAD)
        session.add(Tick(name=FILLED, last_run_at=now, done_until=now))
    return town


async def load(session: AsyncSession, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Insert rows by table, in batches, in the order that foreign keys ask for."""
    for name in sorted(rows, key=ORDER.index):
        table: Table = metadata.tables[name]
        for start in range(0, len(rows[name]), _BATCH):
            await session.execute(insert(table), rows[name][start : start + _BATCH])


def frame(town: Town, now: datetime, seal: Seal, history: int = HISTORY) -> dict[str, list[dict[str, Any]]]:
    """Everything that is not a day: the register, the clients, the rules, the tablets, who has been away."""
    first, last = span(town.first_day, history)
    away = absences(town, first - timedelta(days=LONGEST), town.first_day)
    return {
        **register(town),
        **dossiers(town, seal),
        **rule_rows(town, first, last),
        **device_rows(town, now),
        "client_absence": [one.row(now) for one in away if one.start <= now and one.end > Hours(first)(0)],
    }


def span(today: date, history: int = HISTORY) -> tuple[date, date]:
    """First and last day with rows."""
    return today - timedelta(days=history), today + timedelta(days=AHEAD)


def days(town: Town, now: datetime, history: int = HISTORY) -> Iterator[Rows]:
    """The rows of each day in turn, with what has become of them at `now`."""
    today = town.first_day
    first, last = span(today, history)
    away = [one for one in absences(town, first - timedelta(days=LONGEST), today) if one.start <= now]
    past = Past(town, now, away, pretended_tablets(town), old_tablets(town), absences_until=today)
    for number in range((last - first).days + 1):
        yield _day(past, first + timedelta(days=number))


def _day(past: Past, day: date) -> Rows:
    town, hours, who = past.town, Hours(day), past.duty(day)
    rows = empty()
    rows["shift"] = shift_rows(town, who, hours)
    for order, entry in entries(town, day, who, hours):
        columns: dict[str, Any] = {}
        row = contact_row(town, order, entry, hours)
        if past.has_passed(entry):
            columns = tell(past, rows, entry, town.people[order.person].ring, order.area)
        elif entry.start <= past.now:
            columns = under_way(past, entry)
        columns.pop("staff", None)
        rows["planned_contact"].append(row | columns)
        rows["contact_line"] += line_rows(town, order, entry)
        rows["assignment"] += assignment_rows(town, entry)
    pulses(past, rows, day, who, _talked(rows))
    return rows


def _talked(rows: Rows) -> list[Any]:
    return [
        (row["client_id"], row["group_id"])
        for row in rows["planned_contact"]
        if row["channel"] is Channel.VIDEO and row["status"] is Status.DONE
    ]


def pulses(past: Past, rows: Rows, day: date, who: Duty, talked: list[Any]) -> None:
    """The pulse of a day, of those who had a call and those whose shift has ended."""
    town, hours = past.town, Hours(day)
    ended = [
        (town.workers[turn.worker].id, town.groups[town.workers[turn.worker].area])
        for turn in who.turns
        if not turn.absent and hours(HOURS[turn.kind][1]) <= past.now
    ]
    rows["client_pulse"] += client_pulse(town.seed, day, talked)
    rows["staff_pulse"] += staff_pulse(town.seed, day, ended)
    if day == past.now.astimezone(SWEDEN).date():
        rows["client_pulse_asked"] += asked(
            town.seed, day, "client_pulse_asked", [client for client, _ in talked]
        )
        rows["staff_pulse_asked"] += asked(
            town.seed, day, "staff_pulse_asked", [worker for worker, _ in ended]
        )


def fingerprint(town: Town, now: datetime, history: int = HISTORY) -> str:
    """SHA-256 of every row of the demo at `now`, secrets aside: the same for the same seed and time."""
    digest = hashlib.sha256()

    def plain(text: str, _about: object) -> bytes:
        return text.encode()

    for part in (frame(town, now, plain, history), *days(town, now, history)):
        for name in sorted(part):
            for row in part[name]:
                digest.update(f"{name}:{sorted(row.items())}\n".encode())
    return digest.hexdigest()
