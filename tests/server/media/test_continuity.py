"""One unbroken stream for each place, whoever is shown in it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from server.media.embedded import vp8
from server.media.embedded.continuity import Continuity
from server.media.embedded.renumbering import Renumbering


@st.composite
def passages(draw: st.DrawFn) -> list[tuple[int, bool]]:
    """Packets of one source in an order of arrival with lateness and loss; true: without content."""
    count = draw(st.integers(1, 120))
    empty = draw(st.sets(st.integers(1, count), max_size=40))
    late = [draw(st.integers(0, 6)) for _ in range(count)]
    lost = draw(st.sets(st.integers(1, count), max_size=20))
    order = sorted(range(1, count + 1), key=lambda one: one + late[one - 1])
    return [(one, one in empty) for one in order if one not in lost]


@given(first=st.integers(0, 70_000), start=st.integers(0, 10**6), passage=passages())
def test_numbers_are_unique_in_order_and_only_losses_leave_gaps(
    first: int, start: int, passage: list[tuple[int, bool]]
) -> None:
    """Numbers rise with the source's, none is used twice, and a closed gap is closed."""
    numbers = Renumbering(first)
    numbers.start(start)
    out: dict[int, int] = {}
    closed = 0
    for one, empty in passage:
        if empty and numbers.leave_out(start + one):
            closed += 1
            assert numbers.place(start + one) is None
            continue
        placed = numbers.place(start + one)
        assert placed is not None
        assert placed not in out.values()
        out[one] = placed
    rising = [out[one] for one in sorted(out)]
    assert rising == sorted(rising)
    if out:
        # What is left of gaps is what never came: as many numbers as came or were lost, no more.
        top = max(one for one, _ in passage)
        assert numbers.next - first == top - closed + 1
        assert max(rising) <= numbers.next - 1


def test_a_gap_stays_open_for_the_packet_that_may_still_come() -> None:
    """3 is lost, 4 is padding: 5 follows 3's place, and 3 still fits in when it is repaired."""
    numbers = Renumbering(100)
    numbers.start(1)
    assert [numbers.place(1), numbers.place(2)] == [100, 101]
    assert numbers.leave_out(4)
    assert numbers.place(5) == 103
    assert numbers.place(3) == 102


def test_late_padding_goes_out_when_its_number_is_taken() -> None:
    """After a later packet went out nothing can be renumbered: the empty packet fills its gap."""
    numbers = Renumbering(100)
    numbers.start(1)
    numbers.place(1)
    numbers.place(3)
    assert not numbers.leave_out(2)
    assert numbers.place(2) == 101


def test_what_is_older_than_the_source_is_not_placed() -> None:
    """A late packet from before the switch would take a number of the source that was shown then."""
    numbers = Renumbering(100)
    numbers.start(50)
    numbers.place(50)
    assert numbers.place(49) is None


def picture(number: int, *, key: bool, wide: bool = True, layer: int | None = None) -> bytes:
    """A VP8 payload's descriptor and first byte, RFC 7741."""
    extra = 0x80 | (0x40 if layer is not None else 0)
    ids = bytes([0x80 | number >> 8, number & 0xFF]) if wide else bytes([number])
    return (
        bytes([0x90, extra]) + ids + (bytes([layer]) if layer is not None else b"") + bytes([not key, 1, 2])
    )


@given(
    number=st.integers(0, 0x7F),
    wide=st.booleans(),
    key=st.booleans(),
    layer=st.none() | st.integers(0, 255),
    by=st.integers(-(2**16), 2**16),
)
def test_a_moved_picture_differs_in_its_numbers_alone(
    number: int, wide: bool, key: bool, layer: int | None, by: int
) -> None:
    payload = picture(number, key=key, wide=wide, layer=layer)
    read = vp8.read(payload)
    assert read is not None
    assert (read.number, read.key, read.layer) == (number, key, layer)
    moved = vp8.moved(payload, read, by, by)
    again = vp8.read(moved)
    assert again is not None
    assert again.number == (number + by) % (0x8000 if wide else 0x80)
    assert again.layer == (None if layer is None else (layer + by) % 256)
    assert (len(moved), again.key, moved[-2:]) == (len(payload), key, payload[-2:])


@given(st.binary(max_size=8))
def test_any_payload_has_a_descriptor_or_none(payload: bytes) -> None:
    """Cut descriptors never raise; what is read lies inside the payload."""
    read = vp8.read(payload)
    if read is not None and read.number is not None:
        assert read.number_at + read.wide < len(payload)


# Picture numbers wrap after a switch moved them back.
@example(sources=[(0, 0, 5, 1), (0, 0, 0x7FFF, 9), (0, 0, 3, 1)])
@given(
    sources=st.lists(
        st.tuples(
            st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0x7FFF), st.integers(1, 20)
        ),
        min_size=2,
        max_size=6,
    )
)
def test_a_switch_shows_as_the_next_picture_and_nothing_else(
    sources: list[tuple[int, int, int, int]],
) -> None:
    """Over any switches: numbers without a gap, picture numbers one by one, times forward by what passed."""
    flow = Continuity(rate=90_000, first=1000, video=True)
    sent: list[tuple[int, int, int]] = []
    now = 10.0
    for number, stamp, first, count in sources:
        flow.switch()
        # The tail of a picture that began before the switch must not go out.
        tail = vp8.read(picture(first, key=False))
        assert flow.place(number + 70_000 - 1, stamp, tail, now) is None
        for step in range(count):
            payload = picture((first + step) & 0x7FFF, key=step == 0)
            read = vp8.read(payload)
            at = (stamp + step * 9000) & 0xFFFFFFFF
            placed = flow.place(number + 70_000 + step, at, read, now)
            assert placed is not None
            assert read is not None
            moved = vp8.read(vp8.moved(payload, read, flow.number_by, flow.layer_by))
            assert moved is not None
            assert moved.number is not None
            sent.append((placed, (at + flow.time_by) & 0xFFFFFFFF, moved.number))
            now += 0.1
    for before, after in pairwise(sent):
        assert after[0] == before[0] + 1
        assert (after[2] - before[2]) % 0x8000 == 1
        assert abs((after[1] - before[1]) % 2**32 - 9000) <= 1


def test_a_picture_that_was_held_keeps_its_times() -> None:
    """Lips and sound are kept in time by unchanged times, so holding must not move them."""
    flow = Continuity(rate=90_000, first=0, video=True)
    key = vp8.read(picture(5, key=True))
    assert flow.place(10, 1000, key, 1.0) == 0
    flow.switch(same=True)
    assert flow.place(400, 901_000, vp8.read(picture(90, key=False)), 11.0) is None
    assert flow.place(401, 910_000, vp8.read(picture(91, key=True)), 11.1) == 1
    assert (flow.time_by, flow.number_by) == (0, 0)


def test_sound_begins_at_once() -> None:
    """There are no key pictures in sound."""
    flow = Continuity(rate=48_000, first=7, video=False)
    assert flow.place(3, 99, None, 0.0) == 7
    assert flow.time_by == 0
