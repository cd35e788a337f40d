"""Small builders: a town, its people and their rows, saying only what the test is about.

Each takes a session of ``database.write()`` and flushes, so that the next one may refer to it. Local wall
times are written ``"2026-12-01 08:00"`` or as ``datetime``; a naive value is Swedish wall time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account
from care.clients import Client, DecisionAbility, KnownStaff, VideoWish
from care.consent import Consent, ConsentKind, ConsentPerson, GivenHow
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, Origin, PlannedContact
from care.contacts.life import Status
from care.contacts.rule import ContactRule, ContactRuleLine
from care.devices import Device, DeviceAssignment
from care.disruptions import (
    Change,
    ChangeKind,
    ChangeState,
    Disruption,
    DisruptionKind,
    Proposal,
    ProposalState,
)
from care.ids import new_id
from care.localtime import SWEDEN, to_instant
from care.municipality import Group, Municipality
from care.services import DigitalClass, GoalType, Law, Priority, Service
from care.staff import Shift, Staff, Title

#: Everything in the tests that has "been so for long" began then.
LONG_AGO = to_instant(datetime(2026, 1, 1, 12))

#: code: (name, law, minutes, goal type, class, priority, kiosk word)
CATALOGUE = {
    "SO-SAM": (
        "Social samvaro", Law.SOL, 15, "social", DigitalClass.DIGITAL_FIRST, Priority.P3, "Samtal"),
    "TI-DAG": (
        "Tillsyn dag", Law.SOL, 15, "wellbeing_check", DigitalClass.DIGITAL_POSSIBLE, Priority.P2, "Samtal"),
    "HS-PAM": (
        "Läkemedelskoll", Law.HSL, 4, "medication", DigitalClass.DIGITAL_POSSIBLE, Priority.P2, "Samtal"),
    "MA-PAM": (
        "Påminnelse måltid", Law.SOL, 5, "meal", DigitalClass.DIGITAL_FIRST, Priority.P2, "Lunch"),
    "MA-STO": (
        "Måltidsstöd", Law.SOL, 20, "meal", DigitalClass.DIGITAL_POSSIBLE, Priority.P2, "Lunch"),
    "PV-MOR": (
        "Morgonhjälp", Law.SOL, 15, "personal_care", DigitalClass.HANDS_REQUIRED, Priority.P1, "Morgonhjälp"),
    "HE-STA": (
        "Städning", Law.SOL, 70, "household", DigitalClass.HANDS_REQUIRED, Priority.P4, "Städning"),
    "TI-NAT": (
        "Nattillsyn kamera", Law.SOL, 1, "wellbeing_check", DigitalClass.EXTERNAL, Priority.P2, "Tillsyn"),
}  # fmt: skip


@dataclass
class Town:
    """What most tests stand on: one municipality, one group, the catalogue."""

    municipality: Municipality
    group: Group
    services: dict[str, Service]


def moment(wall: datetime | str) -> datetime:
    """The instant of a local wall time (or of an instant)."""
    return to_instant(datetime.fromisoformat(wall) if isinstance(wall, str) else wall)


async def make_town(session: AsyncSession, group: str = "Bräcke") -> Town:
    municipality = Municipality(id=new_id(), name="Bräcke (prov)", is_demo=True)
    session.add(municipality)
    for number, goal in enumerate(sorted({row[3] for row in CATALOGUE.values()})):
        session.add(GoalType(code=goal, name_sv=goal, name_en=goal, sort=number))
    await session.flush()
    town = Town(municipality, await make_group(session, municipality, group), {})
    for code, (name, law, minutes, goal, digital_class, priority, word) in CATALOGUE.items():
        town.services[code] = Service(
            id=new_id(),
            municipality_id=municipality.id,
            code=code,
            name_sv=name,
            law=law,
            standard_minutes=minutes,
            goal_type=goal,
            digital_class=digital_class,
            priority=priority,
            kiosk_word=word,
        )
    session.add_all(town.services.values())
    await session.flush()
    return town


async def make_group(session: AsyncSession, municipality: Municipality, name: str, **more: Any) -> Group:
    group = Group(id=new_id(), municipality_id=municipality.id, name=name, phone="0693-161 00", **more)
    session.add(group)
    await session.flush()
    return group


async def make_staff(
    session: AsyncSession, town: Town, first_name: str = "Anna", last_name: str = "Lind", **more: Any
) -> Staff:
    more = {"title": Title.ASSISTANT_NURSE, "group_id": town.group.id, **more}
    staff = Staff(id=new_id(), first_name=first_name, last_name=last_name, **more)
    session.add(staff)
    await session.flush()
    return staff


async def make_account(session: AsyncSession, staff: Staff | None = None, username: str = "anna") -> Account:
    account = Account(
        id=new_id(),
        username=username,
        display_name=staff.name if staff else username,
        staff_id=staff.id if staff else None,
        created_at=LONG_AGO,
    )
    session.add(account)
    await session.flush()
    return account


async def make_shift(
    session: AsyncSession,
    staff: Staff,
    day: date | str = "2026-12-01",
    start: str = "07:00",
    end: str = "16:00",
    **more: Any,
) -> Shift:
    """A shift at local wall times; an end before the start means the next day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    last = day if end > start else day + timedelta(days=1)
    more = {"group_id": staff.group_id, **more}
    shift = Shift(
        id=new_id(),
        staff_id=staff.id,
        date=day,
        start=to_instant(datetime.combine(day, time.fromisoformat(start))),
        end=to_instant(datetime.combine(last, time.fromisoformat(end))),
        **more,
    )
    session.add(shift)
    await session.flush()
    return shift


