"""The health of a tablet, and the task that stands as long as it is not well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from care.devices import Device
from care.outbox import OutboxEvent
from care.tasks import Task, TaskKind
from server.tablets.health import clean, in_words, store_health, troubles
from server.tablets.home import revoke
from tests.server.tablets.conftest import Home

WELL = {
    "camera": "granted", "microphone": "granted", "sound": "ok", "wake_lock": "ok", "voice": True,
    "touch_needed": False, "battery": {"level": 0.8, "charging": True},
}  # fmt: skip


async def tell(home: Home, **changed: Any) -> None:
    async with home.database.write() as session:
        await store_health(session, home.tablet.id, {**WELL, **changed}, home.clock)


async def tasks(home: Home) -> list[Task]:
    async with home.database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.created_at)))


def plain(sentence: str) -> str:
    return sentence


async def test_a_well_tablet_makes_no_task_and_is_seen(home: Home) -> None:
    home.clock.move(timedelta(hours=3))
    await tell(home)
    assert await tasks(home) == []
    async with home.database.read() as session:
        device = await session.get(Device, home.tablet.id)
        assert device is not None
        assert device.last_seen_at == home.clock.now()
        assert device.health["camera"] == "granted"
        assert device.health["battery"] == {"level": 0.8, "charging": True}
    assert all(is_well for _, is_well in in_words(device.health, plain))


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"sound": "blocked"}, ["sound"]),
        ({"sound": "blocked", "touch_needed": True}, ["touch"]),
        ({"camera": "denied"}, ["camera"]),
        ({"microphone": "missing", "camera": "missing"}, ["camera", "microphone"]),
    ],
)
async def test_a_tablet_that_cannot_be_heard_or_seen_is_one_task(
    home: Home, changed: dict[str, Any], found: list[str]
) -> None:
    """One, however often it says so; closed with an outcome when it is well, and made anew the next time."""
    for _ in range(3):
        await tell(home, **changed)
        home.clock.move(timedelta(minutes=1))
    (task,) = await tasks(home)
    assert (task.kind, task.client_id, task.group_id) == (
        TaskKind.TABLET_SOUND,
        home.ingrid.id,
        home.town.group.id,
    )
    assert task.facts["troubles"] == found
    assert task.closed_at is None
    await tell(home)
    (task,) = await tasks(home)
    assert (task.closed_at, task.outcome) == (home.clock.now(), "tablet_well")
    await tell(home, **changed)
    assert [one.closed_at is None for one in await tasks(home)] == [False, True]


async def test_staff_hear_of_it_at_once(home: Home) -> None:
    """task.changed and device.changed, once each way and not every hour."""
    for changed in ({"sound": "blocked"}, {"sound": "blocked"}, {}):
        await tell(home, **changed)
    async with home.database.read() as session:
        topics = list(await session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.number)))
    assert topics == ["task.changed", "device.changed"] * 2


async def test_revoking_closes_what_stands_about_the_tablet(home: Home) -> None:
    """Nobody is sent to a tablet that is not there."""
    await tell(home, sound="blocked")
    async with home.database.write() as session:
        device = await session.get(Device, home.tablet.id)
        assert device is not None
        await revoke(session, device, home.clock.now())
    (task,) = await tasks(home)
    assert task.outcome == "tablet_revoked"


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


PAIR = st.fixed_dictionaries({"level": JUNK, "charging": JUNK})
SIDES = st.fixed_dictionaries({"width": JUNK, "height": JUNK})
NAMES = ["camera", "microphone", "sound", "wake_lock", "battery", "screen", "started", "voice", "x"]


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        JUNK | PAIR | SIDES,
    )
)
def test_whatever_a_page_says_only_known_words_are_kept(said: dict[str, Any]) -> None:
    """Hostile or broken health is cleaned, and can be put in words."""
    kept = clean(said)
    assert set(kept) <= {
        "camera", "microphone", "sound", "wake_lock", "voice", "touch_needed", "battery", "screen", "started",
    }  # fmt: skip
    assert clean(kept) == kept
    troubles(kept)
    assert all(isinstance(words, str) for words, _ in in_words(kept, plain))
