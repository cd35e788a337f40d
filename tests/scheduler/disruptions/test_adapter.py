"""A scene as numbers and masks: no mask lets a hard rule go, whatever comes in, and nothing breaks it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings

from care.clients import Protection
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.disruptions import Disruption, DisruptionKind
from care.services import DigitalClass, Priority
from care.staff import ShiftKind
from scheduler.disruptions.adapter import LEAD, Posed, pose
from scheduler.disruptions.effect import Effect, effect_of
from scheduler.disruptions.scene import Scene
from scheduler.planner.problem import Mode, Modes, Worker
from tests.scheduler.disruptions.scenes import (
    NOW,
    a_client,
    a_disruption,
    a_group,
    a_row,
    a_scene,
    a_service,
    a_shift,
    a_worker,
    at,
    facts_for,
    scenes,
)

REMOTE = (Mode.VIDEO, Mode.PHONE)
BRACKE = a_group()


def posed(scene: Scene, *disruptions: Disruption) -> Posed:
    return pose(scene, effect_of(scene, list(disruptions)), Effect())


@given(scenes())
@settings(max_examples=150, deadline=None)
def test_no_hands_on_row_ever_gets_video(made: tuple[Scene, list[Disruption]]) -> None:
    """Nor a phone: by the row's own lines, whatever facts, channel, status or disruption come with it."""
    scene, disruptions = made
    told = posed(scene, *disruptions)
    for row, contact in zip(told.contacts, told.problem.contacts, strict=True):
        hands = not row.lines or any(not line.service.digital_class.may_be_digital for line in row.lines)
        if hands or row.priority is Priority.P1 or row.staff_needed > 1:
            assert not any(contact.modes.allows(mode) for mode in REMOTE)


@given(scenes())
@settings(max_examples=150, deadline=None)
def test_only_those_who_may_are_in_the_masks(made: tuple[Scene, list[Disruption]]) -> None:
    """A protected identity: known staff. Delegated care: the delegated. Or whoever has the row already."""
    scene, disruptions = made
    told = posed(scene, *disruptions)
    for row, contact in zip(told.contacts, told.problem.contacts, strict=True):
        client = scene.clients[row.client_id]
        current = set(scene.staff_of(row))
        for mode in (Mode.PHYSICAL, *REMOTE):
            may = {told.workers[number] for number in contact.eligible(mode)} - current
            if client.is_protected:
                assert may <= set(scene.known[client.id])
            if any(line.service.delegation_required for line in row.lines):
                assert may <= scene.delegated


@given(scenes())
@settings(max_examples=100, deadline=None)
def test_what_has_begun_is_pinned_or_lies_elsewhere_is_frozen(made: tuple[Scene, list[Disruption]]) -> None:
    scene, disruptions = made
    told = posed(scene, *disruptions)
    for row, contact in zip(told.contacts, told.problem.contacts, strict=True):
        if row.pinned or not row.status.is_untouched or row.id in scene.elsewhere:
            assert contact.frozen


def test_what_needs_hands_and_came_in_as_a_call_becomes_a_visit() -> None:
    """Also a P1 row: the planner would refuse the whole day for it."""
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    for row in (
        a_row(client, [a_service(DigitalClass.HANDS_REQUIRED)], staff=[anna], channel=Channel.VIDEO),
        a_row(client, [a_service()], staff=[anna], channel=Channel.VIDEO, priority=Priority.P1),
    ):
        (contact,) = posed(a_scene(BRACKE, [row], [client], [anna])).problem.contacts
        assert contact.modes is Modes.PHYSICAL


def test_a_lost_tablet_leaves_phone_and_visit_and_lost_lines_the_visit_alone() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], staff=[anna], channel=Channel.VIDEO)
    scene = a_scene(BRACKE, [row], [client], [anna])
    (calm,) = posed(scene).problem.contacts
    assert [calm.modes.allows(mode) for mode in (Mode.VIDEO, Mode.PHONE)] == [True, True]
    offline = a_disruption(DisruptionKind.TABLET_OFFLINE, clients=[client])
    (contact,) = posed(scene, offline).problem.contacts
    assert [contact.modes.allows(mode) for mode in (Mode.VIDEO, Mode.PHONE)] == [False, True]
    dark = a_disruption(DisruptionKind.AREA_OFFLINE, groups=[BRACKE])
    (contact,) = posed(scene, dark).problem.contacts
    assert contact.modes is Modes.PHYSICAL


def test_a_reminder_is_part_of_the_day_only_when_its_tablet_is_lost() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], channel=Channel.PROMPT, minutes=2)
    scene = a_scene(BRACKE, [row], [client], [anna])
    assert posed(scene).contacts == ()
    lost = posed(scene, a_disruption(DisruptionKind.TABLET_OFFLINE, clients=[client]))
    assert lost.contacts == (row,)
    assert lost.problem.contacts[0].physical_minutes == 10


def test_who_has_infection_meets_the_cohort_and_the_cohort_meets_nobody_else() -> None:
    ill, well = a_client(BRACKE), a_client(BRACKE)
    anna, bo, cia = (a_worker(BRACKE) for _ in range(3))
    rows = [a_row(ill, [a_service()], staff=[anna]), a_row(well, [a_service()], "10:00", staff=[anna])]
    scene = a_scene(BRACKE, rows, [ill, well], [anna, bo, cia], known={ill.id: [cia.id]})
    named = posed(scene, a_disruption(DisruptionKind.INFECTION, clients=[ill], staff=[bo]))

    def may_visit(told: Posed) -> list[set[object]]:
        return [{told.workers[n] for n in one.eligible(Mode.PHYSICAL)} for one in told.problem.contacts]

    assert may_visit(named) == [{bo.id}, {anna.id, cia.id}]
    known = posed(scene, a_disruption(DisruptionKind.INFECTION, clients=[ill]))
    assert may_visit(known) == [{anna.id, cia.id}, {anna.id, bo.id, cia.id}]


