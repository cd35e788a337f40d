"""The health of a tablet, and the task that stands as long as it is not well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from care.device_history import DeviceEvent, DeviceEventKind
from care.devices import Device
from care.outbox import OutboxEvent
from care.tasks import Task, TaskKind
from server.pages.tablet.health_words import Mood, in_words
from server.tablets.condition import Power, asleep, power, troubles
from server.tablets.health import clean, store_health
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
    assert all(one.mood is not Mood.NEEDS for one in in_words(device.health, plain))


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


async def events(home: Home) -> list[tuple[DeviceEventKind, dict[str, Any]]]:
    async with home.database.read() as session:
        found = await session.scalars(select(DeviceEvent).order_by(DeviceEvent.at, DeviceEvent.id))
        return [(one.kind, one.facts) for one in found]


@pytest.mark.parametrize(
    ("battery", "stands"),
    [
        (None, Power.UNKNOWN),
        ({"level": 0.05, "charging": True}, Power.CHARGING),
        ({"level": 0.9, "charging": False}, Power.OUT),
        ({"level": 0.5, "charging": False}, Power.HALF),
        ({"level": 0.2, "charging": False}, Power.LOW),
    ],
)
def test_how_a_battery_stands(battery: dict[str, Any] | None, stands: Power) -> None:
    assert power({"battery": battery}) is stands


async def test_a_charger_that_is_out_is_a_mild_task_and_hurries_when_little_is_left(home: Home) -> None:
    """None at once, one when half is gone, sooner when little is left, closed when it charges."""
    await tell(home)
    await tell(home, battery={"level": 0.8, "charging": False})
    assert await tasks(home) == []
    await tell(home, battery={"level": 0.5, "charging": False})
    (task,) = await tasks(home)
    assert (task.kind, task.facts["level"]) == (TaskKind.TABLET_POWER, 0.5)
    assert task.deadline == home.clock.now() + timedelta(hours=8)
    await tell(home, battery={"level": 0.15, "charging": False})
    (task,) = await tasks(home)
    assert (task.facts["level"], task.deadline) == (0.15, home.clock.now() + timedelta(hours=1))
    await tell(home, battery=None)
    (task,) = await tasks(home)
    assert task.closed_at is None, "a page that no longer knows says nothing about the charger"
    await tell(home, battery={"level": 0.15, "charging": True})
    (task,) = await tasks(home)
    assert task.outcome == "tablet_well"
    assert [kind for kind, _ in await events(home)] == [
        DeviceEventKind.UNPLUGGED, DeviceEventKind.BATTERY_LOW,
    ]  # fmt: skip


async def test_a_page_that_something_lies_over_is_a_task_until_it_shows(home: Home) -> None:
    await tell(home, visible=True, painted="ok")
    await tell(home, visible=False, painted="unknown")
    (task,) = await tasks(home)
    assert (task.kind, task.facts["why"]) == (TaskKind.TABLET_ASLEEP, "hidden")
    await tell(home, visible=True, painted="ok")
    (task,) = await tasks(home)
    assert task.outcome == "tablet_well"
    assert [kind for kind, _ in await events(home)] == [DeviceEventKind.HIDDEN, DeviceEventKind.SHOWN]


async def test_a_page_that_was_put_to_sleep_is_a_fault_that_only_a_person_ends(home: Home) -> None:
    """That it is awake now mends nothing: it will be put to sleep again."""
    nap = {"at": "2026-12-01T05:00:00+00:00", "seconds": 2400}
    await tell(home)
    for slept in (nap, nap, None):
        await tell(home, **({"slept": slept} if slept else {}))
    (task,) = await tasks(home)
    assert (task.kind, task.facts["seconds"], task.closed_at) == (TaskKind.TABLET_ASLEEP, 2400, None)
    assert await events(home) == [(DeviceEventKind.SLEPT, nap)]


async def test_versions_are_remembered(home: Home) -> None:
    """The page's own, as its hello said; a line for each new one."""
    for version in ("aaa", "aaa", "bbb"):
        async with home.database.write() as session:
            await store_health(session, home.tablet.id, WELL, home.clock, version=version)
    assert [facts for kind, facts in await events(home) if kind is DeviceEventKind.VERSION] == [
        {"version": "aaa"}, {"version": "bbb"},
    ]  # fmt: skip


def test_what_nobody_knows_is_said_and_stands_last() -> None:
    """Unknown is neither well nor wrong."""
    said = in_words({"sound": "ok", "camera": "denied"}, plain)
    assert said[0].mood is Mood.NEEDS
    assert said[-1].mood is Mood.UNKNOWN
    assert sum("vet inte" in one.words for one in said) == sum(one.mood is Mood.UNKNOWN for one in said) == 8


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
NAMES = [
    "camera", "microphone", "sound", "wake_lock", "battery", "screen", "started", "voice", "x", "painted",
    "visible", "shows", "volume", "skew_s", "storage", "network", "slept",
]  # fmt: skip
NAP = st.fixed_dictionaries({"at": JUNK | st.just("2026-12-01T05:00:00Z"), "seconds": JUNK})


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        JUNK | PAIR | SIDES | NAP,
    )
)
def test_whatever_a_page_says_only_known_words_are_kept(said: dict[str, Any]) -> None:
    """Hostile or broken health is cleaned, and can be put in words."""
    kept = clean(said)
    assert set(kept) <= {
        "camera", "microphone", "sound", "wake_lock", "voice", "touch_needed", "battery", "screen", "started",
        "painted", "visible", "shows", "volume", "skew_s", "storage", "network", "slept",
    }  # fmt: skip
    assert clean(kept) == kept
    troubles(kept)
    power(kept)
    asleep(kept)
    assert all(isinstance(one.words, str) for one in in_words(kept, plain))
