"""What may be reported: every kind, unknown people, impossible times; facts written and taken back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from care.clients import AbsenceKind, Client, ClientAbsence
from care.clock import StandingClock
from care.contacts.step import Hand
from care.disruptions import Disruption, DisruptionKind
from care.errors import Fault
from care.ids import new_id
from care.localtime import to_instant
from care.staff import Shift, ShiftKind, Staff
from care.storage.database import Database
from scheduler.disruptions.report import end, read_report, record
from tests.builders import Town, make_client, make_group, make_shift, make_staff, make_town, moment

HAND = Hand("test")
SPAN = {"from": "2026-12-01T06:40", "to": "2026-12-01T16:00"}
#: One good report of each kind, as the documentation has them.
GOOD: dict[DisruptionKind, dict[str, Any]] = {
    DisruptionKind.SNOW: {"scope": {"groups": ["Bräcke"]}, "speed_factor": 0.6},
    DisruptionKind.STAFF_ABSENT: {"scope": {"staff": ["P1"]}},
    DisruptionKind.STAFF_ADDED: {"scope": {"staff": ["P1"], "groups": ["bräcke "]}, "digital_only": True},
    DisruptionKind.BUILDING_UNREACHABLE: {"scope": {"building": "Granen"}, "stairs_minutes": 5},
    DisruptionKind.CAR_BROKEN: {"scope": {"staff": ["P1"]}, "delay_minutes": 75},
    DisruptionKind.CLIENT_AWAY: {"scope": {"clients": ["B1"]}},
    DisruptionKind.TABLET_OFFLINE: {"scope": {"clients": ["B1"]}},
    DisruptionKind.AREA_OFFLINE: {"scope": {"groups": ["Bräcke"]}},
    DisruptionKind.INFECTION: {"scope": {"clients": ["B1"], "staff": ["P1"]}},
    DisruptionKind.OTHER: {"scope": {"groups": ["Bräcke"]}, "note": "Vattnet är avstängt."},
}


class House:
    """A town with one worker (P1) on shift and one client (B1) in Granen."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock
        self.town: Town
        self.anna: Staff
        self.ingrid: Client

    async def report(self, raw: dict[str, Any]) -> Disruption:
        async with self.database.write() as session:
            return await record(session, read_report({**SPAN, **raw}), self.clock, HAND)

    async def over(self, disruption: Disruption) -> None:
        async with self.database.write() as session:
            await end(session, await session.get_one(Disruption, disruption.id), self.clock)

    async def shifts(self) -> list[Shift]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Shift).order_by(Shift.start, Shift.end)))

    async def absences(self) -> list[ClientAbsence]:
        async with self.database.read() as session:
            return list(await session.scalars(select(ClientAbsence).order_by(ClientAbsence.start)))


@pytest.fixture
async def house(sqlite_database: Database, clock: StandingClock) -> House:
    made = House(sqlite_database, clock)
    async with sqlite_database.write() as session:
        made.town = await make_town(session)
        made.anna = await make_staff(session, made.town, extern_id="P1", source="test")
        made.ingrid = await make_client(session, made.town, extern_id="B1", source="test", building="Granen")
        await make_shift(session, made.anna)
    return made


def test_there_is_a_good_report_of_every_kind() -> None:
    assert set(GOOD) == set(DisruptionKind)


@pytest.mark.parametrize("kind", DisruptionKind)
async def test_every_kind_is_read_from_json_and_recorded(house: House, kind: DisruptionKind) -> None:
    """People by their id elsewhere, groups by name; the wall times become instants; who and when is kept."""
    raw = json.dumps({"kind": kind.value, **SPAN, **GOOD[kind]})
    async with house.database.write() as session:
        made = await record(session, read_report(raw.encode()), house.clock, HAND)
    assert made.kind is kind
    assert (made.start, made.end) == (moment("2026-12-01 06:40"), moment("2026-12-01 16:00"))
    assert made.reported_at == house.clock.now()
    ids = {
        "groups": str(house.town.group.id), "staff": str(house.anna.id), "clients": str(house.ingrid.id),
    }  # fmt: skip
    for name, found in made.scope.items():
        if name != "building":
            assert found in ([], [ids[name]])
    assert made.severity.get("speed_factor", 0.6) == 0.6


async def test_what_is_named_twice_counts_once(house: House) -> None:
    group = house.town.group
    snow = await house.report(
        {"kind": "snow", "scope": {"groups": ["Bräcke", "BRÄCKE", str(group.id)]}, "speed_factor": 1}
    )
    assert snow.scope["groups"] == [str(group.id)]
    away = await house.report(
        {"kind": "tablet_offline", "scope": {"clients": ["B1", str(house.ingrid.id)], "building": "Granen"}}
    )
    assert away.scope["clients"] == [str(house.ingrid.id)]


