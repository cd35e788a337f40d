"""Sends what `care.alerts` holds: once, tried again with pauses, and never in anybody's way.

The truth is in the table. A try is claimed before it is made, with a time after which it counts as dead, so
that a process that is killed in the middle loses nothing: the next one sends again under the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from aiohttp import ClientSession, DummyCookieJar
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account
from care.alerts import Alert, AlertEnd, AlertWish
from care.clock import Clock
from care.errors import Fault
from care.ids import new_id
from care.outbox import OutboxEvent
from care.storage.database import Database
from care.tasks import TaskKind, open_task
from server.alerts import words
from server.alerts.ways import Message, NotSentError, Way
from server.background import ended
from server.language import translations

log = logging.getLogger("samtid.alerts")

#: Seconds until the next try, after each one that failed; after the last there is no more by that way.
PAUSES = (5, 20, 60, 180)
#: A try that has not been heard of for so long beyond its time limit is dead.
DEAD_AFTER = timedelta(seconds=30)
#: Seconds between two looks when nothing wakes us.
LOOK_EVERY = 2.0
#: Sent at the same time.
AT_ONCE = 20
#: Somebody tells whom it did not reach within so long.
TOLD_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """One try of ours."""

    id: UUID
    group_id: UUID
    way: Way
    tries: int
    message: Message


def _due(clock: Clock) -> tuple[ColumnElement[bool], ...]:
    return Alert.next_try_at <= clock.now(), Alert.ended_at.is_(None)


class Sender:
    """One a process, where a way out is set up. ``await start()``, ``await stop()``."""

    def __init__(self, database: Database, clock: Clock, ways: Sequence[Way], link: str) -> None:
        if not ways:
            raise ValueError("a sender needs a way out")
        self._database, self._clock, self._ways, self._link = database, clock, list(ways), link
        self._session: ClientSession | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        longest = max(way.timeout for way in ways)
        self._lease = timedelta(seconds=longest) + DEAD_AFTER

    async def start(self) -> None:
        self.open()
        self._task = asyncio.create_task(self._run(), name="alerts")

    def open(self) -> None:
        """Ready to send, without looking by itself."""
        self._session = ClientSession(cookie_jar=DummyCookieJar(), trust_env=False)

    async def stop(self) -> None:
        await ended(self._task)
        if self._session is not None:
            await self._session.close()

    async def hear(self, event: OutboxEvent) -> None:  # noqa: ARG002 - a listener of `server.events`
        """Something has been written: look at once."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                while await self.turn():
                    pass
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("messages could not be sent; trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY)
            self._wake.clear()

    async def turn(self) -> int:
        """Try everything whose turn it is, at most `AT_ONCE`; how many were tried."""
        async with self._database.read() as session:
            due = await session.scalar(select(Alert.id).where(*_due(self._clock)).limit(1))
        if due is None:
            return 0
        async with self._database.write() as session:
            claimed = await self._claim(session)
        await asyncio.gather(*(self._try(one) for one in claimed))
        return len(claimed)

    async def _claim(self, session: AsyncSession) -> list[_Claimed]:
        now = self._clock.now()
        alerts = await session.scalars(
            select(Alert)
            .where(*_due(self._clock))
            .order_by(Alert.next_try_at, Alert.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        found = []
        for alert in alerts:
            wish = await session.scalar(
                select(AlertWish).where(
                    AlertWish.staff_id == alert.staff_id, AlertWish.verified_at.is_not(None)
                )
            )
            if wish is None or now > alert.until:
                # Nobody is to be told any more, or it is too late to be of use.
                alert.next_try_at, alert.problem = None, "late" if wish else "no_wish"
                alert.ended_at, alert.end = now, AlertEnd.OVER
                continue
            language = await session.scalar(
                select(Account.language)
                .where(Account.staff_id == alert.staff_id, Account.disabled_at.is_(None))
                .limit(1)
            )
            way = next((one for one in self._ways if one.name == alert.way), self._ways[0])
            alert.way, alert.tries, alert.next_try_at = way.name, alert.tries + 1, now + self._lease
            say = translations(language or "sv").gettext
            message = Message(
                str(alert.id), alert.kind.value, wish.phone,
                self._linked(words.text(alert.kind, alert.facts, self._clock.zone, say)), self._link,
            )  # fmt: skip
            found.append(_Claimed(alert.id, alert.group_id, way, alert.tries, message))
        await session.flush()
        return found

    def _linked(self, text: str) -> str:
        return f"{text} {self._link}" if self._link else text

    async def _try(self, one: _Claimed) -> None:
        assert self._session is not None  # noqa: S101 - `open` has been called
        try:
            await one.way.send(self._session, one.message)
        except NotSentError as error:
            log.warning("message %s by %s, try %d: %s", one.id, one.way.name, one.tries, error.problem)
            async with self._database.write() as session:
                await self._failed(session, one, error)
            return
        async with self._database.write() as session:
            await session.execute(
                update(Alert)
                .where(Alert.id == one.id, Alert.sent_at.is_(None))
                .values(sent_at=self._clock.now(), next_try_at=None, problem=None)
            )

    async def _failed(self, session: AsyncSession, one: _Claimed, error: NotSentError) -> None:
        now, after = self._clock.now(), self._ways[self._ways.index(one.way) + 1 :]
        values: dict[str, object] = {"problem": error.problem}
        is_last = False
        if error.again and one.tries <= len(PAUSES):
            values["next_try_at"] = now + timedelta(seconds=PAUSES[one.tries - 1])
        elif after:
            values |= {"way": after[0].name, "tries": 0, "next_try_at": now}
        else:
            is_last = True
            values |= {"failed_at": now, "next_try_at": None}
        changed = await session.scalar(
            update(Alert)
            .where(Alert.id == one.id, Alert.sent_at.is_(None), Alert.ended_at.is_(None))
            .values(**values)
            .returning(Alert.id)
        )
        if is_last and changed is not None:
            # One for the group while it stands: when the way out is broken, everything fails together.
            await open_task(
                session, TaskKind.ALERT_FAILED, group_id=one.group_id, at=now, deadline=now + TOLD_WITHIN,
                once_key=f"{TaskKind.ALERT_FAILED.value}:{one.group_id}", facts={"problem": error.problem},
            )  # fmt: skip

    async def send_now(self, kind: str, phone: str, text: str) -> None:
        """One message that somebody waits for on a page, by the first way that takes it.

        Raises `Fault` ``alert.not_sent`` (422).
        """
        assert self._session is not None  # noqa: S101 - `open` has been called
        message = Message(str(new_id()), kind, phone, text, self._link)
        for way in self._ways:
            try:
                await way.send(self._session, message)
            except NotSentError as error:
                log.warning("message of kind %s by %s: %s", kind, way.name, error.problem)
            else:
                return
        raise Fault(
            "alert.not_sent",
            "Meddelandet gick inte att skicka. Försök igen om en stund, eller säg till den som sköter "
            "Samtid.",
            place="phone",
        )
