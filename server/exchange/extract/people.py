"""Clients and staff on their way out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import CareScope, Client
from care.consent import Consent, ConsentKind, ConsentPerson
from care.devices import DeviceAssignment
from care.identity.personal_number import parse
from care.sorting import swedish
from care.staff import Delegation, Staff
from server.exchange.extract.wanted import Found, Wanted, group_names, names_of
from server.exchange.intake.importer import Importer
from server.exchange.kinds.clients import ClientRow
from server.exchange.kinds.staff import StaffRow

_Person = TypeVar("_Person", Client, Staff)


async def find_clients(session: AsyncSession, wanted: Wanted, exporter: Importer) -> Found:
    """Clients with a decision now, by name."""
    chosen = select(Client).where(Client.care_scope != CareScope.ENDED)
    if wanted.groups is not None:
        chosen = chosen.where(Client.group_id.in_(wanted.groups))
    groups = await group_names(session)
    names = names_of((await session.scalars(select(Client))).all())
    tablets = set(
        await session.scalars(select(DeviceAssignment.client_id).where(DeviceAssignment.end.is_(None)))
    )
    consents: dict[UUID, list[Consent]] = defaultdict(list)
    cohabitants: dict[UUID, list[Consent]] = defaultdict(list)
    for consent in await session.scalars(
        select(Consent).where(
            Consent.kind == ConsentKind.DIGITAL_VISIT,
            Consent.withdrawn_at.is_(None),
            Consent.refused.is_(False),
        )
    ):
        own = consent.person is ConsentPerson.CLIENT
        (consents if own else cohabitants)[consent.client_id].append(consent)
    found = Found()
    for one in _by_name(await session.scalars(chosen)):
        row = ClientRow(
            extern_id=names[one.id],
            first_name=one.first_name,
            last_name=one.last_name,
            personal_number=None,
            group=groups[one.group_id],
            address=one.address,
            latitude=one.latitude,
            longitude=one.longitude,
            phone=one.phone,
            language=one.language,
            tablet=one.id in tablets,
            video_consent=bool(consents[one.id]),
            protection=one.protection,
            lives_with=not one.lives_alone,
            cohabitant=None if one.lives_alone else one.cohabitant_name,
            # Nothing is said of a consent that nobody is there to give.
            cohabitant_consent=None if one.lives_alone else bool(cohabitants[one.id]),
            consent_how=consents[one.id][0].given_how if consents[one.id] else None,
            decision_ability=one.decision_ability,
            decision_by=one.decision_by,
            video_wish=one.video_wish,
        )
        if wanted.personal_numbers and one.personal_number_sealed and not one.is_protected:
            text = exporter.open_vault().unseal(one.personal_number_sealed, about=str(one.id))
            row = replace(row, personal_number=parse(text, exporter.today))
        found.rows.append(row)
        found.records.append(_client_record(one, row, consents[one.id], exporter))
        found.opened[one.id] = one.group_id
    return found


def _client_record(
    one: Client, row: ClientRow, consents: Sequence[Consent], exporter: Importer
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "client_id": str(one.id),
        "extern_id": one.extern_id,
        "source": one.source,
        "first_name": one.first_name,
        "group": row.group,
        "language": one.language,
        "tablet": row.tablet,
        "video_consent": any(each.valid(exporter.now) for each in consents),
        "video_consent_to_confirm": any(each.confirmed_at is None for each in consents),
        "protection": one.protection.value,
        "lives_alone": one.lives_alone,
        "cohabitant_consent": row.cohabitant_consent,
        "consent_given_how": row.consent_how.value if row.consent_how else None,
        "decision_ability": one.decision_ability.value,
        "video_wish": one.video_wish.value,
    }
    if not one.is_protected:
        record |= {
            "last_name": one.last_name,
            "personal_number": row.personal_number.full if row.personal_number else None,
            "address": one.address,
            "latitude": one.latitude,
            "longitude": one.longitude,
            "phone": one.phone,
            "cohabitant": row.cohabitant,
            "decision_by": one.decision_by,
        }
    return record


async def find_staff(session: AsyncSession, wanted: Wanted, exporter: Importer) -> Found:
    """Active staff, by name."""
    chosen = select(Staff).where(Staff.active.is_(True))
    if wanted.groups is not None:
        chosen = chosen.where(Staff.group_id.in_(wanted.groups))
    groups = await group_names(session)
    names = names_of((await session.scalars(select(Staff))).all())
    delegated = {
        one.staff_id for one in await session.scalars(select(Delegation)) if one.holds(exporter.today)
    }
    found = Found()
    for one in _by_name(await session.scalars(chosen)):
        row = StaffRow(
            names[one.id],
            one.first_name,
            one.last_name,
            one.title,
            groups[one.group_id],
            one.id in delegated,
            one.may_video,
            tuple(one.languages),
        )
        found.rows.append(row)
        found.records.append(
            {
                "staff_id": str(one.id),
                "extern_id": one.extern_id,
                "source": one.source,
                "first_name": one.first_name,
                "last_name": one.last_name,
                "title": one.title.value,
                "group": row.group,
                "delegated": row.delegated,
                "may_video": one.may_video,
                "languages": one.languages,
            }
        )
    return found


def _by_name(people: Iterable[_Person]) -> list[_Person]:
    return sorted(people, key=lambda one: (swedish(one.last_name), swedish(one.first_name), str(one.id)))
