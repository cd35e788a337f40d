"""What one connection shows is what is wanted, whoever comes and goes: differences and places."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from server.media.janus.naming import name_of, secret_of
from server.media.janus.publishing import feed_of, sender_of
from server.media.janus.viewing import Shown, difference, places, shown

WISHES = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("01")), unique=True, max_size=8)


@given(now=WISHES, wanted=WISHES, present=st.sets(st.sampled_from("abcd")))
def test_after_the_difference_what_is_wanted_is_shown(
    now: list[tuple[str, str]], wanted: list[tuple[str, str]], present: set[str]
) -> None:
    """And nothing else, but what leaves by itself because its sender left."""
    more, less = difference(now, wanted, present)
    after = {*now, *more} - {*less}
    assert set(wanted) <= after
    assert all(feed not in present for feed, _ in after - set(wanted))
    assert not set(more) & set(now)
    assert set(less) <= set(now)


def test_a_feed_says_whose_it_is_and_each_is_new() -> None:
    who = uuid4()
    assert sender_of(feed_of(who)) == who
    assert feed_of(who) != feed_of(who)
    assert sender_of("watch") is None


def test_parked_lines_show_nobody_and_a_new_connection_takes_the_place_of_the_old() -> None:
    """Of two feeds of a person the one with the later m-lines is the one that lives."""
    one, two = UUID(int=1), UUID(int=2)
    old, new, other = f"{one.hex}.a", f"{one.hex}.b", f"{two.hex}.a"
    streams = [
        {"mid": "1", "mindex": 1, "type": "video", "active": True, "feed_id": other, "feed_mid": "1"},
        {"mid": "0", "mindex": 0, "type": "audio", "active": True, "feed_id": old, "feed_mid": "0"},
        {"mid": "2", "mindex": 2, "type": "video", "active": False},
        {"mid": "3", "mindex": 3, "type": "audio", "active": True, "feed_id": new, "feed_mid": "0"},
    ]
    seen = shown(streams)
    assert [one.mid for one in seen] == ["0", "1", "3"]
    found = places(seen, {old, new, other})
    assert [(place.who, place.audio, place.video) for place in found] == [(one, "3", None), (two, None, "1")]
    assert places([Shown("0", "audio", old, "0")], {new}) == ()


def test_a_room_has_the_same_name_for_every_server_of_a_node_and_tells_nothing() -> None:
    room = uuid4()
    name = name_of("node secret", room)
    assert name == name_of("node secret", room)
    assert name not in (secret_of("node secret", name), name_of("another", room))
    assert room.hex not in name + secret_of("node secret", name)
    assert secret_of("another", name) != secret_of("node secret", name)
