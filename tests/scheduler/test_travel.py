"""Minutes between homes, also where an address is hidden."""

from __future__ import annotations

from scheduler.travel import Place, matrix, minutes_between

CENTRE = Place("centre", 0, 62.75, 15.417, 0.0)
HOME = Place("home", 0, 62.76, 15.43, 4.0, "Demovägen 12")
UPSTAIRS = Place("upstairs", 0, 62.76, 15.43, 4.0, "Demovägen 12")
SAME_NAME = Place("elsewhere", 1, 62.98, 16.09, 4.0, "Demovägen 12")
HIDDEN = Place("hidden", 0, centre_minutes=6.0)


def test_a_building_is_a_minute_and_only_within_its_own_area() -> None:
    """Two homes in a house are a minute apart; a house of the same name elsewhere is a drive away."""
    assert minutes_between(HOME, UPSTAIRS) == 1
    assert minutes_between(HOME, SAME_NAME) > 30


def test_a_hidden_home_is_reached_over_the_centre() -> None:
    """What is known is both ways to the centre and the door: nothing tells where the home lies."""
    assert minutes_between(HIDDEN, CENTRE) == 8
    assert minutes_between(HIDDEN, HOME) == 12


def test_nothing_known_is_ten_minutes() -> None:
    """Never nought: a plan that believes in no road at all would be late all day."""
    assert minutes_between(Place("a", 0), Place("b", 0)) == 10


def test_the_matrix_is_symmetric_with_noughts_to_oneself() -> None:
    """The planner may read it either way."""
    rows = matrix([CENTRE, HOME, UPSTAIRS, SAME_NAME, HIDDEN])
    assert all(rows[i][i] == 0 for i in range(5))
    assert all(rows[i][j] == rows[j][i] for i in range(5) for j in range(5))
