"""Scenes without a database: a town of one area, whose rows, people and facts may be anything at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from care.clients import Client, DecisionAbility, Protection, VideoWish
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.digital import DigitalFacts, LineFacts
from care.contacts.life import Status
from care.disruptions import Disruption, DisruptionKind
from care.ids import new_id
from care.localtime import SWEDEN, to_instant
from care.municipality import Group
from care.services import DigitalClass, Law, Priority, Service
from care.staff import Shift, ShiftKind, Staff
from scheduler.disruptions.scene import Scene

DAY = date(2026, 12, 1)
NOW = to_instant(datetime(2026, 12, 1, 6, 40))


def at(wall: str) -> datetime:
    """An instant of the day, of its wall time."""
    return to_instant(datetime.combine(DAY, datetime.strptime(wall, "%H:%M").time()))  # noqa: DTZ007


def a_group() -> Group:
    return Group(id=new_id(), name="Bräcke", latitude=62.75, longitude=15.42)


def a_worker(group: Group, **more: Any) -> Staff:
    return Staff(id=new_id(), group_id=group.id, **{"first_name": "Anna", "may_video": True, **more})


def a_shift(staff: Staff, start: str = "07:00", end: str = "16:00", **more: Any) -> Shift:
    more = {
        "kind": ShiftKind.DAY, "break_minutes": 30, "absent_from": None, "absent_to": None,
        "group_id": staff.group_id, **more,
    }  # fmt: skip
    return Shift(id=new_id(), staff_id=staff.id, date=DAY, start=at(start), end=at(end), **more)


def a_client(group: Group, **more: Any) -> Client:
    more = {
        "first_name": "Ingrid", "protection": Protection.NONE, "centre_minutes": 5.0, "latitude": 62.75,
        "longitude": 15.42, "building": None, **more,
    }  # fmt: skip
    return Client(id=new_id(), group_id=group.id, **more)


def a_service(digital_class: DigitalClass = DigitalClass.DIGITAL_POSSIBLE, **more: Any) -> Service:
    more = {
        "code": "TI-DAG",
        "standard_minutes": 15,
        "video_minutes": None,
        "delegation_required": False,
        **more,
    }
    return Service(id=new_id(), digital_class=digital_class, **more)


def a_row(
    client: Client,
    services: Sequence[Service],
    start: str = "09:00",
    *,
    staff: Sequence[Staff] = (),
    law: Law = Law.SOL,
    **more: Any,
) -> PlannedContact:
    begins = at(start)
    more = {
        "channel": Channel.PHYSICAL, "status": Status.PLANNED, "priority": Priority.P2, "minutes": 15,
        "staff_needed": 1, "pinned": False, "actual_start": None, "version": 1,
        "window_start": begins - timedelta(minutes=30), "window_end": begins + timedelta(minutes=30), **more,
    }  # fmt: skip
    row = PlannedContact(
        id=new_id(), client_id=client.id, group_id=client.group_id, start=begins, planned_date=DAY,
        owed_date=DAY, **more,
    )  # fmt: skip
    row.lines = [ContactLine(service=one, law=law, minutes=one.standard_minutes) for one in services]
    row.assignments = [Assignment(staff_id=one.id, slot=slot) for slot, one in enumerate(staff, start=1)]
    return row


def facts_for(row: PlannedContact, **more: Any) -> DigitalFacts:
    """Facts under which everything that the row itself allows is allowed."""
    fine: dict[str, Any] = {
        "at": row.start, "day": DAY, "priority": row.priority, "staff_needed": row.staff_needed,
        "lines": [
            LineFacts(line.service.code, line.service.digital_class, line.law, nurse_allows=True)
            for line in row.lines
        ],
        "video_wish": VideoWish.YES, "consent_video": True, "lives_with_somebody": False,
        "consent_cohabitant": False, "decision_ability": DecisionAbility.OWN, "no_video_today": False,
        "tablet_usable": True, "has_phone": True, "last_physical": DAY - timedelta(days=1),
    }  # fmt: skip
    return DigitalFacts(**{**fine, **more})


def a_scene(
    group: Group,
    rows: Sequence[PlannedContact],
    clients: Sequence[Client],
    staff: Sequence[Staff],
    *,
    shifts: Sequence[Shift] | None = None,
    facts: dict[UUID, DigitalFacts] | None = None,
    **more: Any,
) -> Scene:
    """The scene of these; everybody works from seven to four unless `shifts` are given."""
    by_staff: dict[UUID, list[Shift]] = {}
    for shift in [a_shift(one) for one in staff] if shifts is None else shifts:
        by_staff.setdefault(shift.staff_id, []).append(shift)
    more = {
        "elsewhere": frozenset(),
        "delegated": frozenset(),
        "known": {},
        "groups": {group.id: group},
        **more,
    }
    return Scene(
        day=DAY,
        now=NOW,
        zone=SWEDEN,
        contacts=sorted(rows, key=lambda row: row.start),
        clients={one.id: one for one in clients},
        facts={row.id: facts_for(row) for row in rows} if facts is None else facts,
        staff={one.id: one for one in staff},
        shifts=by_staff,
        **more,
    )


def a_disruption(
    kind: DisruptionKind, start: str = "06:40", end: str = "16:00", *, severity: dict[str, Any] | None = None,
    **scope: Sequence[Any],
) -> Disruption:  # fmt: skip
    return Disruption(
        id=new_id(),
        kind=kind,
        scope={name: [str(one.id) for one in people] for name, people in scope.items()},
        start=at(start),
        end=at(end),
        severity=severity or {},
    )


LINES = st.lists(
    st.builds(
        a_service,
        st.sampled_from(DigitalClass),
        standard_minutes=st.integers(1, 90),
        video_minutes=st.none() | st.integers(1, 30),
        delegation_required=st.booleans(),
    ),
    max_size=3,
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Scene, list[Disruption]]:
    """Any rows at all, also such as no import lets in, with any facts; and any disruptions of them."""
    group = a_group()
    clients = [
        a_client(group, protection=draw(st.sampled_from(Protection)), first_name=f"K{number}")
        for number in range(draw(st.integers(1, 3)))
    ]
    staff = [a_worker(group, may_video=draw(st.booleans())) for _ in range(draw(st.integers(1, 4)))]
    rows = [
        a_row(
            draw(st.sampled_from(clients)),
            draw(LINES),
            f"{7 + number:02}:{draw(st.sampled_from(['00', '20', '45']))}",
            staff=draw(st.lists(st.sampled_from(staff), max_size=2, unique=True)),
            law=draw(st.sampled_from(Law)),
            channel=draw(st.sampled_from(Channel)),
            status=draw(st.sampled_from([Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.DONE])),
            priority=draw(st.sampled_from(Priority)),
            staff_needed=draw(st.integers(1, 2)),
            minutes=draw(st.integers(1, 90)),
            pinned=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 5)))
    ]
    facts = {
        row.id: facts_for(
            row,
            # The facts may even say something else than the row does.
            priority=draw(st.sampled_from(Priority)),
            lines=[LineFacts("TI-DAG", draw(st.sampled_from(DigitalClass)), Law.SOL, nurse_allows=True)],
            consent_video=draw(st.booleans()),
            tablet_usable=draw(st.booleans()),
        )
        for row in rows
        if draw(st.booleans())
    }
    scene = a_scene(
        group, rows, clients, staff, facts=facts,
        elsewhere=frozenset(row.id for row in rows if draw(st.integers(0, 5)) == 0),
        delegated=frozenset(one.id for one in staff if draw(st.booleans())),
        known={
            one.id: [worker.id for worker in draw(st.lists(st.sampled_from(staff), unique=True))]
            for one in clients
        },
    )  # fmt: skip
    return scene, draw(st.lists(disruptions(group, clients, staff), max_size=3))


def disruptions(
    group: Group, clients: Sequence[Client], staff: Sequence[Staff]
) -> st.SearchStrategy[Disruption]:
    return st.builds(
        a_disruption,
        st.sampled_from(DisruptionKind),
        st.sampled_from(["05:00", "06:40", "09:00"]),
        st.sampled_from(["10:00", "12:00", "18:00"]),
        severity=st.sampled_from([{}, {"speed_factor": 0.4}, {"stairs_minutes": 20}, {"delay_minutes": 90}]),
        groups=st.just([group]),
        clients=st.lists(st.sampled_from(clients), max_size=2),
        staff=st.lists(st.sampled_from(staff), max_size=2),
    )
