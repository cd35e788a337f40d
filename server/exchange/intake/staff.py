"""Staff into the record. The file's word goes for what it says; skills, teams and accounts are ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.ids import new_id
from care.staff import Delegation, Staff, Title
from server.exchange.intake.changes import Changes
from server.exchange.intake.directory import directory_of
from server.exchange.intake.importer import Importer
from server.exchange.intake.town import Town, town_of
from server.exchange.kinds.staff import DELEGATION, StaffRow
from server.exchange.validation import Checked

#: A delegation is given for a year at most (HSLF-FS 2017:37).
_DELEGATED = timedelta(days=365)
_MEDICATION = "medication"


async def plan(
    session: AsyncSession, rows: Sequence[Checked[StaffRow]], importer: Importer, changes: Changes
) -> None:
    """Compare the staff with `rows`."""
    town = await town_of(session, importer, changes)
    directory = await directory_of(session, Staff, importer.source)
    people = {one.id: one for one in await session.scalars(select(Staff))}
    delegations = {
        one.staff_id: one
        for one in await session.scalars(select(Delegation).where(Delegation.kind == _MEDICATION))
        if one.holds(importer.today)
    }
    for one in rows:
        found = directory.find(one.row.extern_id, own_source_only=importer.own_source_only)
        held = people[found].group_id if found is not None else None
        if not town.admits(one.row.group, one.line, changes, now_in=held):
            continue
        if found is None:
            town.check_new_people()
            if not _may_delegate(one, False, importer, changes):
                continue
            _insert(one, town, importer, changes)
            continue
        person = people[found]
        said = _said(one, town, changes)
        if not _may_delegate(one, delegations.get(found) is not None, importer, changes):
            continue
        changed = {name: value for name, value in said.items() if getattr(person, name) != value}
        if changed:
            changes.update(Staff, found, changed)
        delegated = _delegate(found, one.row.delegated, delegations.get(found), importer, changes)
        if changed or delegated:
            changes.updated += 1
        else:
            changes.unchanged += 1


def _insert(one: Checked[StaffRow], town: Town, importer: Importer, changes: Changes) -> None:
    staff_id = new_id()
    # Without a title somebody is no undersköterska: the title is protected.
    values = {"title": Title.OTHER, "languages": ["sv"], **_said(one, town, changes)}
    changes.insert(Staff, id=staff_id, source=importer.source, extern_id=one.row.extern_id, **values)
    _delegate(staff_id, one.row.delegated, None, importer, changes)
    changes.imported += 1


def _said(one: Checked[StaffRow], town: Town, changes: Changes) -> dict[str, Any]:
    row = one.row
    said: dict[str, Any] = {
        "first_name": row.first_name,
        "last_name": row.last_name,
        "group_id": town.group(row.group, one.line, changes),
    }
    if row.title is not None:
        said["title"] = row.title
    if row.may_video is not None:
        said["may_video"] = row.may_video
    if row.languages:
        said["languages"] = list(row.languages)
    return said


def _may_delegate(one: Checked[StaffRow], is_held: bool, importer: Importer, changes: Changes) -> bool:
    """Whether the line leaves delegations as they are, or comes from whom may change them; else refused."""
    said = one.row.delegated
    if said is None or said == is_held or importer.reach.delegates:
        return True
    changes.refuse(
        one.line,
        DELEGATION,
        Fault(
            "import.delegation",
            "En delegering beslutas av en sjuksköterska. Lämna rutan tom, "
            "eller be en administratör att läsa in den.",
        ),
    )
    return False


def _delegate(
    staff_id: UUID, said: bool | None, held: Delegation | None, importer: Importer, changes: Changes
) -> bool:
    """Give or end the delegation for medicine; True when it changed."""
    if said is None or said == (held is not None):
        return False
    if held is not None:
        changes.update(Delegation, held.id, {"valid_to": importer.today - timedelta(days=1)})
    else:
        changes.insert(
            Delegation,
            id=new_id(),
            staff_id=staff_id,
            kind=_MEDICATION,
            valid_from=importer.today,
            valid_to=importer.today + _DELEGATED,
        )
    return True