async def make_client(
    session: AsyncSession, town: Town, first_name: str = "Ingrid", last_name: str = "Berg", **more: Any
) -> Client:
    """A client who decides herself and wants video, without consent or tablet: see `make_digital`."""
    more = {
        "group_id": town.group.id,
        "decision_ability": DecisionAbility.OWN,
        "video_wish": VideoWish.YES,
        "phone": "070-174 06 58",
        "address": "Storgatan 1",
        "place": "Bräcke",
        **more,
    }
    client = Client(id=new_id(), first_name=first_name, last_name=last_name, **more)
    session.add(client)
    await session.flush()
    return client


async def make_consent(
    session: AsyncSession, client: Client, kind: ConsentKind = ConsentKind.DIGITAL_VISIT, **more: Any
) -> Consent:
    more = {
        "person": ConsentPerson.CLIENT,
        "given_how": GivenHow.SIGNED,
        "given_at": LONG_AGO,
        "confirmed_at": LONG_AGO,
        **more,
    }
    consent = Consent(id=new_id(), client_id=client.id, kind=kind, **more)
    session.add(consent)
    await session.flush()
    return consent


async def make_tablet(
    session: AsyncSession, client: Client, *, last_seen_at: datetime | None, **more: Any
) -> Device:
    """A paired tablet that stands in the client's home since long."""
    device = Device(
        id=new_id(),
        label=f"Platta {client.first_name}",
        paired_at=LONG_AGO,
        last_seen_at=last_seen_at,
        **more,
    )
    session.add(device)
    await session.flush()
    session.add(DeviceAssignment(id=new_id(), device_id=device.id, client_id=client.id, start=LONG_AGO))
    await session.flush()
    return device


async def make_digital(session: AsyncSession, client: Client, now: datetime) -> Device:
    """Everything that a video call needs of `client`: consent, a live tablet and a visit yesterday."""
    await make_consent(session, client)
    await make_visit_done(session, client, now - timedelta(days=1))
    return await make_tablet(session, client, last_seen_at=now)


async def make_known(session: AsyncSession, client: Client, *staff: Staff) -> None:
    """`staff` are known to `client`, in that order."""
    session.add_all(
        KnownStaff(id=new_id(), client_id=client.id, staff_id=one.id, rank=rank)
        for rank, one in enumerate(staff)
    )
    await session.flush()


async def make_contact(
    session: AsyncSession,
    client: Client,
    services: Service | Sequence[Service],
    start: datetime | str,
    *,
    staff: Sequence[Staff] = (),
    channel: Channel = Channel.PHYSICAL,
    minutes: int | None = None,
    window: int = 30,
    nurse: Staff | None = None,
    **more: Any,
) -> PlannedContact:
    """A planned row with a line for each service and its staff assigned. `window` minutes both ways."""
    services = [services] if isinstance(services, Service) else list(services)
    begin = moment(start)
    day = begin.astimezone(SWEDEN).date()
    more = {
        "group_id": client.group_id,
        "first_channel": channel,
        "origin": Origin.HAND,
        "owed_date": day,
        "planned_date": day,
        "window_start": begin - timedelta(minutes=window),
        "window_end": begin + timedelta(minutes=window),
        "priority": min((service.priority for service in services), default=Priority.P2),
        "owner_id": staff[0].id if staff else None,
        **more,
    }
    contact = PlannedContact(
        id=new_id(),
        client_id=client.id,
        channel=channel,
        start=begin,
        minutes=minutes or sum(service.standard_minutes for service in services) or 15,
        **more,
    )
    session.add(contact)
    await session.flush()
    for seq, service in enumerate(services):
        session.add(
            ContactLine(
                id=new_id(),
                contact_id=contact.id,
                seq=seq,
                service_id=service.id,
                goal_type=service.goal_type,
                law=service.law,
                minutes=service.standard_minutes,
                digital_allowed_by_id=nurse.id if nurse else None,
            )
        )
    for slot, one in enumerate(staff, start=1):
        session.add(Assignment(id=new_id(), contact_id=contact.id, staff_id=one.id, slot=slot))
    await session.flush()
    return contact


