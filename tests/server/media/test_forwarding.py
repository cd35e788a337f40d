"""What only the embedded engine does: places without new offers, numbers that go on, pictures left out."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from server.media.embedded import pin
from server.media.embedded.uplink import ceiling
from server.media.engine import Lost
from tests.server.media.conftest import Gathering, until
from tests.server.media.peer import Person, unbroken


def test_the_library_is_the_one_that_was_tried() -> None:
    """The forwarder rests on private names: another version has to be tried before it is used."""
    assert pin.differences() == []


async def test_joining_and_leaving_needs_no_new_offer(forwarder: Gathering) -> None:
    """Who comes is shown at once in places that were there; who leaves frees theirs; the others go on."""
    one, two = [await forwarder.enter() for _ in range(2)]
    await forwarder.beat(10)
    three = await forwarder.enter()
    await until(lambda: three.who in forwarder.sees(one), "the third is placed")
    await forwarder.beat(20)
    before = forwarder.placed(one.who)
    assert before is not None
    assert unbroken(one.viewer.seen(three.who, "video"))
    await forwarder.engine.leave(forwarder.room, two.who)
    await forwarder.engine.leave(forwarder.room, two.who)
    forwarder.people.remove(two)
    await two.close()
    await until(lambda: forwarder.sees(one) == {three.who}, "the second is gone")
    after = forwarder.placed(one.who)
    assert after is not None
    # The third is still where they were.
    assert after.places == tuple(place for place in before.places if place.who == three.who)
    await forwarder.beat(10)
    await forwarder.settle()
    assert unbroken(one.viewer.seen(three.who, "video"))
    assert not any(isinstance(told, Lost) and told.who in (one.who, three.who) for told in forwarder.told)
    assert await forwarder.engine.subscribe(forwarder.room, one.who) is None


async def test_a_place_that_shows_somebody_else_goes_on_without_a_jump(forwarder: Gathering) -> None:
    """A leaves, C is shown in A's place: numbers and picture numbers go on by one, times by what passed."""
    viewer = await forwarder.enter()
    first = await forwarder.enter()
    await until(lambda: forwarder.sees(viewer) == {first.who}, "the first is placed")
    await forwarder.beat(15)
    await forwarder.settle()
    placed = forwarder.placed(viewer.who)
    assert placed is not None
    mid = placed.places[0].video
    await forwarder.engine.leave(forwarder.room, first.who)
    forwarder.people.remove(first)
    await first.close()
    second = await forwarder.enter()
    await until(lambda: forwarder.sees(viewer) == {second.who}, "the second is placed")
    await forwarder.beat(20)
    await forwarder.settle()
    line = viewer.viewer.line(mid)
    assert {got.who for got in line.got.values()} == {first.who, second.who}
    assert not line.missing()
    shown = [got for _, got in sorted(line.got.items())]
    change = next(at for at, got in enumerate(shown) if got.who == second.who)
    assert shown[change].key
    for before, after in pairwise(shown):
        assert before.picture is not None
        assert after.picture is not None
        # Two packets a picture: the same number twice, then the next.
        assert (after.picture - before.picture) % 0x8000 == (1 if before.marker else 0)
        passed = (after.timestamp - before.timestamp) % 2**32
        assert passed < 90_000 * 60, "time never goes back"
    passed = (shown[change].timestamp - shown[change - 1].timestamp) % 2**32
    assert passed > 90_000 * 0.04
    # Lips and sound: the publisher's report is passed on in the times of this place.
    second.publisher.tell_clock()
    await until(lambda: line.clocks, "a sender report")
    assert line.clocks[-1].rtp_timestamp == shown[-1].timestamp
    assert line.clocks[-1].ntp_timestamp == 0x1234567800000000


async def test_padding_leaves_no_gap(forwarder: Gathering) -> None:
    """Packets with nothing in them are not passed on, and nobody asks for them."""
    viewer, sender = await forwarder.enter(), await forwarder.enter()
    await until(lambda: forwarder.sees(viewer) == {sender.who}, "placed")
    for _ in range(15):
        sender.publisher.beat()
        sender.publisher.padding()
        await asyncio.sleep(0.02)
    await until(
        lambda: len(viewer.viewer.seen(sender.who, "video")) == sender.publisher.counts["video"], "all came"
    )
    placed = forwarder.placed(viewer.who)
    assert placed is not None
    line = viewer.viewer.line(placed.places[0].video)
    assert not line.missing()
    assert max(line.got) - min(line.got) + 1 == sender.publisher.counts["video"]


async def test_one_poor_line_loses_its_own_pictures_and_nobody_elses(forwarder: Gathering) -> None:
    """A viewer whose line carries nothing gets sound only and is told so; the others see all of all."""
    poor, good, sender = [await forwarder.enter(parts=4) for _ in range(3)]
    await until(lambda: all(len(forwarder.sees(one)) == 2 for one in forwarder.people), "placed")

    def held(person: Person) -> bool:
        placed = forwarder.placed(person.who)
        return placed is not None and all(place.held for place in placed.places)

    for _ in range(200):
        poor.viewer.believe(5_000)
        good.viewer.believe(3_000_000)
        await forwarder.beat(1)
        if held(poor):
            break
    assert held(poor)
    assert not held(good)
    # What was on its way then still comes.
    await forwarder.beat(4)
    at = len(poor.viewer.seen(sender.who, "video")), len(poor.viewer.seen(sender.who, "audio"))
    seen = len(good.viewer.seen(sender.who, "video"))
    await forwarder.beat(25)
    assert len(poor.viewer.seen(sender.who, "video")) == at[0]
    assert len(poor.viewer.seen(sender.who, "audio")) > at[1] + 15
    assert len(good.viewer.seen(sender.who, "video")) > seen + 60
    assert sender.publisher.allowed is not None
    assert sender.publisher.allowed >= ceiling(3) * 0.99


async def test_a_storm_of_key_picture_requests_reaches_the_publisher_as_a_few(forwarder: Gathering) -> None:
    """A viewer that asks a hundred times a second costs the publisher no more than one in half a second."""
    viewer, sender = await forwarder.enter(), await forwarder.enter()
    await until(lambda: forwarder.sees(viewer) == {sender.who}, "placed")
    await forwarder.beat(5)
    placed = forwarder.placed(viewer.who)
    assert placed is not None
    before, begun = sender.publisher.keyframes_asked, asyncio.get_running_loop().time()
    for _ in range(150):
        viewer.viewer.ask_keyframe(placed.places[0].video)
        await asyncio.sleep(0.01)
    took = asyncio.get_running_loop().time() - begun
    assert 1 <= sender.publisher.keyframes_asked - before <= 2 + took / 0.5
