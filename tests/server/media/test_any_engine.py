"""What holds for any engine, on real connections: what is sent arrives or is repaired, people come and go."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest

from care.errors import Fault
from server.media.embedded.connection import closed
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import LARGEST_ROOM, Line, Lost, MediaEngine, Place
from server.media.janus.address import NodeAddress
from server.media.janus.engine import JanusEngine
from tests.server.media.conftest import Gathering, until
from tests.server.media.peer import Person, Publisher, unbroken


def test_both_engines_keep_the_interface() -> None:
    engines: list[MediaEngine] = [EmbeddedEngine(), JanusEngine([NodeAddress(url="ws://x", secret="y")])]
    assert len(engines) == 2


async def test_four_people_see_each_other_whole(gathering: Gathering) -> None:
    """Every packet of every person arrives at the three others, unbroken, in both kinds."""
    people = [await gathering.enter(parts=3) for _ in range(4)]
    await gathering.all_see()
    await gathering.beat(25)
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
        assert not viewer.viewer.seen(viewer.who, "video")


async def test_with_a_tenth_lost_each_way_every_picture_is_repaired(gathering: Gathering) -> None:
    """Ten in a hundred packets lost up and down: everything that is sent again by somebody comes at last."""
    people = [await gathering.enter(parts=4) for _ in range(3)]
    await gathering.all_see()
    if isinstance(gathering.engine, JanusEngine):
        # It keeps packets only when it knows how far away somebody is: from the first report and its answer.
        pictures = [line for one in people for line in one.viewer.lines.values() if line.kind == "video"]
        await gathering.until(lambda: all(line.clocks for line in pictures), "reports were sent")
        await gathering.beat(5)
    for person in people:
        person.viewer.loss = 0.1
        # Janus asks a publisher twice for what did not come, and then never again.
        person.publisher.loss = 0.1 if isinstance(gathering.engine, EmbeddedEngine) else 0.0
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
    if isinstance(gathering.engine, EmbeddedEngine):
        assert all(one.publisher.dropped > 5 and one.publisher.asked_again > 5 for one in people)
    for viewer in people:
        for sender in people:
            if sender is not viewer:
                assert unbroken(viewer.viewer.seen(sender.who, "video"))
                assert not gathering.repairs_sound or unbroken(viewer.viewer.seen(sender.who, "audio"))


async def test_people_come_and_go_while_the_others_go_on(gathering: Gathering) -> None:
    """Who comes is seen by all, who leaves by none; the rest is seen unbroken all the time."""
    one, two = [await gathering.enter() for _ in range(2)]
    await until(lambda: gathering.sees(one) == {two.who}, "the two see each other")
    await gathering.beat(10)
    three = await gathering.enter()
    await until(lambda: gathering.sees(one) == {two.who, three.who}, "the third is placed")
    await gathering.seen(one, three)
    await gathering.engine.leave(gathering.room, two.who)
    await gathering.engine.leave(gathering.room, two.who)
    gathering.people.remove(two)
    await two.close()
    await until(lambda: gathering.sees(one) == {three.who}, "the second is gone")
    four = await gathering.enter()
    await until(lambda: gathering.sees(one) == {three.who, four.who}, "the fourth is placed")
    await gathering.seen(one, four)
    await gathering.beat(5)
    await gathering.settle(one)
    assert unbroken(one.viewer.seen(three.who, "video"))
    assert unbroken(one.viewer.seen(four.who, "video"))
    stayed = {one.who, three.who, four.who}
    assert not any(isinstance(told, Lost) and told.who in stayed for told in gathering.told)
    # Nothing is left to answer: what was offered has been.
    assert await gathering.engine.subscribe(gathering.room, one.who) is None


async def test_whom_one_sees_can_be_chosen(gathering: Gathering) -> None:
    """Sources by choice: only they are placed, and the choice can change without a new offer."""
    one, two, three = [await gathering.enter() for _ in range(3)]
    engine, room = gathering.engine, gathering.room
    await one.viewer.join(engine, room, [two.who])
    await until(lambda: gathering.sees(one) == {two.who}, "only the second")
    await one.viewer.join(engine, room, [three.who])
    await until(lambda: gathering.sees(one) == {three.who}, "only the third")
    await gathering.seen(one, three)
    before = three.publisher.keyframes_asked
    await engine.request_keyframe(room, one.who, three.who)
    await until(lambda: three.publisher.keyframes_asked > before, "a key picture is asked for")
    with pytest.raises(Fault, match=r"media\.not_there"):
        await engine.request_keyframe(room, one.who, two.who)


async def test_a_line_that_is_renewed_replaces_the_old_one(gathering: Gathering) -> None:
    """Without ICE restart a connection is replaced: both ways, while the room goes on."""
    one, two = [await gathering.enter() for _ in range(2)]
    await gathering.beat(10)
    before = one.viewer.answered
    again = Person(one.who)
    old, gathering.people[0] = gathering.people[0], again
    await again.publisher.join(gathering.engine, gathering.room)
    offer = await again.viewer.join(gathering.engine, gathering.room, renew=True)
    assert offer is not None
    assert offer.number > before
    with pytest.raises(Fault, match=r"media\.description"):
        await gathering.engine.answer(gathering.room, one.who, before, "v=0")
    await gathering.connected(again)
    seen = len(two.viewer.seen(one.who, "video"))
    await gathering.until(lambda: len(two.viewer.seen(one.who, "video")) > seen + 20, "seen again")
    await gathering.until(lambda: len(again.viewer.seen(two.who, "video")) > 20, "sees again")
    assert not any(isinstance(told, Lost) for told in gathering.told)
    await old.close()


async def test_a_line_that_ends_is_told_and_the_next_subscribe_brings_an_offer(gathering: Gathering) -> None:
    """Somebody's browser closes its connections: told at once, their place is free, they can come back."""
    one, two = [await gathering.enter() for _ in range(2)]
    engine, room = gathering.engine, gathering.room
    await gathering.all_see()
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

    def shown() -> Place | None:
        placed = gathering.placed(viewer.who)
        return placed.places[0] if placed is not None and placed.places else None

    await until(lambda: (one := shown()) and one.audio and not one.video, "sound alone is placed")
    late.add("video")
    await late.join(gathering.engine, gathering.room)
    await until(lambda: (one := shown()) and one.audio and one.video, "a picture's m-line")
    await until(lambda: late.ready, "the picture can be sent")
    for _ in range(500):
        late.beat()
        await asyncio.sleep(0.03)
        if all(len(viewer.viewer.seen(late.who, kind)) > 10 for kind in ("audio", "video")):
            break
    assert unbroken(viewer.viewer.seen(late.who, "video"))
    assert unbroken(viewer.viewer.seen(late.who, "audio"))
    assert late.states.count("connected") == 1
    await closed(late.peer)


async def test_twelve_fit_and_the_thirteenth_is_told(gathering: Gathering) -> None:
    """Twelve people in one room see each other unbroken; a thirteenth gets a sentence."""
    people = [await gathering.enter() for _ in range(LARGEST_ROOM)]
    await gathering.all_see(each=0.25)
    await gathering.beat(8, each=0.25)
    await gathering.settle()
    stats = await gathering.engine.stats(gathering.room)
    assert len(stats.people) == LARGEST_ROOM
    assert stats.forwarded >= sum(len(line.got) for one in people for line in one.viewer.lines.values())
    assert all(source.lost == 0 for one in stats.people for source in one.sources)
    assert all({source.kind for source in one.sources} == {"audio", "video"} for one in stats.people)
    assert all(len(one.views) == 22 for one in stats.people)
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
    await gathering.all_see()
    await gathering.beat(15)
    await gathering.settle()
    assert unbroken(two.viewer.seen(one.who, "video"))
