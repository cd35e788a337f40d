"""Real connections through the real process: what is sent arrives, or is repaired."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from uuid import uuid4

import pytest

from care.errors import Fault
from server.media.embedded import pin
from server.media.embedded.connection import closed
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.embedded.uplink import ceiling
from server.media.engine import LARGEST_ROOM, Line, Lost, MediaEngine
from tests.server.media.conftest import Gathering, until
from tests.server.media.peer import Got, Person, Publisher


def unbroken(got: list[Got]) -> bool:
    """All of a sender's packets from the first to the last, in order, each once."""
    return bool(got) and [one.count for one in got] == list(range(got[0].count, got[0].count + len(got)))


def test_the_library_is_the_one_that_was_tried() -> None:
    """The forwarder rests on private names: another version has to be tried before it is used."""
    assert pin.differences() == []


def test_the_engine_keeps_the_interface() -> None:
    engine: MediaEngine = EmbeddedEngine()
    assert engine is not None


async def test_four_people_see_each_other_whole(gathering: Gathering) -> None:
    """Every packet of every person arrives at the three others, unbroken, in both kinds."""
    people = [await gathering.enter(parts=3) for _ in range(4)]
    await until(lambda: all(len(gathering.sees(one)) == 3 for one in people), "all places filled")
    await gathering.beat(40)
    await gathering.settle()
    for viewer in people:
        assert gathering.sees(viewer) == {one.who for one in people} - {viewer.who}
        for sender in people:
            if sender is viewer:
                continue
            for kind in ("audio", "video"):
                got = viewer.viewer.seen(sender.who, kind)
                assert unbroken(got), (kind, len(got))
                assert got[-1].count == sender.publisher.counts[kind]
            assert viewer.viewer.seen(sender.who, "video")[0].key
        assert not viewer.viewer.seen(viewer.who, "video")


async def test_with_a_tenth_lost_each_way_every_picture_is_repaired(gathering: Gathering) -> None:
    """Ten in a hundred packets lost up and down: everything that is sent again by somebody comes at last."""
    people = [await gathering.enter(loss=0.1, parts=4) for _ in range(3)]
    await until(lambda: all(len(gathering.sees(one)) == 2 for one in people), "all places filled")
    await gathering.beat(60)
    # What was lost last nobody misses until something follows.
    for person in people:
        person.publisher.loss = person.viewer.loss = 0
    await gathering.beat(3)
    await gathering.settle()
    dropped = sum(one.viewer.dropped for one in people)
    repaired = sum(line.repaired for one in people for line in one.viewer.lines.values())
    assert dropped > 100
    assert repaired > 100
    assert all(one.publisher.dropped > 5 and one.publisher.asked_again > 5 for one in people)
    for viewer in people:
        for sender in people:
            if sender is not viewer:
                assert unbroken(viewer.viewer.seen(sender.who, "video"))
                assert unbroken(viewer.viewer.seen(sender.who, "audio"))


async def test_joining_and_leaving_needs_no_new_offer(gathering: Gathering) -> None:
    """Who comes is shown at once in places that were there; who leaves frees theirs; the others go on."""
    one, two = [await gathering.enter() for _ in range(2)]
    await gathering.beat(10)
    three = await gathering.enter()
    await until(lambda: three.who in gathering.sees(one), "the third is placed")
    await gathering.beat(20)
    before = gathering.placed(one.who)
    assert before is not None
    assert unbroken(one.viewer.seen(three.who, "video"))
    await gathering.engine.leave(gathering.room, two.who)
    await gathering.engine.leave(gathering.room, two.who)
    gathering.people.remove(two)
    await two.close()
    await until(lambda: gathering.sees(one) == {three.who}, "the second is gone")
    after = gathering.placed(one.who)
    assert after is not None
    # The third is still where they were.
    assert after.places == tuple(place for place in before.places if place.who == three.who)
    await gathering.beat(10)
    await gathering.settle()
    assert unbroken(one.viewer.seen(three.who, "video"))
    assert not any(isinstance(told, Lost) and told.who in (one.who, three.who) for told in gathering.told)
    assert await gathering.engine.subscribe(gathering.room, one.who) is None


async def test_a_place_that_shows_somebody_else_goes_on_without_a_jump(gathering: Gathering) -> None:
    """A leaves, C is shown in A's place: numbers and picture numbers go on by one, times by what passed."""
    viewer = await gathering.enter()
    first = await gathering.enter()
    await until(lambda: gathering.sees(viewer) == {first.who}, "the first is placed")
    await gathering.beat(15)
    await gathering.settle()
    placed = gathering.placed(viewer.who)
    assert placed is not None
    mid = placed.places[0].video
    await gathering.engine.leave(gathering.room, first.who)
    gathering.people.remove(first)
    await first.close()
    second = await gathering.enter()
    await until(lambda: gathering.sees(viewer) == {second.who}, "the second is placed")
    await gathering.beat(20)
    await gathering.settle()
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


