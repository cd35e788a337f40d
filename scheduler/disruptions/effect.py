"""What a disruption does to a day: pure functions from a scene and a disruption to what is hit.

A row is *hit* when the disruption stands in its way as it is planned. Rows that are not hit may still be
changed to make room, but nothing is changed that does not have to be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.disruptions import Disruption, DisruptionKind
from scheduler.disruptions.scene import Scene

DEFAULT_DELAY = 50
"""Minutes until a worker whose car has broken down is on the road again (domain 6 #4)."""


@dataclass(slots=True)
class Effect:
    """Everything a set of disruptions means for a day."""

    #: staff → spans when they are away, as their shifts and these disruptions say
    away: dict[UUID, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    #: staff → spans when they stand still with a broken car
    stranded: dict[UUID, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    #: (group, from, to, speed against an ordinary day in per cent)
    slow: list[tuple[UUID, datetime, datetime, int]] = field(default_factory=list)
    #: (client, from, to): nobody gets in
    shut: list[tuple[UUID, datetime, datetime]] = field(default_factory=list)
    #: (client, from, to, minutes): each visit takes longer
    longer: list[tuple[UUID, datetime, datetime, int]] = field(default_factory=list)
    #: (client, from, to): the tablet does not work
    no_tablet: list[tuple[UUID, datetime, datetime]] = field(default_factory=list)
    #: (client, from, to): neither tablet nor phone works
    no_lines: list[tuple[UUID, datetime, datetime]] = field(default_factory=list)
    #: (client, from, to): the client is not at home
    gone: list[tuple[UUID, datetime, datetime]] = field(default_factory=list)
    #: clients who are kept apart, with the staff who may visit them (empty: whoever knows them or comes now)
    cohorts: list[tuple[frozenset[UUID], frozenset[UUID], datetime, datetime]] = field(default_factory=list)

    def missing(self, staff_id: UUID) -> list[tuple[datetime, datetime]]:
        """When nobody can count on this person."""
        return self.away.get(staff_id, []) + self.stranded.get(staff_id, [])


def effect_of(scene: Scene, disruptions: list[Disruption]) -> Effect:
    """The joint effect of `disruptions`, and of the absences in the roster, on the scene's day."""
    effect = Effect()
    for staff_id, shifts in scene.shifts.items():
        absences = [
            (shift.absent_from, shift.absent_to or shift.end) for shift in shifts if shift.absent_from
        ]
        if absences:
            effect.away[staff_id] = absences
    for disruption in disruptions:
        _add(effect, scene, disruption)
    return effect


def _add(effect: Effect, scene: Scene, disruption: Disruption) -> None:
    start, end = disruption.start, disruption.end
    staff = [UUID(one) for one in disruption.scope.get("staff", [])]
    clients = [UUID(one) for one in disruption.scope.get("clients", [])]
    groups = [UUID(one) for one in disruption.scope.get("groups", [])]
    severity = disruption.severity
    match disruption.kind:
        case DisruptionKind.SNOW:
            speed = round(float(severity.get("speed_factor", 1)) * 100)
            effect.slow += [(group, start, end, speed) for group in groups]
        case DisruptionKind.STAFF_ABSENT:
            for one in staff:
                effect.away.setdefault(one, []).append((start, end))
        case DisruptionKind.CAR_BROKEN:
            until = min(end, start + timedelta(minutes=int(severity.get("delay_minutes", DEFAULT_DELAY))))
            for one in staff:
                effect.stranded.setdefault(one, []).append((start, until))
        case DisruptionKind.BUILDING_UNREACHABLE if "stairs_minutes" in severity:
            effect.longer += [(one, start, end, int(severity["stairs_minutes"])) for one in clients]
        case DisruptionKind.AREA_OFFLINE:
            living = [client.id for client in scene.clients.values() if client.group_id in groups]
            effect.no_lines += [(one, start, end) for one in living]
        case DisruptionKind.INFECTION:
            effect.cohorts.append((frozenset(clients), frozenset(staff), start, end))
        case kind if kind in _OF_CLIENTS:
            spans: list[tuple[UUID, datetime, datetime]] = getattr(effect, _OF_CLIENTS[kind])
            spans += [(one, start, end) for one in clients]
        case _:
            pass  # an added shift is a fact of the roster; "other" is a note for people


#: Disruptions that say something of single homes, and the part of the effect that holds it.
_OF_CLIENTS = {
    DisruptionKind.BUILDING_UNREACHABLE: "shut",
    DisruptionKind.CLIENT_AWAY: "gone",
    DisruptionKind.TABLET_OFFLINE: "no_tablet",
}


def hit(scene: Scene, effect: Effect, contact: PlannedContact) -> bool:
    """True when the disruption stands in the way of this row as it is planned."""
    if contact.id in scene.elsewhere or not contact.status.is_untouched:
        return False
    begins, ends = contact.start, contact.start + timedelta(minutes=contact.minutes)

    def during(start: datetime, end: datetime) -> bool:
        return begins < end and ends > start

    if any(during(*span) for one in scene.staff_of(contact) for span in effect.missing(one)):
        return True
    if any(client == contact.client_id and during(start, end) for client, start, end in effect.gone):
        return True
    if contact.channel is Channel.PHYSICAL:
        group = scene.clients[contact.client_id].group_id
        return (
            any(group == slow and during(start, end) for slow, start, end, _ in effect.slow)
            or any(one == contact.client_id and during(start, end) for one, start, end in effect.shut)
            or any(one == contact.client_id and during(start, end) for one, start, end, _ in effect.longer)
            or any(
                contact.client_id in cohort and during(start, end) for cohort, _, start, end in effect.cohorts
            )
        )
    lost = effect.no_lines + (effect.no_tablet if contact.channel.uses_tablet else [])
    return any(client == contact.client_id and during(start, end) for client, start, end in lost)


def is_gone(effect: Effect, contact: PlannedContact) -> bool:
    """True when the row is in vain because the client is away."""
    return contact.status in (Status.PLANNED, Status.DUE) and any(
        client == contact.client_id and start <= contact.start < end for client, start, end in effect.gone
    )