SNOW: dict[str, Any] = {"kind": "snow", "scope": {"groups": ["Bräcke"]}, "speed_factor": 0.6, **SPAN}
CAR: dict[str, Any] = {"kind": "car_broken", "scope": {"staff": ["P1"]}, **SPAN}
AWAY: dict[str, Any] = {"kind": "staff_absent", "scope": {"staff": ["P1"]}, **SPAN}


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        (b"", "disruption.bad", "$"),
        (b"\xff\xfe", "disruption.bad", "$"),
        (b"[]", "disruption.bad", "$"),
        ({**SNOW, "kind": "strike"}, "disruption.bad", "kind"),
        ({**SNOW, "colour": "white"}, "disruption.bad", "$"),
        ({**SNOW, "scope": {"groups": [7]}}, "disruption.bad", "scope.groups[0]"),
        ({**SNOW, "scope": {"areas": ["Bräcke"]}}, "disruption.bad", "scope"),
        ({key: SNOW[key] for key in ("kind", "scope")}, "disruption.bad", "$"),
        ({**SNOW, "scope": {"staff": ["P1"]}}, "disruption.scope", "scope.groups"),
        ({**AWAY, "scope": {}}, "disruption.scope", "scope.staff"),
        ({**SNOW, "speed_factor": None}, "disruption.speed", "speed_factor"),
        ({**SNOW, "speed_factor": 0.05}, "disruption.speed", "speed_factor"),
        ({**SNOW, "speed_factor": 1.2}, "disruption.speed", "speed_factor"),
        ({**SNOW, "speed_factor": -1}, "disruption.speed", "speed_factor"),
        ({**AWAY, "speed_factor": 0.6}, "disruption.field", "speed_factor"),
        ({**AWAY, "digital_only": True}, "disruption.field", "digital_only"),
        ({**SNOW, "stairs_minutes": 5}, "disruption.field", "stairs_minutes"),
        ({**CAR, "delay_minutes": 0}, "disruption.minutes", "delay_minutes"),
        ({**CAR, "delay_minutes": -50}, "disruption.minutes", "delay_minutes"),
        ({**CAR, "delay_minutes": 10_000}, "disruption.minutes", "delay_minutes"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused_with_its_place(raw: Any, code: str, place: str) -> None:
    with pytest.raises(Fault) as fault:
        read_report(raw)
    assert (fault.value.code, fault.value.place, fault.value.status) == (code, place, 422)


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        ({**SNOW, "scope": {"groups": ["Bräcke", "Atlantis"]}}, "disruption.unknown", "scope.groups[1]"),
        ({**AWAY, "scope": {"staff": ["P1", "P2"]}}, "disruption.unknown", "scope.staff[1]"),
        ({**AWAY, "scope": {"staff": [str(new_id())]}}, "disruption.unknown", "scope.staff[0]"),
        ({**AWAY, "scope": {"staff": ["B1"]}}, "disruption.unknown", "scope.staff[0]"),
        (
            {"kind": "client_away", "scope": {"clients": ["P1"]}, **SPAN},
            "disruption.unknown",
            "scope.clients[0]",
        ),
        (
            {"kind": "building_unreachable", "scope": {"building": "Tallen"}, **SPAN},
            "disruption.unknown",
            "scope.building",
        ),
        ({**SNOW, "to": "2026-12-01T06:40"}, "disruption.span", "to"),
        ({**SNOW, "to": "2026-12-16T06:40"}, "disruption.long", "to"),
        ({**SNOW, "from": "2026-11-30T06:40", "to": "2026-11-30T18:00"}, "disruption.past", "to"),
        ({**SNOW, "from": "halv sju"}, "time.bad", "from"),
        ({**SNOW, "to": "2026-13-01T06:40"}, "time.bad", "to"),
        ({**SNOW, "from": "0001-01-01T00:00"}, "date.bad", "from"),
        ({**SNOW, "to": "9999-12-31T23:59-12:00"}, "date.bad", "to"),
        ({**SNOW, "from": "2027-03-28T02:30", "to": "2027-03-28T08:00"}, "time.gap", "from"),
        (
            {"kind": "staff_added", "scope": {"staff": ["P1"]}, **SPAN, "to": "2026-12-02T06:40"},
            "disruption.shift",
            "to",
        ),
    ],
)
async def test_unknown_people_and_impossible_times_are_named_and_nothing_is_written(
    house: House, raw: dict[str, Any], code: str, place: str
) -> None:
    with pytest.raises(Fault) as fault:
        await house.report(raw)
    assert (fault.value.code, fault.value.place) == (code, place)
    async with house.database.read() as session:
        assert (await session.scalars(select(Disruption))).all() == []
    assert [one.absent_from for one in await house.shifts()] == [None]


