"""Rooms are spread over the nodes that answer, and a node that dies leaves none of them behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.media.janus.placing import EXPECTED, Load, place

LOADS = st.lists(
    st.builds(
        Load,
        name=st.text("abcdef", min_size=1, max_size=3),
        answers=st.booleans(),
        most_people=st.integers(1, 60),
        rooms=st.lists(st.integers(0, 12), max_size=8).map(tuple),
    ),
    max_size=6,
    unique_by=lambda load: load.name,
)


@given(loads=LOADS, people=st.integers(0, 12))
def test_a_room_goes_where_there_is_space(loads: list[Load], people: int) -> None:
    """Never to a node that is silent or would be too full; nowhere only when there is no such node."""
    chosen = place(loads, people)
    room = max(EXPECTED, people)
    fit = {load.name for load in loads if load.answers and load.people + room <= load.most_people}
    assert chosen in fit if fit else chosen is None


@given(loads=LOADS, people=st.integers(0, 12))
def test_a_call_that_goes_on_is_never_refused_while_somebody_answers(loads: list[Load], people: int) -> None:
    chosen = place(loads, people, pressing=True)
    assert (chosen is not None) == any(load.answers for load in loads)
    assert chosen is None or chosen in {load.name for load in loads if load.answers}


@given(loads=LOADS, people=st.integers(0, 12))
def test_every_server_decides_alike(loads: list[Load], people: int) -> None:
    """In whichever order the nodes were written down."""
    assert place(loads, people) == place(loads[::-1], people)


def test_the_least_used_is_taken_by_its_size() -> None:
    """A node for 100 with 30 people is less used than one for 20 with 9."""
    large = Load("large", True, 100, (10, 10, 10))
    small = Load("small", True, 20, (9,))
    assert place([small, large]) == "large"
    assert place([small, Load("large", True, 100, (10,) * 9)]) == "small"


def test_rooms_that_are_still_empty_count() -> None:
    """Many rooms opened at once, before anybody came, are spread."""
    loads = {name: Load(name, True, 60) for name in "ab"}
    for _ in range(10):
        chosen = place(list(loads.values()))
        assert chosen is not None
        old = loads[chosen]
        loads[chosen] = Load(chosen, True, 60, (*old.rooms, 0))
    assert {len(load.rooms) for load in loads.values()} == {5}
