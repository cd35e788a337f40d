"""The course of a call's quality fits in its room, and no bad moment disappears from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from care.calls.series import FREEZES, KILOBITS, LOSS, MOST, ROUND_TRIP, Point, summary, thinned

_value = st.none() | st.floats(0, 1000)
_points = st.lists(
    st.tuples(
        st.integers(0, 90_000), _value, st.none() | st.floats(0, 100), _value,
        st.none() | st.integers(0, 9), _value,
    ).map(list),
    max_size=700,
)  # fmt: skip


def _worst(points: list[Point], column: int) -> float | None:
    return max((float(found) for p in points if (found := p[column]) is not None), default=None)


@given(_points)
def test_a_long_call_is_thinned_and_its_worst_is_kept(points: list[Point]) -> None:
    """At most `MOST` points; the worst loss and delay stand, and freezes are as many as before."""
    kept = thinned(points)
    assert len(kept) <= MOST
    for column in (ROUND_TRIP, LOSS):
        assert _worst(kept, column) == _worst(points, column)
    assert sum(p[FREEZES] or 0 for p in kept) == sum(p[FREEZES] or 0 for p in points)
    assert (thinned(points) == points) is (len(points) <= MOST) or not points


def test_a_summary_is_made_of_what_was_measured() -> None:
    """Medians of delays, the mean loss, all freezes; what nobody measured is left out."""
    points: list[Point] = [[0, 40.0, 0.0, None, 1, 500.0], [5, 60.0, 4.0, None, 2, 300.0]]
    assert summary(points) == {"round_trip_ms": 50.0, "loss_percent": 2.0, "freezes": 3, "kilobits": 400.0}
    assert summary([]) == {}
    assert [point[KILOBITS] for point in thinned(points, 1)] == [400.0]
