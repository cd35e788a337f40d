"""Nobody's bad line makes work for the others: storms, repairs, rings."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.media.embedded import missing, ring
from server.media.embedded.limits import Bucket, Patience, Throttle
from server.media.embedded.missing import Arrival, Missing
from server.media.embedded.ring import Ring

TIMES = st.lists(st.floats(0, 2), max_size=300).map(
    lambda steps: [sum(steps[: at + 1]) for at in range(len(steps))]
)


@given(times=TIMES)
def test_a_bucket_gives_no_more_than_its_rate(times: list[float]) -> None:
    bucket = Bucket(5, 10)
    given_out = [at for at in times if bucket.take(at)]
    for first in range(len(given_out)):
        within = given_out[first:]
        for count, at in enumerate(within, 1):
            assert count <= 10 + 5 * (at - within[0]) + 1e-6


@given(times=TIMES)
def test_a_throttle_loses_no_request_and_keeps_its_distance(times: list[float]) -> None:
    """Of many requests one acts at once; the rest becomes one more when the time is up."""
    throttle, acted, owed = Throttle(0.5), [], False
    for at in times:
        now = throttle.ask(at)
        owed = not now
        acted += [at] * now
    assert all(after - before > 0.499 for before, after in pairwise(acted))
    if times:
        assert throttle.due(times[-1] + 0.51) == owed
    assert not throttle.due(1e9)


def test_what_came_by_itself_is_owed_no_longer() -> None:
    throttle = Throttle(0.5)
    assert throttle.ask(0)
    assert not throttle.ask(0.1)
    throttle.settle()
    assert not throttle.due(1)


def test_who_asks_all_the_time_is_heard_ever_more_seldom() -> None:
    """A line that loses everything costs the publisher a key picture each eight seconds, not two a second."""
    patience = Patience()
    heard = [at / 10 for at in range(600) if patience.ask(at / 10)]
    assert heard[0] == 0
    assert len(heard) < 14
    # After a quiet while it is heard at once again.
    assert patience.ask(120)
    assert patience.ask(120.6)


@given(asked=st.lists(st.tuples(st.integers(0, 600), st.floats(0, 0.05)), max_size=400))
def test_the_ring_gives_what_it_was_given_and_never_too_often(asked: list[tuple[int, float]]) -> None:
    """Only the last 512, only the right one, each at most ten times and twenty milliseconds apart."""
    kept, now = Ring(), 0.0
    for number in range(100, 700):
        kept.keep(number, b"h%d" % number, b"p%d" % number)
    last: dict[int, list[float]] = {}
    for number, pause in asked:
        now += pause
        found = kept.again(100 + number, now)
        if found is None:
            continue
        assert number >= 600 - ring.SIZE
        assert found == (b"h%d" % (100 + number), b"p%d" % (100 + number))
        last.setdefault(number, []).append(now)
    for times in last.values():
        assert len(times) <= ring.TRIES
        assert all(b - a >= ring.APART - 1e-9 for a, b in pairwise(times))


def test_a_storm_of_requests_is_refused() -> None:
    """Ten thousand requests in a second get a second's worth, and are counted."""
    kept = Ring()
    for number in range(ring.SIZE):
        kept.keep(number, b"", b"")
    got = sum(kept.again(number % ring.SIZE, number / 10_000) is not None for number in range(10_000))
    assert got <= ring.RATE + ring.BURST + 1
    assert kept.refused == 10_000 - got


def test_numbers_of_an_earlier_lap_are_not_mixed_up() -> None:
    """A number 512 back shares its place with a newer packet, and must not be answered with it."""
    kept = Ring()
    kept.keep(5, b"old", b"")
    kept.keep(5 + ring.SIZE, b"new", b"")
    assert kept.again(5, 0) is None
    assert kept.again(5 + ring.SIZE, 0) == (b"new", b"")


@given(lost=st.sets(st.integers(2, 199), max_size=60), rounds=st.integers(0, 3))
def test_all_that_was_lost_is_asked_for_and_what_comes_is_not_asked_again(
    lost: set[int], rounds: int
) -> None:
    """What is missing is exactly what did not come; repairs are counted; nothing is asked for ever."""
    watch, now = Missing(), 0.0
    for number in range(1, 201):
        if number not in lost:
            watch.arrived(number)
    asked = set(watch.due(now))
    assert asked == lost
    for _ in range(rounds):
        now += missing.APART
        for number in sorted(asked)[::2]:
            assert watch.arrived(number) is Arrival.REPAIR
        asked = set(watch.due(now))
        assert asked <= lost
    for _ in range(2 * missing.TRIES):
        now += missing.APART
        watch.due(now)
    assert watch.waiting == 0
    assert watch.repaired + watch.lost == len(lost)
    assert watch.received == 200 - len(lost) + watch.repaired


def test_the_same_number_is_not_asked_for_twice_at_once() -> None:
    watch = Missing()
    watch.arrived(1)
    assert watch.arrived(3) is Arrival.AFTER_GAP
    assert watch.due(0) == [2]
    assert watch.due(missing.APART / 2) == []
    assert watch.due(missing.APART) == [2]


def test_what_came_before_or_was_given_up_is_known_again() -> None:
    """Such a packet must not be passed on: its number was used."""
    watch = Missing()
    assert [watch.arrived(one) for one in (5, 6, 6, 5, 4)] == [
        *(Arrival.NEXT, Arrival.NEXT),
        *(Arrival.AGAIN,) * 3,
    ]
    watch.arrived(8)
    for at in range(2 * missing.TRIES):
        watch.due(at)
    assert watch.arrived(7) is Arrival.AGAIN


def test_a_huge_gap_is_given_up_but_for_its_end() -> None:
    """After a long outage only what somebody may still wait for is asked for, a bit at a time."""
    watch = Missing()
    watch.arrived(1)
    watch.arrived(20_000)
    assert watch.waiting == missing.WINDOW
    assert watch.lost == 20_000 - 2 - missing.WINDOW
    assert len(watch.due(0)) == missing.MOST
