"""Planned contacts on their way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.services import Law, Service
from care.staff import Staff
from server.exchange.extract.wanted import Found, Wanted, group_names, names_of
from server.exchange.intake.held import Held, whole_rows
from server.exchange.intake.importer import Importer
from server.exchange.intake.staging import portions
from server.exchange.kinds.contacts import ContactRow


async def find_contacts(session: AsyncSession, wanted: Wanted, exporter: Importer) -> Found:
    """Planned contacts of the days, by start. Replaced and cancelled rows stand in the records alone."""
    clients = {one.id: one for one in await session.scalars(select(Client))}
    staff = {one.id: one for one in await session.scalars(select(Staff))}
    services = {one.id: one.code for one in await session.scalars(select(Service))}
    groups = await group_names(session)
    client_names, staff_names = names_of(clients.values()), names_of(staff.values())
    chosen = select(PlannedContact).where(
        PlannedContact.planned_date >= wanted.first, PlannedContact.planned_date <= wanted.last
    )
    if wanted.groups is not None:
        chosen = chosen.where(PlannedContact.group_id.in_(wanted.groups))
    ids = (
        await session.scalars(
            chosen.with_only_columns(PlannedContact.id).order_by(PlannedContact.start, PlannedContact.id)
        )
    ).all()
    found = Found()
    for portion in portions(ids):
        contacts = (await session.scalars(select(PlannedContact).where(PlannedContact.id.in_(portion)))).all()
        held = await whole_rows(session, contacts)
        doubled = await _doubled(session, contacts)
        for contact_id in portion:
            one = held[contact_id]
            codes = tuple(services[each] for each in one.services)
            found.records.append(_contact_record(one, codes, groups[one.contact.group_id], exporter))
            found.opened[one.contact.client_id] = one.contact.group_id
            if one.contact.status in (Status.REPLACED, Status.CANCELLED) or not codes:
                continue
            name = one.contact.extern_id
            found.rows.append(
                ContactRow(
                    name if name and name not in doubled else str(contact_id),
                    client_names[one.contact.client_id],
                    one.contact.start,
                    one.contact.minutes,
                    one.contact.window_start,
                    one.contact.window_end,
                    one.contact.channel,
                    codes,
                    tuple(staff_names[each] for each in one.staff),
                )
            )
    return found


async def find_contact(
    session: AsyncSession, contact: PlannedContact, exporter: Importer, laws: Collection[Law]
) -> dict[str, Any]:
    """The record of one contact, as in `find_contacts`, with what is done under `laws` and nothing else."""
    services = {one.id: one.code for one in await session.scalars(select(Service))}
    one = (await whole_rows(session, [contact]))[contact.id]
    group = (await group_names(session))[contact.group_id]
    codes = tuple(services[line.service_id] for line in one.lines if line.law in laws)
    return _contact_record(one, codes, group, exporter)


async def _doubled(session: AsyncSession, contacts: Iterable[PlannedContact]) -> set[str]:
    """Ids that more than one system uses: they name no single row."""
    names = [one.extern_id for one in contacts if one.extern_id]
    sources = (await session.scalars(select(PlannedContact.source).distinct())).all()
    if len(sources) < 2 or not names:
        return set()
    uses = await session.scalars(
        select(PlannedContact.extern_id).where(
            PlannedContact.source.in_(sources), PlannedContact.extern_id.in_(names)
        )
    )
    return {name for name, count in Counter(uses).items() if name and count > 1}


def _contact_record(one: Held, codes: Sequence[str], group: str, exporter: Importer) -> dict[str, Any]:
    contact = one.contact

    def wall(instant: datetime | None) -> str | None:
        return instant.astimezone(exporter.zone).isoformat() if instant else None

    return {
        "contact_id": str(contact.id),
        "extern_id": contact.extern_id,
        "source": contact.source,
        "client_id": str(contact.client_id),
        "group": group,
        "date": contact.planned_date.isoformat(),
        "owed_date": contact.owed_date.isoformat(),
        "channel": contact.channel.value,
        "services": list(codes),
        "priority": contact.priority.value,
        "window_start": wall(contact.window_start),
        "window_end": wall(contact.window_end),
        "start": wall(contact.start),
        "minutes": contact.minutes,
        "staff": [str(each) for each in one.staff],
        "staff_needed": contact.staff_needed,
        "status": contact.status.value,
        "actual_start": wall(contact.actual_start),
        "actual_end": wall(contact.actual_end),
    }
