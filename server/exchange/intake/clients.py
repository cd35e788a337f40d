"""Clients into the record.

The file's word goes for what it says, with exceptions that keep people safe: a file can give a client a
protected identity but never take it away; an imported consent must be confirmed by a person before it is
valid; a consent that somebody here has confirmed is not ended by a file; who decides is not changed once a
named person has decided on it; and a no to video stays one.
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

from care.clients import Client, DecisionAbility, Protection, VideoWish
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
from server.exchange.kinds.clients import DECIDED_BY, DECISION, ClientRow
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
    consents: dict[tuple[UUID, ConsentPerson], list[Consent]]
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
    consents: dict[tuple[UUID, ConsentPerson], list[Consent]] = defaultdict(list)
    for consent in await session.scalars(
        select(Consent).where(
            Consent.kind == ConsentKind.DIGITAL_VISIT,
            Consent.withdrawn_at.is_(None),
        )
    ):
        consents[consent.client_id, consent.person].append(consent)
    with_tablet = set(
        await session.scalars(select(DeviceAssignment.client_id).where(DeviceAssignment.end.is_(None)))
    )
    owners = {number: key for key, number in numbers.items()}
    return _Record(town, people, numbers, owners, consents, with_tablet)


def _insert(
    client_id: UUID, one: Checked[ClientRow], town: Town, importer: Importer, changes: Changes
) -> None:
    row = one.row
    if not _may_decide(one, changes):
        return
    values: dict[str, Any] = {"last_name": row.last_name, **_said(one, town, changes)}
    values["protection"] = row.protection
    if row.decision_ability is not None:
        values |= _decision(row, importer)
    if row.video_wish is not None:
        values["video_wish"] = row.video_wish
    if row.personal_number is not None:
        values |= _sealed(client_id, row.personal_number, importer)
    changes.insert(Client, id=client_id, source=importer.source, extern_id=row.extern_id, **values)
    changes.opened[client_id] = values["group_id"]
    changes.imported += 1
    asked = [person for person, said in _answers(row).items() if said]
    if asked:
        _ask_consents(client_id, values["group_id"], asked, row, importer, changes=changes)


def _update(
    client: Client, one: Checked[ClientRow], importer: Importer, record: _Record, changes: Changes
) -> None:
    row = one.row
    town = record.town
    said = _said(one, town, changes)
    settled = _settled(client, one, importer, changes)
    if settled is None:
        return
    said |= settled
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
    consented = _consents(client, one, importer, record, changes)
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
    if row.lives_with is not None:
        said["lives_alone"] = not row.lives_with
        if row.cohabitant is not None or not row.lives_with:
            said["cohabitant_name"] = row.cohabitant
    return said


def _sealed(client_id: UUID, number: PersonalNumber, importer: Importer) -> dict[str, Any]:
    return {
        "personal_number_sealed": importer.open_vault().seal(number.full, about=str(client_id)),
        "birth_date": number.birth,
    }


def _answers(row: ClientRow) -> dict[ConsentPerson, bool | None]:
    """What the file says of consent to video, by who said it."""
    return {
        ConsentPerson.CLIENT: row.video_consent,
        ConsentPerson.COHABITANT: row.cohabitant_consent,
    }


_CONSENT_COLUMNS = {ConsentPerson.CLIENT: "samtycke_video", ConsentPerson.COHABITANT: "samtycke_bor_med"}


def _consents(
    client: Client, one: Checked[ClientRow], importer: Importer, record: _Record, changes: Changes
) -> bool:
    """Take in what the file says of consent to video; True when the record changes."""
    changed, asked = False, []
    for person, said in _answers(one.row).items():
        held = record.consents[client.id, person]
        if said and not held:
            asked.append(person)
        elif said is False:
            changed |= _no(one, person, held, importer, changes)
    if asked:
        is_waiting = any(
            each.confirmed_at is None and not each.refused
            for person in ConsentPerson
            for each in record.consents[client.id, person]
        )
        _ask_consents(
            client.id, client.group_id, asked, one.row, importer, changes=changes, has_task=is_waiting
        )
    return changed or bool(asked)


def _no(
    one: Checked[ClientRow],
    person: ConsentPerson,
    held: Sequence[Consent],
    importer: Importer,
    changes: Changes,
) -> bool:
    """The file says no: it ends what waits to be confirmed, and nothing that a person here has confirmed."""
    waiting = [each for each in held if each.confirmed_at is None and not each.refused]
    for each in waiting:
        changes.update(Consent, each.id, {"withdrawn_at": importer.now})
    if len(waiting) < len([each for each in held if not each.refused]):
        changes.warn(
            one.line,
            _CONSENT_COLUMNS[person],
            "import.consent_stays",
            "Filen säger nej till video, men här finns ett samtycke. Fråga brukaren och anteckna svaret.",
        )
    return bool(waiting)


def _ask_consents(
    client_id: UUID,
    group_id: UUID,
    people: Sequence[ConsentPerson],
    row: ClientRow,
    importer: Importer,
    *,
    changes: Changes,
    has_task: bool = False,
) -> None:
    """An imported yes is "att bekräfta", and somebody gets the task to ask."""
    for person in people:
        changes.insert(
            Consent,
            id=new_id(),
            client_id=client_id,
            kind=ConsentKind.DIGITAL_VISIT,
            person=person,
            given_how=row.consent_how or GivenHow.IMPORTED,
            given_at=importer.now,
            given_by=row.cohabitant if person is ConsentPerson.COHABITANT and not row.is_protected else None,
            confirmed_at=None,
            withdrawn_at=None,
        )
    if has_task:
        return
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


def _may_decide(one: Checked[ClientRow], changes: Changes) -> bool:
    """Who decides is decided by somebody with a name (L3); refuses the line otherwise."""
    row = one.row
    if row.decision_ability in {None, DecisionAbility.UNCLEAR} or row.decision_by is not None:
        return True
    changes.refuse(
        one.line,
        DECIDED_BY,
        Fault("import.decision_by", "Skriv namnet på den som har bedömt vem som beslutar."),
    )
    return False


def _decision(row: ClientRow, importer: Importer) -> dict[str, Any]:
    is_clear = row.decision_ability is not DecisionAbility.UNCLEAR
    return {
        "decision_ability": row.decision_ability,
        "decision_by": row.decision_by if is_clear else None,
        "decision_on": importer.today if is_clear else None,
    }


def _settled(
    client: Client, one: Checked[ClientRow], importer: Importer, changes: Changes
) -> dict[str, Any] | None:
    """What the file may change of what people have settled here; None when the line is refused."""
    row, said = one.row, dict[str, Any]()
    if row.decision_ability is not None and row.decision_ability is not client.decision_ability:
        if client.decision_ability is not DecisionAbility.UNCLEAR:
            changes.warn(
                one.line,
                DECISION,
                "import.decision_stays",
                "Här är redan bedömt vem som beslutar, och filen säger något annat. Ändra på brukarens sida.",
            )
        elif not _may_decide(one, changes):
            return None
        else:
            said |= _decision(row, importer)
    if row.video_wish is VideoWish.YES and client.video_wish is VideoWish.NO:
        changes.warn(
            one.line,
            "vill_ha_video",
            "import.wish_stays",
            "Filen säger ja till video, men här har personen sagt nej. Fråga och ändra på brukarens sida.",
        )
    elif row.video_wish in {VideoWish.YES, VideoWish.NO}:
        said["video_wish"] = row.video_wish
    return said
