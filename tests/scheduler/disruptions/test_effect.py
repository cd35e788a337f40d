"""What a disruption does to a day, and which rows it hits."""

from __future__ import annotations

import pytest

from care.contacts.channel import Channel
from care.contacts.life import Status
from care.disruptions import Disruption, DisruptionKind
from scheduler.disruptions.effect import Effect, effect_of, hit, is_gone
from tests.scheduler.disruptions.scenes import (
    a_client,
    a_disruption,
    a_group,
    a_row,
    a_scene,
    a_service,
    a_shift,
    a_worker,
    at,
)

GROUP, OTHER = a_group(), a_group()
ANNA, BO = a_worker(GROUP), a_worker(GROUP, first_name="Bo")
INGRID = a_client(GROUP)
VISIT = a_row(INGRID, [a_service()], staff=[ANNA])
CALL = a_row(INGRID, [a_service()], "10:00", staff=[ANNA], channel=Channel.VIDEO)
PHONE = a_row(INGRID, [a_service()], "11:00", staff=[BO], channel=Channel.PHONE)
PROMPT = a_row(INGRID, [a_service()], "12:00", channel=Channel.PROMPT)
ROWS = {"visit": VISIT, "call": CALL, "phone": PHONE, "prompt": PROMPT}
SCENE = a_scene(GROUP, list(ROWS.values()), [INGRID], [ANNA, BO])


def names_hit(*disruptions: Disruption) -> set[str]:
    effect = effect_of(SCENE, list(disruptions))
    return {name for name, row in ROWS.items() if hit(SCENE, effect, row)}


CASES: list[tuple[Disruption, set[str]]] = [
    (a_disruption(DisruptionKind.SNOW, groups=[GROUP], severity={"speed_factor": 0.5}), {"visit"}),
    (a_disruption(DisruptionKind.SNOW, groups=[OTHER], severity={"speed_factor": 0.5}), set()),
    (a_disruption(DisruptionKind.STAFF_ABSENT, staff=[ANNA]), {"visit", "call"}),
    (a_disruption(DisruptionKind.STAFF_ABSENT, "09:30", "16:00", staff=[ANNA]), {"call"}),
    (a_disruption(DisruptionKind.STAFF_ABSENT, "06:40", "09:00", staff=[ANNA]), set()),
    (a_disruption(DisruptionKind.CAR_BROKEN, "08:30", staff=[ANNA]), {"visit"}),
    (
        a_disruption(DisruptionKind.CAR_BROKEN, "08:30", staff=[ANNA], severity={"delay_minutes": 10}),
        set(),
    ),
    (a_disruption(DisruptionKind.BUILDING_UNREACHABLE, clients=[INGRID]), {"visit"}),
    (
        a_disruption(DisruptionKind.BUILDING_UNREACHABLE, clients=[INGRID], severity={"stairs_minutes": 5}),
        {"visit"},
    ),
    (a_disruption(DisruptionKind.CLIENT_AWAY, clients=[INGRID]), {"visit", "call", "phone", "prompt"}),
    (a_disruption(DisruptionKind.TABLET_OFFLINE, clients=[INGRID]), {"call", "prompt"}),
    (a_disruption(DisruptionKind.AREA_OFFLINE, groups=[GROUP]), {"call", "phone", "prompt"}),
    (a_disruption(DisruptionKind.INFECTION, clients=[INGRID]), {"visit"}),
    (a_disruption(DisruptionKind.STAFF_ADDED, staff=[BO], groups=[GROUP]), set()),
    (a_disruption(DisruptionKind.OTHER, groups=[GROUP]), set()),
]


@pytest.mark.parametrize(("disruption", "expected"), CASES)
def test_each_kind_hits_what_it_stands_in_the_way_of(disruption: Disruption, expected: set[str]) -> None:
    assert names_hit(disruption) == expected


def test_the_cases_above_are_all_the_kinds() -> None:
    assert {disruption.kind for disruption, _ in CASES} == set(DisruptionKind)


def test_what_has_begun_or_lies_elsewhere_is_not_hit() -> None:
    row = a_row(INGRID, [a_service()], staff=[ANNA], status=Status.UNDERWAY)
    effect = effect_of(SCENE, [a_disruption(DisruptionKind.STAFF_ABSENT, staff=[ANNA])])
    assert not hit(SCENE, effect, row)
    elsewhere = a_scene(GROUP, [VISIT], [INGRID], [ANNA], elsewhere=frozenset({VISIT.id}))
    assert not hit(elsewhere, effect, VISIT)


def test_an_absence_in_the_roster_needs_no_report() -> None:
    """Also one without an end: until the shift ends."""
    shift = a_shift(ANNA, absent_from=at("09:00"))
    scene = a_scene(GROUP, [VISIT], [INGRID], [ANNA], shifts=[shift])
    effect = effect_of(scene, [])
    assert effect.missing(ANNA.id) == [(at("09:00"), at("16:00"))]
    assert hit(scene, effect, VISIT)
    assert Effect().missing(ANNA.id) == []


def test_a_row_is_in_vain_only_while_the_client_is_away() -> None:
    effect = effect_of(SCENE, [a_disruption(DisruptionKind.CLIENT_AWAY, "09:30", "11:00", clients=[INGRID])])
    assert [is_gone(effect, row) for row in ROWS.values()] == [False, True, False, False]
