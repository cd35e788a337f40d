"""The clients as rows: who they are, whom they know, whom to ring, and what they have said yes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from care.clients import CareScope, VideoWish
from care.consent import ConsentKind, ConsentPerson, GivenHow
from care.demo import names
from care.demo.clients import Person
from care.demo.draw import chances, made_id
from care.demo.places import SOURCE
from care.demo.town import Town

Tables = dict[str, list[dict[str, Any]]]
#: Seals a personal number for the client with that id.
Seal = Callable[[str, UUID], bytes]


def dossiers(town: Town, seal: Seal) -> Tables:
    """Rows by table, in the order in which they may be inserted."""
    return {
        "client": [_client(town, person, seal) for person in town.people],
        "known_staff": [
            {
                "id": town.made("known", no, worker),
                "client_id": town.people[no].id,
                "staff_id": town.workers[worker].id,
                "rank": rank,
            }
            for no, workers in town.acquaintance.known.items()
            for rank, worker in enumerate(workers)
        ],
        "contact_person": [row for person in town.people for row in _relatives(town, person)],
        "consent": _consents(town),
    }


def _client(town: Town, person: Person, seal: Seal) -> dict[str, Any]:
    hidden, homes = person.is_protected, town.homes
    named = town.acquaintance.named.get(person.no)
    return {
        "id": person.id,
        "group_id": town.groups[person.area],
        "small_team_id": town.teams[person.area, person.team] if person.team is not None else None,
        "first_name": person.first,
        "last_name": person.last,
        "personal_number_sealed": seal(person.number, person.id),
        "birth_date": person.birth,
        "care_scope": CareScope.HOME_CARE if person.profile else CareScope.LIMITED,
        "has_health_care": person.health,
        "address": None if hidden else person.address,
        "place": None if hidden else person.place,
        "building": None if hidden else person.spot.building,
        "floor": None if hidden else person.floor,
        "latitude": None if hidden else person.spot.latitude,
        "longitude": None if hidden else person.spot.longitude,
        "centre_minutes": person.centre_minutes,
        "phone": None if hidden else person.phone,
        "door_note": None if hidden else person.door_note,
        "has_digital_lock": person.lock,
        "has_mobile_cover": person.cover,
        "language": person.language,
        "important_to_me": person.important,
        "portrait": homes.pictures.get(person.no),
        "has_hearing_aid": person.hearing_aid,
        "lives_alone": person.alone,
        "cohabitant_name": homes.cohabitants.get(person.no),
        "decision_ability": person.ability,
        "protection": person.protection,
        "video_wish": _wish(town, person),
        "no_video_on": None,
        "risk": person.risk,
        "choking_risk": person.choking,
        "named_care_worker_id": town.workers[named].id if isinstance(named, int) else None,
        "no_named_care_worker_reason": named if isinstance(named, str) else None,
        "night_checks": 2 if person.no in homes.cameras else 0,
        "night_from": "21:00",
        "night_to": "07:00",
        "source": SOURCE,
        "extern_id": f"B{person.no + 1:04d}",
    }


def _wish(town: Town, person: Person) -> VideoWish:
    if person.no in town.homes.tablets:
        return VideoWish.YES
    if person.no in town.homes.withdrawn:
        return VideoWish.NO
    chance = chances(town.seed, "wish", person.no)[0]
    return VideoWish.YES if chance < 0.2 else VideoWish.NO if chance < 0.45 else VideoWish.UNKNOWN


def _relatives(town: Town, person: Person) -> list[dict[str, Any]]:
    """One or two persons to ring. None is kept for a protected identity: a phone book leads home."""
    if person.is_protected:
        return []
    draw = chances(town.seed, "relatives", person.no)
    rows = []
    for rank in range(1 + (draw[0] < 0.55)):
        which = int(draw[1 + rank] * len(names.RELATIVES))
        first, relations = names.RELATIVES[which], names.RELATIONS[which % 2]
        rows.append(
            {
                "id": town.made("relative", person.no, rank),
                "client_id": person.id,
                "name": f"{first} {person.last}",
                "relation": relations[int(draw[4 + rank] * len(relations))],
                "phone": names.phone(person.no * 3 + rank + 31),
                "rank": rank,
                "may_call": rank == 0 and person.no in town.homes.relatives,
            }
        )
    return rows


def _consents(town: Town) -> list[dict[str, Any]]:
    homes, people = town.homes, town.people
    rows = []
    for no in homes.tablets:
        rows.append(_consent(town, people[no], ConsentKind.DIGITAL_VISIT))
        if not people[no].alone:
            rows.append(
                _consent(
                    town, people[no], ConsentKind.DIGITAL_VISIT, ConsentPerson.COHABITANT, no == homes.refused
                )
            )
        if no in homes.auto_answer:
            rows.append(_consent(town, people[no], ConsentKind.AUTO_ANSWER))
        if no in homes.relatives:
            rows.append(_consent(town, people[no], ConsentKind.RELATIVE_CALLS))
    rows += [_consent(town, people[no], ConsentKind.CAMERA_CHECK) for no in homes.cameras]
    rows += [_consent(town, people[no], ConsentKind.PHOTO) for no in homes.pictures]
    for no in homes.withdrawn:
        row = _consent(town, people[no], ConsentKind.DIGITAL_VISIT)
        row["withdrawn_at"] = row["given_at"] + timedelta(days=40)
        rows.append(row)
    return rows


def _consent(
    town: Town,
    person: Person,
    kind: ConsentKind,
    who: ConsentPerson = ConsentPerson.CLIENT,
    refused: bool = False,
) -> dict[str, Any]:
    draw = chances(town.seed, "consent", person.no, kind, who)
    given: datetime = town.since + timedelta(days=20 + int(draw[0] * 230), minutes=5 * int(draw[1] * 60))
    supported = person.ability.value != "own" and who is ConsentPerson.CLIENT
    how = GivenHow.WITH_SUPPORT if supported else GivenHow.SIGNED if draw[2] < 0.6 else GivenHow.ORAL
    return {
        "id": made_id(given, town.seed, "consent", person.no, kind, who),
        "client_id": person.id,
        "kind": kind,
        "person": who,
        "given_how": how,
        "given_at": given,
        "recorded_by_id": None,
        "document": f"SAM-{person.no + 1:04d}" if how is GivenHow.SIGNED else None,
        "review_on": (given + timedelta(days=540)).date(),
        "confirmed_at": given,
        "refused": refused,
        "withdrawn_at": None,
    }
