"""One group with one of everything that an address or a form can name, to be tried by somebody else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import EmergencyOpening, open_in_emergency
from care.access.sample import LogSample
from care.approved import ApprovedPerson, approve
from care.calls.call import Call
from care.calls.life import CallState, Cause
from care.carried import CarriedDeed, DeedKind, Doubt, Outcome
from care.clients import AbsenceKind, Client, ClientAbsence, ContactPerson
from care.consent import Consent, ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.rule import ContactRule
from care.devices import Device, DeviceAssignment, Pairing
from care.disruptions import Change, Disruption, DisruptionKind, Proposal
from care.gatherings import Action, AgendaNote, Gathering, GatheringKind, Heading
from care.ids import new_id
from care.municipality import Group
from care.pairing import invite
from care.services import Service
from care.staff import Staff
from care.tasks import Task, TaskKind, open_task
from server.pages.client.client import seen
from server.tablets.keys import check_number
from tests.builders import (
    Town,
    make_account,
    make_change,
    make_client,
    make_consent,
    make_contact,
    make_digital,
    make_disruption,
    make_proposal,
    make_rule,
    make_shift,
    make_staff,
    make_tablet,
    moment,
)

NOW = moment("2026-12-01 06:40")


@dataclass(frozen=True, slots=True)
class Side:
    """A group, its people, and their things."""

    group: Group
    staff: Staff
    client: Client
    mate: Client
    consent: Consent
    #: On the list of whom `client` lets join calls.
    friend: ApprovedPerson
    absence: ClientAbsence
    visit: PlannedContact
    video: PlannedContact
    underway: PlannedContact
    #: The id of the line of `underway`.
    line: UUID
    red: PlannedContact
    rule: ContactRule
    task: Task
    disruption: Disruption
    proposal: Proposal
    change: Change
    device: Device
    #: A tablet that two people share.
    shared: Device
    #: Asks to be let in at the home of `mate`, and shows `number`.
    pairing: Pairing
    number: str
    gathering: Gathering
    note: AgendaNote
    action: Action
    service: Service
    #: What the form of the client's page showed.
    seen: str
    #: Entered without cover on `underway`, waiting for a person.
    deed: CarriedDeed
    #: The system was away when `red` was to begin.
    outage: Task
    #: Somebody opened `client` in an emergency, and a line of the log is drawn.
    opening: EmergencyOpening
    sample: LogSample
    #: Whom to ring about `client`.
    relative: ContactPerson
    #: A call of `video` that has ended.
    ended: Call


async def make_side(session: AsyncSession, town: Town, name: str = "Ingrid") -> Side:
    """Everything, in the town's group. `name` is the first name of the client."""
    staff = await make_staff(session, town, f"{name}s", "Vårdare")
    await make_shift(session, staff)
    client = await make_client(session, town, name)
    device = await make_digital(session, client, NOW)
    mate = await make_client(session, town, f"{name}s granne")
    shared = await make_tablet(session, mate, last_seen_at=NOW)
    device.label = shared.label = "Surfplatta 00A1"
    third = await make_client(session, town, f"{name}s andra granne")
    session.add(DeviceAssignment(id=new_id(), device_id=shared.id, client_id=third.id, start=NOW))
    services = town.services
    absence = ClientAbsence(
        id=new_id(), client_id=client.id, kind=AbsenceKind.TRAVEL, start=NOW + timedelta(days=30), end=None
    )
    session.add(absence)
    consent = await make_consent(session, client, ConsentKind.AUTO_ANSWER)
    await make_consent(session, client, ConsentKind.RELATIVE_CALLS)
    friend = await approve(
        session, client, name="Lisa", relation="dotter", given_by=None, now=NOW, account_id=None
    )
    visit = await make_contact(session, client, services["TI-DAG"], "2026-12-01 10:00", staff=[staff])
    video = await make_contact(
        session, client, services["SO-SAM"], "2026-12-01 06:45", staff=[staff], channel=Channel.VIDEO
    )
    underway = await make_contact(
        session, client, services["PV-MOR"], "2026-12-01 06:30", staff=[staff],
        status=Status.UNDERWAY, actual_start=NOW - timedelta(minutes=10),
    )  # fmt: skip
    red = await make_contact(
        session, client, services["HS-PAM"], "2026-12-01 06:00", staff=[staff], channel=Channel.VIDEO,
        status=Status.AWAITING, deadline=NOW - timedelta(minutes=10),
    )  # fmt: skip
    line = await session.scalar(select(ContactLine.id).where(ContactLine.contact_id == underway.id))
    assert line is not None
    ended = Call(
        id=new_id(), contact_id=video.id, state=CallState.ENDED, cause=Cause.LOST, rung_at=NOW, ended_at=NOW
    )
    session.add(ended)
    rule = await make_rule(session, client, services["SO-SAM"], channel=Channel.VIDEO, staff=staff)
    task = await open_task(
        session, TaskKind.CALL_REQUEST, group_id=town.group.id, at=NOW, deadline=NOW, client_id=client.id
    )
    assert task is not None
    disruption = await make_disruption(
        session, DisruptionKind.SNOW, scope={"groups": [town.group.id]}, severity={"speed_factor": 0.6}
    )
    proposal = await make_proposal(session, disruption)
    change = await make_change(session, proposal, visit, staff=[staff], later=20)
    made = (await invite(session, mate.id, NOW)).pairing
    key = {"crv": "P-256", "kty": "EC", "x": "x", "y": "y"}
    made.public_key = json.dumps(key, sort_keys=True)
    held = await session.scalar(select(func.count()).where(Gathering.group_id == town.group.id)) or 0
    gathering = Gathering(
        id=new_id(), kind=GatheringKind.WEEKLY_CHECKIN, group_id=town.group.id, leader_id=staff.id,
        start=NOW, week=f"{2025 - held}-W20",
    )  # fmt: skip
    session.add(gathering)
    await session.flush()
    note = AgendaNote(id=new_id(), gathering_id=gathering.id, heading=Heading.LESSONS, text="Snö")
    action = Action(id=new_id(), gathering_id=gathering.id, text="Köpa sand")
    session.add_all([note, action])
    await session.flush()
    bo = await make_account(session, staff, f"bo-{staff.id}")
    opening = await open_in_emergency(session, bo, client, "Larm från hemmet", NOW)
    drawn = LogSample(
        id=new_id(), group_id=town.group.id, month="2026-10", drawn_at=NOW, entry_id=new_id(),
        number=1 + (await session.scalar(select(func.max(LogSample.number))) or 0),
    )  # fmt: skip
    session.add(drawn)
    told = CarriedDeed(
        id=new_id(), key=new_id(), account_id=bo.id,
        staff_id=staff.id, contact_id=underway.id, kind=DeedKind.CHECK_OUT, phone_at=NOW, at=NOW,
        received_at=NOW, outcome=Outcome.DECIDE, doubt=Doubt.CLOCK, said={},
    )  # fmt: skip
    session.add(told)
    outage = await open_task(
        session, TaskKind.SYSTEM_WAS_AWAY, group_id=town.group.id, at=NOW, deadline=NOW,
        facts={
            "from": (NOW - timedelta(hours=1)).isoformat(), "to": (NOW - timedelta(minutes=20)).isoformat(),
            "contacts": [str(red.id)], "count": 1,
        },
    )  # fmt: skip
    assert outage is not None
    relative = ContactPerson(
        id=new_id(), client_id=client.id, name=f"{name}s dotter", relation="dotter", phone="070-174 06 11"
    )
    session.add(relative)
    await session.flush()
    return Side(
        town.group, staff, client, mate, consent, friend, absence, visit, video, underway, line, red, rule,
        task,
        disruption, proposal, change, device, shared, made, check_number(key), gathering, note, action,
        services["SO-SAM"], seen(client), told, outage, opening, drawn, relative,
        ended,
    )  # fmt: skip