async def test_padding_leaves_no_gap(gathering: Gathering) -> None:
    """Packets with nothing in them are not passed on, and nobody asks for them."""
    viewer, sender = await gathering.enter(), await gathering.enter()
    await until(lambda: gathering.sees(viewer) == {sender.who}, "placed")
    for _ in range(15):
        sender.publisher.beat()
        sender.publisher.padding()
        await asyncio.sleep(0.02)
    await until(
        lambda: len(viewer.viewer.seen(sender.who, "video")) == sender.publisher.counts["video"], "all came"
    )
    placed = gathering.placed(viewer.who)
    assert placed is not None
    line = viewer.viewer.line(placed.places[0].video)
    assert not line.missing()
    assert max(line.got) - min(line.got) + 1 == sender.publisher.counts["video"]


async def test_one_poor_line_loses_its_own_pictures_and_nobody_elses(gathering: Gathering) -> None:
    """A viewer whose line carries nothing gets sound only and is told so; the others see all of all."""
    poor, good, sender = [await gathering.enter(parts=4) for _ in range(3)]
    await until(lambda: all(len(gathering.sees(one)) == 2 for one in gathering.people), "placed")

    def held(person: Person) -> bool:
        placed = gathering.placed(person.who)
        return placed is not None and all(place.held for place in placed.places)

    for _ in range(200):
        poor.viewer.believe(5_000)
        good.viewer.believe(3_000_000)
        await gathering.beat(1)
        if held(poor):
            break
    assert held(poor)
    assert not held(good)
    at = len(poor.viewer.seen(sender.who, "video")), len(poor.viewer.seen(sender.who, "audio"))
    seen = len(good.viewer.seen(sender.who, "video"))
    await gathering.beat(25)
    assert len(poor.viewer.seen(sender.who, "video")) == at[0]
    assert len(poor.viewer.seen(sender.who, "audio")) > at[1] + 15
    assert len(good.viewer.seen(sender.who, "video")) > seen + 60
    assert sender.publisher.allowed is not None
    assert sender.publisher.allowed >= ceiling(3) * 0.99


async def test_a_storm_of_key_picture_requests_reaches_the_publisher_as_a_few(gathering: Gathering) -> None:
    """A viewer that asks a hundred times a second costs the publisher no more than one in half a second."""
    viewer, sender = await gathering.enter(), await gathering.enter()
    await until(lambda: gathering.sees(viewer) == {sender.who}, "placed")
    await gathering.beat(5)
    placed = gathering.placed(viewer.who)
    assert placed is not None
    before, begun = sender.publisher.keyframes_asked, asyncio.get_running_loop().time()
    for _ in range(150):
        viewer.viewer.ask_keyframe(placed.places[0].video)
        await asyncio.sleep(0.01)
    took = asyncio.get_running_loop().time() - begun
    assert 1 <= sender.publisher.keyframes_asked - before <= 2 + took / 0.5


async def test_whom_one_sees_can_be_chosen(gathering: Gathering) -> None:
    """Sources by choice: only they are placed, and the choice can change without a new offer."""
    one, two, three = [await gathering.enter() for _ in range(3)]
    engine, room = gathering.engine, gathering.room
    assert await engine.subscribe(room, one.who, [two.who]) is None
    await until(lambda: gathering.sees(one) == {two.who}, "only the second")
    assert await engine.subscribe(room, one.who, [three.who]) is None
    await until(lambda: gathering.sees(one) == {three.who}, "only the third")
    before = three.publisher.keyframes_asked
    await gathering.beat(15)
    await engine.request_keyframe(room, one.who, three.who)
    await until(lambda: three.publisher.keyframes_asked > before, "a key picture is asked for")
    with pytest.raises(Fault, match=r"media\.not_there"):
        await engine.request_keyframe(room, one.who, two.who)


async def test_a_line_that_is_renewed_replaces_the_old_one(gathering: Gathering) -> None:
    """Without ICE restart a connection is replaced: both ways, while the room goes on."""
    one, two = [await gathering.enter() for _ in range(2)]
    await gathering.beat(10)
    again = Person(one.who)
    await again.publisher.join(gathering.engine, gathering.room)
    offer = await gathering.engine.subscribe(gathering.room, one.who, renew=True)
    assert offer is not None
    assert offer.number == 2
    with pytest.raises(Fault, match=r"media\.description"):
        await gathering.engine.answer(gathering.room, one.who, 1, "v=0")
    old, gathering.people[0] = gathering.people[0], again
    await until(lambda: again.publisher.states[-1:] == ["connected"], "connected again")
    await gathering.beat(20)
    await until(lambda: two.viewer.seen(one.who, "video")[-1].count > 20, "seen again")
    assert not any(isinstance(told, Lost) for told in gathering.told)
    await old.close()


