"""Small numbers stay hidden, also beside a total."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from care.measures.hiding import FEWEST, HIDDEN, Share, shown, table, to_hide

shares = st.integers(0, 30).flatmap(lambda whole: st.integers(0, whole).map(lambda part: Share(part, whole)))
cells = st.dictionaries(st.integers(0, 12), shares, max_size=10)


def test_fewer_than_five_answers_are_hidden_without_their_number() -> None:
    assert shown(Share(4, 4)) == {"value": None, "hidden": True}


def test_five_answers_are_shown_with_their_number() -> None:
    assert shown(Share(4, 5)) == {"value": 0.8, "n": 5, "part": 4, "hidden": False}


def test_the_only_small_cell_takes_the_next_smallest_with_it() -> None:
    """Total 50 minus 20 minus 27 would say 3."""
    assert to_hide({"a": Share(1, 3), "b": Share(9, 20), "c": Share(9, 27)}) == {"a", "b"}


def test_an_empty_cell_reveals_nothing_and_hides_nobody_else() -> None:
    assert to_hide({"a": Share(0, 0), "b": Share(9, 20), "c": Share(9, 27)}) == {"a"}


@given(cells)
def test_no_small_number_can_be_had_by_subtracting_from_the_total(many: dict[int, Share]) -> None:
    result = table(many)
    hidden = [key for key, cell in result.items() if cell == HIDDEN]
    assert all(many[key].whole >= FEWEST for key in many if key not in hidden)
    unseen = sum(many[key].whole for key in hidden)
    secret = [key for key in hidden if many[key].whole > 0]
    if secret and len(secret) < len([key for key in many if many[key].whole > 0]):
        # Something is shown beside something hidden: what is left over must not be a small number.
        assert unseen >= FEWEST
        assert len(secret) >= 2
