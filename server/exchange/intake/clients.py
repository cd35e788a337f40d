"""Clients into the record.

The file's word goes for what it says, with three exceptions that keep people safe: a file can give a client
a protected identity but never take it away, an imported consent must be confirmed by a person before it is
valid, and a consent that somebody here has confirmed is not ended by a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, Protection
from care.consent import Consent, ConsentKind, ConsentPerson, GivenHow
from care.devices import DeviceAssignment
from care.errors import Fault
from care.identity.personal_number import PersonalNumber, PersonalNumberKind
from care.ids import new_id
from care.tasks import Task, TaskKind
from server.exchange.intake.changes import Changes
from server.exchange.intake.directory import directory_of
from server.exchange.intake.importer import Importer
from server.exchange.intake.town import Town, town_of
from server.exchange.kinds.clients import ClientRow
from server.exchange.validation import Checked

#: Time to ask the client about an imported consent.
_TO_CONFIRM = timedelta(days=14)


@dataclass(slots=True)
class _Record:
    """What the record holds that is compared with the file."""

    town: Town
    people: dict[UUID, Client]
    numbers: dict[UUID, str]
    owners: dict[str, UUID]
    consents: dict[UUID, list[Consent]]
    with_tablet: set[UUID]


async def plan(
    session: AsyncSession, rows: Sequence[Checked[ClientRow]], importer: Importer, changes: Changes
) -> None:
    """Compare the clients with `rows`."""
    town = await town_of(session, importer, changes)
    directory = await directory_of(session, Client, importer.source)
    record = await _record(session, town, importer, any(one.row.personal_number for one in rows))
    for one in rows:
        found = directory.find(one.row.extern_id, own_source_only=importer.own_source_only)
        held = record.people[found].group_id if found is not None else None
        if not town.admits(one.row.group, one.line, changes, now_in=held, client_id=found):
            continue
        client_id = found or new_id()
        number = one.row.personal_number
        if number is not None and record.owners.setdefault(number.full, client_id) != client_id:
            changes.refuse(
                one.line,
                "personnummer",
                Fault("import.known_number", "Personnumret hör redan till en annan brukare."),
            )
            owner = record.people.get(record.owners[number.full])
            if owner is not None and not importer.reach.covers(owner.group_id):
                # Whoever tries numbers to learn who has help stands in the log.
                changes.denied.add((owner.id, owner.group_id))
            continue
        if town.is_demo and number is not None and number.kind is not PersonalNumberKind.RESERVE:
            town.check_new_people()
        if found is None:
            town.check_new_people()
            _insert(client_id, one, town, importer, changes)
        else:
            _update(record.people[found], one, importer, record, changes)
        if one.row.tablet and client_id not in record.with_tablet:
            changes.warn(
                one.line,
                "surfplatta",
                "import.pair_tablet",
                "Surfplattan behöver paras ihop hemma hos brukaren.",
            )


async def _record(session: AsyncSession, town: Town, importer: Importer, needs_numbers: bool) -> _Record:
    people = {one.id: one for one in await session.scalars(select(Client))}
    sealed = {one.id: one.personal_number_sealed for one in people.values() if one.personal_number_sealed}
    numbers: dict[UUID, str] = {}
    if needs_numbers and sealed:
        vault = importer.open_vault()
        numbers = {key: vault.unseal(value, about=str(key)) for key, value in sealed.items() if value}
    consents: dict[UUID, list[Consent]] = defaultdict(list)
    for consent in await session.scalars(
        select(Consent).where(
            Consent.kind == ConsentKind.DIGITAL_VISIT,
            Consent.person == ConsentPerson.CLIENT,
            Consent.withdrawn_at.is_(None),
        )
    ):
        consents[consent.client_id].append(consent)
    with_tablet = set(
        await session.scalars(select(DeviceAssignment.client_id).where(DeviceAssignment.end.is_(None)))
    )
    owners = {number: key for key, number in numbers.items()}
    return _Record(town, people, numbers, owners, consents, with_tablet)


def _insert(
    client_id: UUID, one: Checked[ClientRow], town: Town, importer: Importer, changes: Changes
) -> None:
    row = one.row
    values: dict[str, Any] = {"last_name": row.last_name, **_said(one, town, changes)}
    values["protection"] = row.protection
    if row.personal_number is not None:
        values |= _sealed(client_id, row.personal_number, importer)
    changes.insert(Client, id=client_id, source=importer.source, extern_id=row.extern_id, **values)
    changes.opened[client_id] = values["group_id"]
    changes.imported += 1
    if row.video_consent:
        _ask_consent(client_id, values["group_id"], importer, changes)


def _update(
    client: Client, one: Checked[ClientRow], importer: Importer, record: _Record, changes: Changes
) -> None:
    row = one.row
    town = record.town
    said = _said(one, town, changes)
    if client.is_protected and row.protection is Protection.NONE:
        # What a protected identity's line leaves out is withheld, not erased.
        said = {name: value for name, value in said.items() if value not in (None, "")}
        if "skydd" in one.given:
            changes.warn(
                one.line,
                "skydd",
                "import.protection_stays",
                "Brukaren har skyddade uppgifter här men inte i filen. Skyddet ligger kvar tills en "
                "person tar bort det.",
            )
    elif row.is_protected:
        said["protection"] = row.protection
    if client.is_protected or row.is_protected:
        said |= {"latitude": None, "longitude": None}
    changed = {name: value for name, value in said.items() if _held(client, name) != value}
    if row.personal_number is not None and record.numbers.get(client.id) != row.personal_number.full:
        changed |= _sealed(client.id, row.personal_number, importer)
    if changed:
        changes.update(Client, client.id, changed)
    consented = _consent(client, one, importer, record.consents[client.id], changes)
    if changed or consented:
        changes.opened[client.id] = changed.get("group_id", client.group_id)
        changes.updated += 1
    else:
        changes.unchanged += 1


def _held(client: Client, name: str) -> Any:
    """What the record has, as exactly as a file can say it."""
    value = getattr(client, name)
    return round(value, 7) if name in ("latitude", "longitude") and value is not None else value


def _said(one: Checked[ClientRow], town: Town, changes: Changes) -> dict[str, Any]:
    """The columns that the file speaks of."""
    row = one.row
    said: dict[str, Any] = {
        "first_name": row.first_name,
        "group_id": town.group(row.group, one.line, changes),
    }
    columns = {
        "efternamn": ("last_name", row.last_name),
        "adress": ("address", row.address),
        "latitud": ("latitude", row.latitude),
        "longitud": ("longitude", row.longitude),
        "telefon": ("phone", row.phone),
    }
    said |= dict(columns[column] for column in one.given & columns.keys())
    if row.language is not None:
        said["language"] = row.language
    return said


def _sealed(client_id: UUID, number: PersonalNumber, importer: Importer) -> dict[str, Any]:
    return {
        "personal_number_sealed": importer.open_vault().seal(number.full, about=str(client_id)),
        "birth_date": number.birth,
    }


def _consent(
    client: Client, one: Checked[ClientRow], importer: Importer, held: Sequence[Consent], changes: Changes
) -> bool:
    """Take in what the file says of consent to video; True when the record changes."""
    said = one.row.video_consent
    if said is None:
        return False
    if said and not held:
        _ask_consent(client.id, client.group_id, importer, changes)
        return True
    if said:
        return False
    waiting = [each for each in held if each.given_how is GivenHow.IMPORTED and each.confirmed_at is None]
    for each in waiting:
        changes.update(Consent, each.id, {"withdrawn_at": importer.now})
    if len(waiting) < len([each for each in held if not each.refused]):
        changes.warn(
            one.line,
            "samtycke_video",
            "import.consent_stays",
            "Filen säger nej till video, men här finns ett samtycke. Fråga brukaren och anteckna svaret.",
        )
    return bool(waiting)


def _ask_consent(client_id: UUID, group_id: UUID, importer: Importer, changes: Changes) -> None:
    """An imported yes is "att bekräfta", and somebody gets the task to ask."""
    changes.insert(
        Consent,
        id=new_id(),
        client_id=client_id,
        kind=ConsentKind.DIGITAL_VISIT,
        given_how=GivenHow.IMPORTED,
        given_at=importer.now,
        confirmed_at=None,
        withdrawn_at=None,
    )
    changes.insert(
        Task,
        id=new_id(),
        kind=TaskKind.CONFIRM_CONSENT,
        group_id=group_id,
        client_id=client_id,
        created_at=importer.now,
        deadline=importer.now + _TO_CONFIRM,
        facts={"kind": ConsentKind.DIGITAL_VISIT.value},
    )
