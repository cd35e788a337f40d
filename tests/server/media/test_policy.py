"""Whose pictures go on which line, and who is asked to send how much."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.media.embedded import budget, uplink
from server.media.embedded.budget import Budget, Wanted
from server.media.embedded.places import arrange
from server.media.embedded.uplink import Uplink, ceiling, share

BITS = st.integers(5_000, 2_000_000)


def watched(policy: Budget, wanted: list[Wanted], *, start: float, seconds: int) -> frozenset[int]:
    """Ask once a second; returns the last choice."""
    chosen: frozenset[int] = frozenset()
    for second in range(seconds + 1):
        chosen = policy.choose(wanted, start + second)
    return chosen


@given(bits=st.lists(BITS, max_size=11), estimate=BITS)
def test_what_goes_on_a_full_line_fits_it(bits: list[int], estimate: int) -> None:
    """After proof that the line is full, what is left fits it, first ones first."""
    policy = Budget()
    policy.estimate(estimate)
    wanted = [Wanted(place, one) for place, one in enumerate(bits)]
    chosen = watched(policy, wanted, start=0, seconds=4)
    if sum(bits) <= estimate:
        assert chosen == frozenset(range(len(bits)))
        return
    assert chosen == frozenset(range(len(chosen)))
    assert not chosen or sum(bits[: len(chosen)]) <= estimate
    if estimate < budget.SOUND_ONLY:
        assert not chosen


def test_nothing_is_left_out_while_nobody_complains() -> None:
    policy = Budget()
    assert watched(policy, [Wanted(2, 9e6), Wanted(1, 9e6)], start=0, seconds=9) == {1, 2}


def test_a_belief_that_rises_is_given_time() -> None:
    """A browser that got little so far believes in little; that is no proof that the line is full."""
    policy = Budget()
    for second in range(20):
        policy.estimate(20_000 * 1.08**second)
        assert policy.choose([Wanted(0, 90_000)], second) == {0}


def test_a_little_picture_goes_on_a_line_of_which_little_is_known() -> None:
    """A still picture takes next to nothing, and a browser that gets nothing believes in nothing."""
    policy = Budget()
    policy.estimate(40_000)
    assert watched(policy, [Wanted(0, 15_000)], start=0, seconds=30) == {0}


def test_a_moment_of_too_much_leaves_nothing_out() -> None:
    policy = Budget()
    policy.estimate(100_000)
    assert policy.choose([Wanted(0, 500_000)], 0) == {0}
    assert policy.choose([Wanted(0, 500_000)], 1) == {0}
    assert policy.choose([Wanted(0, 80_000)], 2) == {0}
    assert policy.choose([Wanted(0, 500_000)], 3) == {0}


def test_what_was_left_out_is_tried_again_and_ever_more_seldom_while_it_fails() -> None:
    """On a line that never carries it the picture is tried at growing pauses; each try is short."""
    policy = Budget()
    tries, before = [], True
    for second in range(600):
        policy.estimate(100_000)
        shown = bool(policy.choose([Wanted(0, 400_000)], second))
        if shown and not before:
            tries.append(second)
        before = shown
    pauses = [b - a for a, b in pairwise(tries)]
    assert 5 <= len(tries) <= 15
    assert pauses == sorted(pauses)
    assert pauses[-1] >= budget.LAST_TRY


def test_a_line_that_gets_better_has_all_pictures_again() -> None:
    policy = Budget()
    wanted = [Wanted(place, 300_000) for place in range(4)]
    policy.estimate(200_000)
    assert watched(policy, wanted, start=0, seconds=4) == frozenset()
    policy.estimate(5e6)
    assert watched(policy, wanted, start=10, seconds=150) == {0, 1, 2, 3}


@given(people=st.integers(3, 12), poor=st.integers(10_000, 200_000))
def test_one_poor_line_never_makes_the_others_pictures_worse(people: int, poor: int) -> None:
    """The publisher is asked for what most viewers can take, whatever the slowest says."""
    good = [(ceiling(people), 1)] * (people - 2)
    assert share(people, [*good, (poor, 1)]) == ceiling(people)


def test_when_most_lines_are_poor_less_is_asked_for() -> None:
    assert share(4, [(200_000, 1), (220_000, 1), (5_000_000, 1)]) == 220_000
    assert share(4, [(1, 1), (1, 1), (1, 1)]) == uplink.FLOOR


def through(line: Uplink, *, seconds: float, start: float, queue: float, bits: float = 400_000) -> float:
    """Packets every 20 ms whose way takes 30 ms plus `queue` seconds for each second that passes."""
    size = round(bits * 0.02 / 8)
    for step in range(round(seconds / 0.02)):
        at = start + step * 0.02
        line.add(size, int(at * 262_144) & 0xFFFFFF, at + 0.03 + min(1.0, queue * step * 0.02))
    return start + seconds


def test_a_line_that_queues_is_asked_for_less_and_then_for_more_again() -> None:
    """Growing delay is a full line: less than what comes through. When the queue is gone it grows again."""
    line = Uplink()
    at = through(line, seconds=70, start=0, queue=0)
    assert line.allowed(600_000) == 600_000
    at = through(line, seconds=3, start=at, queue=0.2)
    low = line.allowed(600_000)
    assert uplink.FLOOR <= low < 360_000
    through(line, seconds=20, start=at + 1, queue=0, bits=200_000)
    assert line.allowed(600_000) > low


def test_clocks_need_not_agree() -> None:
    """The sender's clock is its own: an offset is no delay, and 24 bits wrap after 64 s."""
    line = Uplink()
    for step in range(8000):
        line.add(500, int((step * 0.02 + 61) * 262_144) & 0xFFFFFF, 5 + step * 0.02)
    assert line.allowed(300_000) == 300_000
    assert 190_000 < line.bits < 210_000


def test_without_send_times_only_the_bits_are_counted() -> None:
    line = Uplink()
    for step in range(200):
        line.add(500, None, step * 0.02)
    assert line.allowed(300_000) == 300_000
    assert 190_000 < line.bits < 210_000


@given(st.integers(1, 12), st.integers(1, 12))
def test_more_people_are_never_asked_for_more(one: int, more: int) -> None:
    assert ceiling(max(one, more)) <= ceiling(min(one, more))


@given(
    now=st.lists(st.none() | st.integers(0, 9), max_size=8).filter(
        lambda places: len([one for one in places if one is not None]) == len({*places} - {None})
    ),
    wanted=st.lists(st.integers(0, 9), max_size=12),
)
def test_who_stays_keeps_the_place_and_the_first_wanted_get_one(
    now: list[int | None], wanted: list[int]
) -> None:
    """No tile jumps to another place because somebody else came or went."""
    new = arrange(now, wanted)
    chosen = list(dict.fromkeys(wanted))[: len(now)]
    assert len(new) == len(now)
    assert sorted(one for one in new if one is not None) == sorted(chosen)
    for before, after in zip(now, new, strict=True):
        if before in chosen:
            assert after == before
