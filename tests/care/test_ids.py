"""Ids are UUIDs of version 7 that sort by when they were made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from care.ids import new_id, read_id


def test_ids_made_one_after_the_other_sort_that_way() -> None:
    """Also within one millisecond, and none comes twice."""
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_of_several_threads_never_meet() -> None:
    """Each thread's own are in order too."""
    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)))
    assert all(ids == sorted(ids) for ids in many)
    assert len({one for ids in many for one in ids}) == 8_000


@given(st.integers(0, 2**48 - 1))
def test_the_layout_is_version_7(milliseconds: int) -> None:
    """The time stands first; version and variant are right."""
    made = new_id(milliseconds)
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == milliseconds


@given(st.integers(0, 2**48 - 2), st.integers(1, 1000))
def test_later_is_larger(milliseconds: int, later: int) -> None:
    """Ids compare as their times do, as UUIDs and as text."""
    first, second = new_id(milliseconds), new_id(min(milliseconds + later, 2**48 - 1))
    assert first < second
    assert str(first) < str(second)


@given(st.text() | st.uuids().map(str))
def test_reading_never_raises(text: str) -> None:
    """Anything a browser may send is an id or None."""
    assert read_id(text) is None or isinstance(read_id(text), UUID)