async def make_visit_done(session: AsyncSession, client: Client, start: datetime) -> PlannedContact:
    """A visit that took place, without lines."""
    return await make_contact(
        session,
        client,
        [],
        start,
        priority=Priority.P2,
        status=Status.DONE,
        actual_start=start,
        actual_end=start + timedelta(minutes=15),
    )


async def make_rule(
    session: AsyncSession,
    client: Client,
    service: Service,
    *,
    at: str = "09:00",
    first_day: str = "2026-12-01",
    recurrence: str | None = None,
    staff: Staff | None = None,
    channel: Channel = Channel.PHYSICAL,
    minutes: int = 15,
    **more: Any,
) -> ContactRule:
    """A contact rule with one line; once, unless `recurrence` says otherwise."""
    rule = ContactRule(
        id=new_id(),
        client_id=client.id,
        channel=channel,
        at=time.fromisoformat(at),
        minutes=minutes,
        recurrence=recurrence,
        first_day=date.fromisoformat(first_day),
        staff_id=staff.id if staff else None,
        priority=service.priority,
        created_at=LONG_AGO,
        **more,
    )
    session.add(rule)
    await session.flush()
    session.add(
        ContactRuleLine(
            id=new_id(),
            rule_id=rule.id,
            service_id=service.id,
            goal_type=service.goal_type,
            law=service.law,
            minutes=minutes,
        )
    )
    await session.flush()
    return rule


async def make_disruption(
    session: AsyncSession,
    kind: DisruptionKind,
    start: str = "2026-12-01 06:40",
    end: str = "2026-12-01 16:00",
    *,
    scope: Mapping[str, Sequence[UUID]],
    severity: Mapping[str, Any] | None = None,
    **more: Any,
) -> Disruption:
    """Something that was reported at 06.40; none of its facts are written (`report.record` does that)."""
    disruption = Disruption(
        id=new_id(),
        kind=kind,
        scope={name: [str(one) for one in ids] for name, ids in scope.items()},
        start=moment(start),
        end=moment(end),
        severity=dict(severity or {}),
        **{"reported_at": moment("2026-12-01 06:40"), **more},
    )
    session.add(disruption)
    await session.flush()
    return disruption


async def make_proposal(session: AsyncSession, disruption: Disruption, **more: Any) -> Proposal:
    """An open proposal without changes: see `make_change`."""
    proposal = Proposal(
        id=new_id(),
        disruption_id=disruption.id,
        **{
            "made_at": disruption.reported_at, "seconds": 1.5, "state": ProposalState.OPEN, "summary": {},
            "effect": {}, "unsolved": [], **more,
        },
    )  # fmt: skip
    session.add(proposal)
    await session.flush()
    return proposal


async def make_change(
    session: AsyncSession,
    proposal: Proposal,
    contact: PlannedContact,
    kind: ChangeKind = ChangeKind.RETIME,
    *,
    staff: Sequence[Staff],
    to: Sequence[Staff] | None = None,
    later: int = 0,
    days: int = 0,
    channel: Channel | None = None,
    **more: Any,
) -> Change:
    """A proposed change of `contact`, which `staff` have: others, `later` minutes, another channel or day."""
    before = {
        "channel": contact.channel.value,
        "staff": [str(one.id) for one in staff],
        "start": contact.start.isoformat(),
        "minutes": contact.minutes,
        "date": contact.planned_date.isoformat(),
    }
    after = {
        **before,
        "channel": (channel or contact.channel).value,
        "staff": [str(one.id) for one in (staff if to is None else to)],
        "start": (contact.start + timedelta(days=days, minutes=later)).isoformat(),
        "date": (contact.planned_date + timedelta(days=days)).isoformat(),
    }
    change = Change(
        id=new_id(),
        proposal_id=proposal.id,
        kind=kind,
        contact_id=contact.id,
        client_id=contact.client_id,
        group_id=contact.group_id,
        before=before,
        after=after,
        base_version=contact.version,
        rules=["on_the_spot"],
        reason={"sv": "Ger plats åt någon annan.", "en": "Makes room for somebody."},
        **{"seq": 1, "state": ChangeState.PROPOSED, **more},
    )
    session.add(change)
    await session.flush()
    return change
