"""What is said beside picture and sound reaches the other side of the same call, and nobody else."""

from __future__ import annotations

import logging

import pytest

from tests.server.calls.conftest import House


async def test_the_worker_is_told_what_is_wrong_at_the_tablet(small_house: House) -> None:
    """What the tablet has found of itself reaches the worker; the worker's own never reaches the client."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.talk(page, tablet)
    await tablet.ask("trouble", call=call, what="microphone_silent", state="found")
    heard = await page.hear("trouble")
    assert heard == {"type": "trouble", "call": call, "what": "microphone_silent", "state": "found"}
    assert (await page.ask("trouble", call=call, what="echo", state="found"))["type"] == "ok"
    assert not [one for one in await tablet.settle() if one["type"] == "trouble"]


async def test_a_large_text_is_shown_and_stands_nowhere(
    small_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The text comes to the tablet, its answer to the worker; neither is logged or stored."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.talk(page, tablet)
    with caplog.at_level(logging.DEBUG):
        await page.ask("show_text", call=call, number=1, text="Ta det gula glaset")
        assert (await tablet.hear("show_text"))["text"] == "Ta det gula glaset"
        await tablet.ask("shown", call=call, number=1, state="put_away")
        assert (await page.hear("shown"))["state"] == "put_away"
    assert "gula" not in caplog.text
    async with small_house.database.read() as session:
        connection = await session.connection()
        for (table,) in (
            await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        ).all():
            rows = (await connection.exec_driver_sql(f'SELECT * FROM "{table}"')).all()  # noqa: S608
            assert "gula glaset" not in str(rows), table


async def test_volume_is_asked_for_and_answered_with_the_cap(small_house: House) -> None:
    """The worker asks, the tablet says how loud it is and how loud its home lets it be."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.talk(page, tablet)
    await page.ask("volume", call=call, level=200)
    assert (await tablet.hear("volume"))["level"] == 200
    await tablet.ask("volume", call=call, level=150, most=150)
    heard = await page.hear("volume")
    assert (heard["level"], heard["most"]) == (150, 150)


@pytest.mark.parametrize(
    ("kind", "fields", "place"),
    [
        ("trouble", {"what": "bored", "state": "found"}, "what"),
        ("show_text", {"number": 1, "text": "x" * 201}, "text"),
        ("volume", {"level": 201}, "level"),
        ("shown", {"number": 1, "state": "shown"}, "type"),
    ],
)
async def test_what_is_not_meant_is_refused(
    small_house: House, kind: str, fields: dict[str, object], place: str
) -> None:
    """A field that is wrong is told with its place; a worker's page shows nothing by itself."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.talk(page, tablet)
    await page.say(kind, call=call, **fields)
    assert (await page.hear("error"))["place"] == place


async def test_nobody_outside_the_call_may_show_or_be_loud(small_house: House) -> None:
    """Another page of the same worker, that sits not in the call, is told that it does not exist."""
    page, tablet, other = await small_house.page(), await small_house.tablet(), await small_house.page()
    call = await small_house.talk(page, tablet)
    for kind, fields in (("show_text", {"number": 1, "text": "Hej"}), ("volume", {"level": 100})):
        assert (await other.ask(kind, call=call, **fields))["code"] == "call.unknown"
    await tablet.say("hang_up", call=call)
    await page.hear("state", state="ended")
    await page.ask("show_text", call=call, number=2, text="Hej")
    assert not [one for one in await tablet.settle() if one["type"] == "show_text"], "over is over"
