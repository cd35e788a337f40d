"""The chain of the access log: each entry carries the hash of the one before it, so that a change shows.

The hash of an entry is SHA-256 over a JSON list: its place, the hash before it, and its fields in the order
of `FIELDS`; instants as UTC with microseconds, ids as text. An entry that is changed, taken away or put in
between no longer fits what follows. Whoever cuts off the end, or writes all of it anew with the database's
own password, leaves a chain that is whole in itself: note the head now and then (``samtid log --verify``
prints it) and compare (``--head``).

An entry gets its place when the transaction ends, because only then is it known to be written, and the lock
that lets one transaction at a time write is held for a moment only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, event, func, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from care.access.log import AccessArchive, AccessLog
from care.errors import Fault
from care.ids import new_id

#: What an entry says, in the order it is hashed. Never changed: old entries must go on being right.
FIELDS = (
    "id", "at", "account_id", "device_id", "role", "relation", "group_id", "client_id", "action", "thing",
    "purpose", "allowed", "where", "address",
)  # fmt: skip
BEGINNING = "0" * 64
#: Logs are kept for at least five years (L6).
KEPT = timedelta(days=5 * 365 + 2)
#: Lets one transaction at a time append on PostgreSQL; SQLite has one writer anyway.
_LOCK = 0x5A_4D_4C_47
_WAITING = "access_log"
_PORTION = 2000


def digest(seq: int, previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of an entry at place `seq` after the one whose hash is `previous`."""
    said = [seq, previous, *(_plain(entry[name]) for name in FIELDS)]
    raw = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


async def append(session: AsyncSession, entries: Sequence[Mapping[str, Any]]) -> None:
    """Append whole `entries` now, in the caller's transaction. Only bulk work needs it; others just add."""
    await session.run_sync(lambda inner: _append(inner, entries))


def _append(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    if not entries:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    seq, previous = _head(session)
    rows = []
    for entry in entries:
        seq += 1
        own = digest(seq, previous, entry)
        rows.append({**entry, "seq": seq, "previous": previous, "hash": own})
        previous = own
    session.execute(insert(cast(Table, AccessLog.__table__)), rows)


def _head(session: Session) -> tuple[int, str]:
    last = session.execute(
        select(AccessLog.seq, AccessLog.hash).order_by(AccessLog.seq.desc()).limit(1)
    ).first()
    if last is None:
        last = session.execute(
            select(AccessArchive.last_seq, AccessArchive.last_hash)
            .order_by(AccessArchive.last_seq.desc())
            .limit(1)
        ).first()
    return (last[0], last[1]) if last is not None else (0, BEGINNING)


_DEFAULTS: dict[str, Any] = {"purpose": "care", "allowed": True}


@event.listens_for(Session, "before_flush")
def _collect(session: Session, _context: Any, _instances: Any) -> None:
    """New entries wait beside the session until the transaction ends."""
    for one in list(session.new):
        if isinstance(one, AccessLog):
            given = inspect(one).dict
            entry = {name: given.get(name) for name in FIELDS}
            entry["id"] = entry["id"] or new_id()
            for name, value in _DEFAULTS.items():
                entry[name] = value if entry[name] is None else entry[name]
            session.expunge(one)
            session.info.setdefault(_WAITING, []).append(entry)


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return  # the outer one writes
    session.flush()
    _append(session, session.info.pop(_WAITING, []))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(_WAITING, None)


@dataclass(slots=True)
class Verdict:
    """What a look at the whole chain found.

    `faults` are ``(seq, word)``: ``changed`` (the entry does not fit its hash), ``missing`` (it is gone),
    ``broken`` (it does not fit the one before it), ``head`` (the head that was noted is not there).
    """

    entries: int = 0
    archived: int = 0
    head_seq: int = 0
    head_hash: str = BEGINNING
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults


async def verify(session: AsyncSession, *, noted: tuple[int, str] | None = None) -> Verdict:
    """Read the whole log and check every entry; `noted` is a head (place, hash) from an earlier time."""
    found = Verdict()
    expected, previous = 1, BEGINNING
    for archive in await session.scalars(select(AccessArchive).order_by(AccessArchive.first_seq)):
        if archive.first_seq != expected:
            found.faults.append((expected, "missing"))
        found.archived += archive.last_seq - archive.first_seq + 1
        expected, previous = archive.last_seq + 1, archive.last_hash
    is_noted = noted is None or noted[0] < expected
    while True:
        portion = (
            await session.execute(
                select(cast(Table, AccessLog.__table__))
                .where(AccessLog.seq >= expected)
                .order_by(AccessLog.seq)
                .limit(_PORTION)
            )
        ).mappings()
        rows = list(portion)
        if not rows:
            break
        for row in rows:
            if row["seq"] != expected:
                found.faults.append((expected, "missing"))
            elif row["previous"] != previous:
                found.faults.append((row["seq"], "broken"))
            if digest(row["seq"], row["previous"], dict(row)) != row["hash"]:
                found.faults.append((row["seq"], "changed"))
            if noted == (row["seq"], row["hash"]):
                is_noted = True
            expected, previous = row["seq"] + 1, row["hash"]
            found.entries += 1
    found.head_seq, found.head_hash = expected - 1, previous
    if noted is not None and not is_noted:
        found.faults.append((noted[0], "head"))
    return found


async def archive(
    session: AsyncSession, before: datetime, *, now: datetime, checksum: str, account_id: UUID | None = None
) -> int:
    """Let go of the entries before the instant `before`, which lie in a file with that SHA-256; how many.

    The one way out of the log: only its beginning, only what is older than five years, and the row that says
    so stays for ever.

    Raises `Fault` ``log.too_young``.
    """
    if before > now - KEPT:
        raise Fault("log.too_young", "Loggen ska finnas kvar i minst fem år.", place="before")
    kept = await session.scalar(select(func.min(AccessLog.seq)).where(AccessLog.at >= before))
    old = select(AccessLog.seq, AccessLog.hash).order_by(AccessLog.seq)
    if kept is not None:
        old = old.where(AccessLog.seq < kept)
    first = (await session.execute(old.limit(1))).first()
    last = (await session.execute(old.order_by(None).order_by(AccessLog.seq.desc()).limit(1))).first()
    if first is None or last is None:
        return 0
    session.add(
        AccessArchive(
            id=new_id(), at=now, first_seq=first[0], last_seq=last[0], last_hash=last[1],
            checksum=checksum, account_id=account_id,
        )
    )  # fmt: skip
    await session.flush()
    await session.execute(
        delete(AccessLog)
        .where(AccessLog.seq.between(first[0], last[0]))
        .execution_options(synchronize_session=False)
    )
    return int(last[0]) - int(first[0]) + 1