async def test_times_with_an_offset_and_over_the_autumn_night(house: House) -> None:
    made = await house.report({**SNOW, "from": "2026-12-01T05:30+00:00", "to": "2026-12-01T18:00+01:00"})
    assert (made.start, made.end) == (moment("2026-12-01 06:30"), moment("2026-12-01 18:00"))
    house.clock.set(datetime(2027, 10, 30, 20))
    night = await house.report({**SNOW, "from": "2027-10-31T00:00", "to": "2027-10-31T06:00"})
    assert night.end - night.start == timedelta(hours=7)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_garbage_is_a_fault_and_nothing_else(raw: bytes | str) -> None:
    with pytest.raises(Fault):
        read_report(raw)


async def test_an_absence_stands_in_the_shift_without_a_cause(house: House) -> None:
    """From when to when, within the shift; what two reports say is joined."""
    await house.report({**AWAY, "from": "2026-12-01T05:00", "to": "2026-12-01T10:00"})
    (shift,) = await house.shifts()
    assert (shift.absent_from, shift.absent_to) == (shift.start, moment("2026-12-01 10:00"))
    await house.report({**AWAY, "from": "2026-12-01T09:00", "to": "2026-12-01T20:00"})
    (shift,) = await house.shifts()
    assert (shift.absent_from, shift.absent_to) == (shift.start, shift.end)


async def test_who_is_back_is_at_work_unless_another_report_says_otherwise(house: House) -> None:
    first = await house.report(AWAY)
    second = await house.report({**AWAY, "from": "2026-12-01T12:00"})
    house.clock.set(datetime(2026, 12, 1, 9))
    await house.over(first)
    (shift,) = await house.shifts()
    assert (shift.absent_from, shift.absent_to) == (moment("2026-12-01 07:00"), moment("2026-12-01 16:00"))
    await house.over(second)
    (shift,) = await house.shifts()
    assert shift.absent_to == moment("2026-12-01 09:00")


async def test_an_absence_that_never_began_leaves_no_trace(house: House) -> None:
    made = await house.report({**AWAY, "from": "2026-12-01T12:00"})
    await house.over(made)
    (shift,) = await house.shifts()
    assert (shift.absent_from, shift.absent_to) == (None, None)


async def test_help_is_a_shift_where_it_helps_and_ends_with_the_report(house: House) -> None:
    """In the group that gets it; before it has begun nothing remains of it, afterwards what was worked."""
    async with house.database.write() as session:
        far = await make_group(session, house.town.municipality, "Kälarne")
        stina = await make_staff(session, house.town, "Stina", group_id=far.id)
    raw = {"kind": "staff_added", "scope": {"staff": [str(stina.id)], "groups": ["Bräcke"]}}
    made = await house.report({**raw, "digital_only": True})
    (extra,) = [one for one in await house.shifts() if one.staff_id == stina.id]
    assert (extra.group_id, extra.kind) == (house.town.group.id, ShiftKind.DIGITAL)
    house.clock.set(datetime(2026, 12, 1, 9))
    await house.over(made)
    (extra,) = [one for one in await house.shifts() if one.staff_id == stina.id]
    assert extra.end == moment("2026-12-01 09:00")
    later = await house.report({**raw, "from": "2026-12-01T16:00", "to": "2026-12-01T21:00"})
    assert len(await house.shifts()) == 3
    await house.over(later)
    assert len(await house.shifts()) == 2


async def test_a_client_who_comes_home_keeps_other_absences(house: House) -> None:
    """What somebody wrote on the card is not what this report was about."""
    async with house.database.write() as session:
        session.add(
            ClientAbsence(
                id=new_id(), client_id=house.ingrid.id, kind=AbsenceKind.HOSPITAL,
                start=to_instant(datetime(2026, 12, 3)), end=to_instant(datetime(2026, 12, 5)),
            )
        )  # fmt: skip
    made = await house.report({"kind": "client_away", "scope": {"clients": ["B1"]}})
    house.clock.set(datetime(2026, 12, 1, 9))
    await house.over(made)
    reported, hospital = await house.absences()
    assert reported.end == moment("2026-12-01 09:00")
    assert hospital.end == to_instant(datetime(2026, 12, 5))
