"""What each side measures of a call is gathered, written and counted; a person is never in it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from care.calls.life import Cause
from server.operations.health import METRICS
from tests.server.calls.conftest import House
from tests.server.calls.lines import PATIENCE

FIGURES: dict[str, Any] = {
    "round_trip_ms": 42.04, "loss_percent": 1.5, "jitter_ms": 3.0, "freezes": 1, "kilobits": 480.0,
    "path": "relay", "protocol": "tcp", "ice_ms": 120, "dtls_ms": 60,
}  # fmt: skip


def counted(house: House, name: str, **labels: str) -> float:
    """A figure of /metrics."""
    return house.server.app[METRICS].registry.get_sample_value(name, labels) or 0.0


async def test_samples_of_both_sides_stand_on_the_call(house: House) -> None:
    """The course, the phases of the set-up and a summary, also of a side that never told the whole."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    for _ in range(3):
        house.clock.move(timedelta(seconds=5))
        await page.ask("sample", call=call, **FIGURES)
        await tablet.ask("sample", call=call, **FIGURES)
    await tablet.ask("trouble", call=call, what="camera_dark", state="found")
    await page.ask("hang_up", call=call)
    await tablet.hear("state", state="ended")
    await tablet.close()
    await page.ask("quality", call=call, round_trip_ms=40.0, loss_percent=0.5, path="relay", kilobits=470.0)
    await page.close()
    async with asyncio.timeout(PATIENCE):
        while sorted(len(one.series) for one in (await house.figures(call)).values()) != [3, 3]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    figures = await house.figures(call)
    client, worker = figures["client"], figures["worker"]
    assert [point[:3] for point in client.series] == [[5, 42.0, 1.5], [10, 42.0, 1.5], [15, 42.0, 1.5]]
    assert (client.path, client.protocol, client.ice_ms, client.dtls_ms) == ("relay", "tcp", 120, 60)
    assert (client.round_trip_ms, client.freezes, client.troubles) == (42.0, 3, ["camera_dark"])
    assert client.heard_ms is not None
    assert len(worker.series) == 3
    assert (worker.round_trip_ms, worker.loss_percent) == (40.0, 0.5), "what it told itself goes first"


async def test_figures_for_the_operator_name_nobody(small_house: House) -> None:
    """Causes, set-up, loss, paths, troubles and the share of failed calls, and no id of anything."""
    house = small_house
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await page.ask("sample", call=call, **FIGURES)
    await tablet.ask("trouble", call=call, what="echo", state="found")
    await page.ask("hang_up", call=call)
    await page.ask("quality", call=call, loss_percent=1.0, path="relay")
    assert counted(house, "samtid_calls_ended_total", cause="hung_up") == 1
    assert counted(house, "samtid_call_setup_seconds_count") == 1
    assert counted(house, "samtid_call_paths_total", path="relay", protocol="tcp") == 1
    assert counted(house, "samtid_call_troubles_total", what="echo", side="client") == 1
    assert counted(house, "samtid_calls_failed_share") == 0
    async with house.browser().get(f"{house.origin}/metrics") as answer:
        said = await answer.text()
    assert 'samtid_calls_ended_total{cause="hung_up"} 1.0' in said
    for secret in (call, str(house.contact_id), str(house.device.id), "Ingrid", "Anna"):
        assert secret not in said


@pytest.mark.parametrize(
    ("troubles", "cause"),
    [
        ([("client", "microphone_refused"), ("client", "camera_refused")], Cause.NO_DEVICES),
        ([("worker", "microphone_gone"), ("worker", "camera_gone")], Cause.NO_DEVICES),
        ([("client", "microphone_refused"), ("worker", "camera_refused")], Cause.MEDIA_FAILED),
        ([("worker", "no_path")], Cause.NO_PATH),
        ([("worker", "no_path"), ("client", "camera_gone"), ("client", "microphone_gone")], Cause.NO_DEVICES),
        ([("client", "camera_dark")], Cause.MEDIA_FAILED),
        ([], Cause.MEDIA_FAILED),
    ],
    ids=["refused", "gone", "one-each", "no-path", "both", "other", "nothing-said"],
)
async def test_why_nothing_came_is_told_as_finely_as_the_sides_have_said(
    small_house: House, troubles: list[tuple[str, str]], cause: Cause
) -> None:
    """Answered, and nothing came: no devices, no path, or only that nothing came."""
    house = small_house
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.ask("answer", call=call, by="touch")
    for side, what in troubles:
        await (page if side == "worker" else tablet).ask("trouble", call=call, what=what, state="found")
    house.clock.move(timedelta(seconds=64))
    await house.sweep()
    assert (await page.hear("state", state="ended"))["cause"] == cause.value
    assert (await house.call(call)).cause is cause
    assert counted(house, "samtid_calls_failed_share") == 1


async def test_a_worker_who_does_not_come_back_is_told_apart(small_house: House) -> None:
    """Gone for the whole grace: the worker's line, not the tablet's."""
    house = small_house
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await page.close()
    await tablet.hear("peer", present=False)
    await house.sweep()
    house.clock.move(timedelta(seconds=121))
    await house.sweep()
    assert (await house.call(call)).cause is Cause.WORKER_LOST
