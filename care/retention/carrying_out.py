"""Doing what was approved: to the archive first, then away, a few people at a time.

Each person is looked at again: who has had a note since the list was drawn up is left alone. A run that was
interrupted goes on where it was; what is archived twice has a file of its own each time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access import chain
from care.access.emergency import EmergencyOpening
from care.access.log import AccessLog
from care.clients import CareScope, Client, Protection
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.errors import stale
from care.retention.alone import alone
from care.retention.belongings import gather, remove, rows_of
from care.retention.due import ERASED, Due, DueKind, find_due, is_social_only, log_limit
from care.retention.run import RetentionRun, RunState
from care.storage.database import Database

#: People in one transaction.
TOGETHER = 5

Unseal = Callable[[bytes, UUID], str]


async def carry_out(
    database: Database, clock: Clock, run_id: UUID, folder: Path, unseal: Unseal
) -> RetentionRun:
    """Carry out the approved run; its record when it is done.

    `folder` gets the archive files (mode 0600), `unseal` opens a personal number for them.
    Raises `Fault` ``stale`` when the run is not approved, ``retention.busy`` while somebody carries one out.
    """
    async with alone(database):
        return await _carry_out(database, clock, run_id, folder, unseal)


async def _carry_out(
    database: Database, clock: Clock, run_id: UUID, folder: Path, unseal: Unseal
) -> RetentionRun:
    async with database.read() as session:
        run = await session.get(RetentionRun, run_id)
        if run is None or run.state is not RunState.APPROVED:
            raise stale("gallringen")
        listed = {(kind, client) for kind, client, _ in run.items}
        found = await find_due(session, clock.today())
    due = [one for one in found.due if (one.kind.value, str(one.client_id)) in listed]
    for start in range(0, len(due), TOGETHER):
        some = due[start : start + TOGETHER]
        await _archive_people(database, run_id, [one for one in some if one.is_preserved], folder, unseal)
        await _erase(database, run_id, some)
    await _archive_log(database, clock, run_id, folder, run.as_of)
    return await _finish(database, clock, run_id)


async def _belongings(session: AsyncSession, due: Due) -> dict[str, set[Any]]:
    if due.kind is DueKind.FILE:
        return await gather(session, "client", [due.client_id])
    ids = await session.scalars(
        select(PlannedContact.id).where(PlannedContact.client_id == due.client_id, is_social_only())
    )
    return await gather(session, "planned_contact", ids)


async def _archive_people(
    database: Database, run_id: UUID, due: Sequence[Due], folder: Path, unseal: Unseal
) -> None:
    if not due:
        return
    records = []
    async with database.read() as session:
        for one in due:
            client = await session.get_one(Client, one.client_id)
            found = {"client": {client.id}, **await _belongings(session, one)}
            for table, row in await rows_of(session, found):
                if row.get("personal_number_sealed"):
                    row["personal_number"] = unseal(row["personal_number_sealed"], client.id)
                row.pop("personal_number_sealed", None)
                records.append({"table": table, "row": row})
    await _written(database, run_id, folder, "files", records)


async def _written(database: Database, run_id: UUID, folder: Path, kind: str, records: Sequence[Any]) -> str:
    """Write a file that is safe on disk, and note it on the run; its SHA-256."""
    raw = b"".join(msgspec.json.encode(record, enc_hook=str) + b"\n" for record in records)
    checksum = hashlib.sha256(raw).hexdigest()
    name = f"{run_id}-{kind}-{checksum[:12]}.jsonl"
    _store(folder, name, raw)
    async with database.write() as session:
        run = await session.get_one(RetentionRun, run_id)
        if all(one["name"] != name for one in run.archives):
            note = {"name": name, "sha256": checksum, "records": len(records)}
            run.archives = [*run.archives, note]
    return checksum


def _store(folder: Path, name: str, raw: bytes) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


async def _erase(database: Database, run_id: UUID, due: Sequence[Due]) -> None:
    async with database.write() as session:
        run = await session.get_one(RetentionRun, run_id)
        result = {"erased": 0, "archived": 0, "rows": 0, **run.result}
        for one in due:
            found = await _belongings(session, one)
            found.pop("client", None)
            rows = await remove(session, found)
            if one.kind is DueKind.FILE:
                await _nobody(session, one.client_id)
                rows += 1
            result["archived" if one.is_preserved else "erased"] += 1
            result["rows"] += rows
        run.result = result


async def _nobody(session: AsyncSession, client_id: UUID) -> None:
    """Take the person away; while the access log points at it, an id without a person stays."""
    if not await _is_pointed_at(session, client_id):
        await session.execute(delete(Client).where(Client.id == client_id))
        return
    client = await session.get_one(Client, client_id)
    for column in Client.__table__.columns:
        if column.name in {"id", "group_id"}:
            continue
        if column.nullable:
            setattr(client, column.name, None)
        elif isinstance(column.type, String) and column.default is None:
            setattr(client, column.name, "")
        elif column.default is not None and column.default.is_scalar:
            setattr(client, column.name, column.default.arg)
    client.source, client.care_scope, client.protection = ERASED, CareScope.ENDED, Protection.NONE
    await session.flush()


async def _is_pointed_at(session: AsyncSession, client_id: UUID) -> bool:
    for table in (AccessLog, EmergencyOpening):
        if await session.scalar(select(table.id).where(table.client_id == client_id).limit(1)) is not None:
            return True
    return False


async def _archive_log(database: Database, clock: Clock, run_id: UUID, folder: Path, as_of: date) -> None:
    """The beginning of the access log, older than five years: to a file, then out of the database."""
    limit: datetime = log_limit(as_of)
    async with database.read() as session:
        rows = (
            await session.execute(
                select(AccessLog.__table__).where(AccessLog.at < limit).order_by(AccessLog.seq)
            )
        ).mappings()
        records = [{"table": "access_log", "row": dict(row)} for row in rows]
    if not records:
        return
    checksum = await _written(database, run_id, folder, "access-log", records)
    async with database.write() as session:
        run = await session.get_one(RetentionRun, run_id)
        gone = await chain.archive(
            session, limit, now=clock.now(), checksum=checksum, account_id=run.approved_by_id
        )
        run.result = {**run.result, "log": run.result.get("log", 0) + gone}


async def _finish(database: Database, clock: Clock, run_id: UUID) -> RetentionRun:
    async with database.write() as session:
        run = await session.get_one(RetentionRun, run_id)
        result = {"erased": 0, "archived": 0, "rows": 0, "log": 0, **run.result}
        result["skipped"] = len(run.items) - result["erased"] - result["archived"]
        run.result, run.state, run.done_at = result, RunState.DONE, clock.now()
        # Ids that nothing points at any more.
        for client_id in await session.scalars(select(Client.id).where(Client.source == ERASED)):
            if not await _is_pointed_at(session, client_id):
                await session.execute(delete(Client).where(Client.id == client_id))
    return run