async def test_a_line_that_ends_is_told_and_the_next_subscribe_brings_an_offer(gathering: Gathering) -> None:
    """Somebody's browser closes its connections: told at once, their place is free, they can come back."""
    one, two = [await gathering.enter() for _ in range(2)]
    engine, room = gathering.engine, gathering.room
    await until(lambda: gathering.sees(two) == {one.who}, "placed")
    await one.close()
    lost = [Lost(room, one.who, Line.PUBLISH), Lost(room, one.who, Line.SUBSCRIBE)]
    await until(lambda: all(told in gathering.told for told in lost), "both lines are told lost")
    await until(lambda: not gathering.sees(two), "the place is free")
    gathering.people[0] = Person(one.who)
    await gathering.people[0].join(engine, room)
    await until(lambda: gathering.sees(two) == {one.who}, "placed again")
    await gathering.beat(10)
    assert two.viewer.seen(one.who, "video")


async def test_a_camera_that_comes_later_is_added_to_the_same_connection(gathering: Gathering) -> None:
    """First sound alone is offered, then a picture too: the sound goes on, the picture gets an m-line."""
    viewer = await gathering.enter()
    late = Publisher(uuid4(), kinds=("audio",))
    await late.join(gathering.engine, gathering.room)
    await until(lambda: late.states[-1:] == ["connected"], "connected")
    placed = gathering.placed(viewer.who)
    assert placed is not None
    assert (placed.places[0].audio is None, placed.places[0].video) == (False, None)
    late.add("video")
    await late.join(gathering.engine, gathering.room)
    await until(lambda: (one := gathering.placed(viewer.who)) and one.places[0].video, "a picture's m-line")
    await until(lambda: late.ready, "the picture can be sent")
    for _ in range(10):
        late.beat()
        await asyncio.sleep(0.03)
    await until(lambda: len(viewer.viewer.seen(late.who, "video")) == 20, "all of the picture")
    assert len(viewer.viewer.seen(late.who, "audio")) == 10
    assert late.states.count("connected") == 1
    await closed(late.peer)


async def test_twelve_fit_and_the_thirteenth_is_told(gathering: Gathering) -> None:
    """Twelve people in one room see each other unbroken; a thirteenth gets a sentence."""
    people = [await gathering.enter() for _ in range(LARGEST_ROOM)]
    await until(lambda: all(len(gathering.sees(one)) == 11 for one in people), "all places filled")
    await gathering.beat(12, each=0.25)
    await gathering.settle()
    for viewer in people:
        for sender in people:
            if sender is not viewer:
                assert unbroken(viewer.viewer.seen(sender.who, "video"))
                assert unbroken(viewer.viewer.seen(sender.who, "audio"))
    late = Person(uuid4())
    with pytest.raises(Fault, match=r"media\.full"):
        await late.join(gathering.engine, gathering.room)
    await gathering.engine.leave(gathering.room, people[0].who)
    gathering.people[0] = late
    await late.join(gathering.engine, gathering.room)
    await until(lambda: late.who in gathering.sees(people[1]), "there is room again")
    await people[0].close()
    stats = await gathering.engine.stats(gathering.room)
    assert len(stats.people) == LARGEST_ROOM
    assert stats.forwarded >= 11 * 12 * 12 * 3
    assert all(source.lost == 0 for one in stats.people for source in one.sources)


async def test_what_cannot_be_used_is_refused_and_hurts_nobody(gathering: Gathering) -> None:
    """Hostile descriptions and candidates, unknown rooms and people: a Fault each, and the call goes on."""
    one, two = [await gathering.enter() for _ in range(2)]
    engine, room, who = gathering.engine, gathering.room, one.who
    good = one.publisher.peer.localDescription.sdp
    hopeless = ["", "v=0", "\0" * 100, "m=audio x\r\n", good + good, "x" * 300_000]
    hopeless += [good.replace("a=ice-ufrag", "a=x"), good.replace("VP8", "AV1")]
    for offer in hopeless:
        with pytest.raises(Fault, match=r"media\.description"):
            await engine.publish(room, uuid4(), offer)
    stats = await engine.stats(room)
    assert {person.who for person in stats.people} == {one.who, two.who}
    odd = uuid4()
    for offer in (
        good.replace("sha-256", "none"),
        good[: len(good) // 2],
        good.replace("127.0.0.1", "nowhere"),
    ):
        with suppress(Fault):
            await engine.publish(room, odd, offer)
    await engine.leave(room, odd)
    for candidate in ("", "candidate:1", "candidate:a b c d e f g h", "\0"):
        with suppress(Fault):
            await engine.trickle(room, who, Line.PUBLISH, candidate, "0")
    with pytest.raises(Fault, match=r"media\.no_room"):
        await engine.publish(uuid4(), who, good)
    with pytest.raises(Fault, match=r"media\.not_there"):
        await engine.trickle(room, uuid4(), Line.SUBSCRIBE, None, "0")
    await gathering.beat(15)
    await gathering.settle()
    assert unbroken(two.viewer.seen(one.who, "video"))
