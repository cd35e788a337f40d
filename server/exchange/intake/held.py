"""Rows of the plan as they stand, with their lines and staff, for comparison with a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.ids import read_id
from server.exchange.intake.importer import Importer


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the plan as it stands, with its lines and staff."""

    contact: PlannedContact
    lines: Sequence[ContactLine]
    assignments: Sequence[Assignment]

    @property
    def services(self) -> tuple[UUID, ...]:
        return tuple(line.service_id for line in self.lines)

    @property
    def staff(self) -> tuple[UUID, ...]:
        return tuple(one.staff_id for one in self.assignments)


async def sources_for(session: AsyncSession, importer: Importer) -> Sequence[str]:
    """The systems among whose rows an import looks for its own."""
    if importer.own_source_only:
        return (importer.source,)
    return (await session.scalars(select(PlannedContact.source).distinct())).all()


async def named(
    session: AsyncSession, names: Sequence[str], sources: Sequence[str]
) -> Sequence[PlannedContact]:
    """The rows that have one of `names` in one of `sources`, or as an id of ours."""
    ours = [found for found in map(read_id, names) if found is not None]
    # With the sources in the question, the index of (source, extern_id) answers it.
    from_elsewhere = and_(PlannedContact.source.in_(sources), PlannedContact.extern_id.in_(names))
    found = select(PlannedContact).where(or_(from_elsewhere, PlannedContact.id.in_(ours)))
    return (await session.scalars(found)).all()


async def whole_rows(session: AsyncSession, contacts: Iterable[PlannedContact]) -> dict[UUID, Held]:
    """The rows with their lines and staff, in order."""
    known = {one.id: one for one in contacts}
    lines: dict[UUID, list[ContactLine]] = defaultdict(list)
    for line in await session.scalars(
        select(ContactLine).where(ContactLine.contact_id.in_(known)).order_by(ContactLine.seq)
    ):
        lines[line.contact_id].append(line)
    staff: dict[UUID, list[Assignment]] = defaultdict(list)
    for one in await session.scalars(
        select(Assignment).where(Assignment.contact_id.in_(known)).order_by(Assignment.slot)
    ):
        staff[one.contact_id].append(one)
    return {key: Held(one, lines[key], staff[key]) for key, one in known.items()}