def test_a_protected_identity_meets_only_known_staff() -> None:
    client = a_client(BRACKE, protection=Protection.ASSUMED_IDENTITY)
    anna, bo, cia = (a_worker(BRACKE) for _ in range(3))
    row = a_row(client, [a_service()], staff=[anna])
    told = posed(a_scene(BRACKE, [row], [client], [anna, bo, cia], known={client.id: [bo.id]}))
    assert {told.workers[n] for n in told.problem.contacts[0].eligible_physical} == {anna.id, bo.id}


def worker_of(scene: Scene, *disruptions: Disruption) -> Worker:
    (worker,) = posed(scene, *disruptions).problem.workers
    return worker


def hours(told: Worker) -> list[tuple[int, int, bool]]:
    return [(one.start, one.end, one.digital_only) for one in told.intervals]


def test_time_at_work_is_the_shifts_without_absence_and_screen_time() -> None:
    """In minutes from seven: away 9–10, calls 13–14, a second shift over the end of the first."""
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], "07:00", staff=[anna])
    shifts = [
        a_shift(anna, "07:00", "15:00"),
        a_shift(anna, "14:30", "17:00", break_minutes=0),
        a_shift(anna, "13:00", "14:00", break_minutes=0, kind=ShiftKind.DIGITAL),
    ]
    scene = a_scene(BRACKE, [row], [client], [anna], shifts=shifts)
    away = a_disruption(DisruptionKind.STAFF_ABSENT, "09:00", "10:00", staff=[anna])
    assert hours(worker_of(scene, away)) == [
        (0, 120, False), (180, 360, False), (360, 420, True), (420, 600, False)
    ]  # fmt: skip
    # Ten hours at work, half an hour of break, the overtime capped.
    assert worker_of(scene, away).max_work == 600 - 30 + 30


def test_an_absence_in_the_roster_counts_without_any_report() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], "07:00", staff=[anna])
    shift = a_shift(anna, absent_from=at("11:00"), absent_to=None)
    told = worker_of(a_scene(BRACKE, [row], [client], [anna], shifts=[shift]))
    assert hours(told) == [(0, 240, False)]


def test_snow_that_began_long_ago_is_cut_to_the_day() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], staff=[anna])
    snow = a_disruption(DisruptionKind.SNOW, groups=[BRACKE], severity={"speed_factor": 0.6})
    snow.start, snow.end = NOW - timedelta(days=13), NOW + timedelta(days=13)
    shut = a_disruption(DisruptionKind.BUILDING_UNREACHABLE, clients=[client])
    shut.start, shut.end = snow.start, snow.end
    problem = posed(a_scene(BRACKE, [row], [client], [anna]), snow, shut).problem
    assert [(one.start, one.end, one.speed_percent) for one in problem.slowdowns] == [(-1440, 2880, 60)]
    assert len(problem.blockages) == 1


@pytest.mark.parametrize(
    ("status", "wall", "is_frozen"),
    [(Status.PLANNED, "06:50", True), (Status.PLANNED, "07:00", False), (Status.UNDERWAY, "07:00", True)],
)
def test_what_is_about_to_begin_is_left_alone(status: Status, wall: str, is_frozen: bool) -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], wall, staff=[anna], status=status)
    scene = a_scene(BRACKE, [row], [client], [anna])
    assert posed(scene).problem.contacts[0].frozen is is_frozen
    assert (at(wall) <= NOW + LEAD) is (wall == "06:50")
    # Unless it has become impossible.
    for kind, scope in (
        (DisruptionKind.STAFF_ABSENT, {"staff": [anna]}),
        (DisruptionKind.CAR_BROKEN, {"staff": [anna]}),
        (DisruptionKind.BUILDING_UNREACHABLE, {"clients": [client]}),
    ):
        told = posed(scene, a_disruption(kind, **scope)).problem.contacts[0]
        assert told.frozen is (status is Status.UNDERWAY)


def test_stairs_make_the_visit_longer_and_nothing_else() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], staff=[anna])
    stairs = a_disruption(
        DisruptionKind.BUILDING_UNREACHABLE, clients=[client], severity={"stairs_minutes": 7}
    )
    told = posed(a_scene(BRACKE, [row], [client], [anna]), stairs)
    (contact,) = told.problem.contacts
    assert (contact.physical_minutes, contact.video_minutes) == (22, 15)
    assert told.problem.blockages == ()


def test_only_what_may_wait_may_be_put_off() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    for priority in Priority:
        row = a_row(client, [a_service()], staff=[anna], priority=priority)
        (contact,) = posed(a_scene(BRACKE, [row], [client], [anna])).problem.contacts
        waits = priority in (Priority.P3, Priority.P4)
        assert bool(contact.modes & Modes.POSTPONE) is waits


def test_a_rule_against_it_takes_video_from_the_mask() -> None:
    client, anna = a_client(BRACKE), a_worker(BRACKE)
    row = a_row(client, [a_service()], staff=[anna])
    for against in ({"consent_video": False}, {"no_video_today": True}, {"tablet_usable": False}):
        facts = {row.id: facts_for(row, **against)}
        (contact,) = posed(a_scene(BRACKE, [row], [client], [anna], facts=facts)).problem.contacts
        assert not contact.modes.allows(Mode.VIDEO)
        assert contact.modes.allows(Mode.PHONE)
