"""The weekly check-in on Janus nodes: real browsers, a real server, two nodes of which one is killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.test_checkin_room import AGAIN, NOTE, Meeting, meeting, sees, was_told
from tests.server.media.addresses import beyond_loopback
from tests.server.media.conftest import need_janus
from tests.server.media.janus_process import NO_ADDRESS, JanusProcess, cannot

__all__ = ["meeting"]


@pytest.fixture
def nodes() -> Iterator[list[JanusProcess]]:
    """Two nodes. The first by address gets the room: both are empty."""
    need_janus()
    with beyond_loopback() as far:
        if far is None:
            cannot(NO_ADDRESS)
        made = sorted((JanusProcess(far), JanusProcess(far)), key=lambda one: one.node.url)
        try:
            for one in made:
                one.start()
            yield made
        finally:
            for one in made:
                one.stop()


@pytest.fixture
def media_settings(nodes: list[JanusProcess]) -> str:
    lines = ["[media]", 'engine = "janus"']
    for one in nodes:
        lines += ["[[media.nodes]]", f'url = "{one.node.url}"', f'secret = "{one.node.secret}"']
    return "\n".join(lines)


@pytest.mark.timeout(300, func_only=True)
async def test_a_killed_node_is_left_for_the_other_by_itself(
    chromium: Browser,
    meeting: Meeting,
    nodes: list[JanusProcess],
) -> None:
    """One waits alone, the second comes, the node dies: both see and hear each other again, and again."""
    mia = await meeting.joined(chromium, "mia")
    # Alone there is nobody to see, and nothing is wrong either.
    await expect(mia.locator("#room")).to_have_attribute("data-phase", "inside")
    anna = await meeting.joined(chromium, "anna")
    await sees(mia, "Anna Lind")
    await sees(anna, "Mia Ek")

    for dead, back in ((nodes[0], True), (nodes[1], False)):
        await mia.evaluate(NOTE)
        dead.kill()
        await was_told(mia, AGAIN)
        await sees(mia, "Anna Lind")
        await sees(anna, "Mia Ek")
        if back:
            # The room stays where it is; the node that came back is there when the other dies.
            dead.start()
