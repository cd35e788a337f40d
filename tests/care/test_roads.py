"""Road distances and times: what every estimate in the plan and in the demo rests on (domain 5.2)."""

from __future__ import annotations

import pytest

from care.roads import drive_minutes, kilometres


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    """The haversine formula on a known length, the same both ways and nothing to oneself."""
    assert kilometres((62.0, 15.0), (63.0, 15.0)) == pytest.approx(111.195, abs=0.01)
    assert kilometres((63.0, 15.0), (62.0, 15.0)) == kilometres((62.0, 15.0), (63.0, 15.0))
    assert kilometres((62.0, 15.0), (62.0, 15.0)) == 0


@pytest.mark.parametrize(("air", "minutes"), [(0.0, 2.0), (3 / 1.3, 6.5), (16 / 1.3, 18.5)])
def test_town_is_slow_road_is_faster_and_the_door_takes_two_minutes(air: float, minutes: float) -> None:
    """3 road kilometres at 40 km/h are 4.5 minutes; 13 more at 65 are 12."""
    assert drive_minutes(air) == pytest.approx(minutes)
