"""[media] in samtid.toml: what is wrong is said with its place, and doctor says what the firewall needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from care.clock import StandingClock
from care.errors import Fault
from server.configuration import Configuration, read_configuration
from server.operations.check import Verdict
from server.operations.doctor import examine
from tests.server.rooms.conftest import Office

TURN = '[turn]\nurls = ["turn:turn.example"]\nsecret = "x"\n'


def settings(folder: Path, text: str, **given: Any) -> Configuration:
    (folder / "samtid.toml").write_text(text, encoding="utf-8")
    return read_configuration(folder, {}, **given)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('addresses = ["servern"]', "configuration.media_address", "media.addresses"),
        ("ports = [40000, 40010]", "configuration.media_ports", "media.ports"),
        ("ports = [41000, 40000]", "configuration.media_ports", "media.ports"),
        ("ports = [80, 40000]", "configuration.bad", "media.ports[0]"),
        ("ports = [40000]", "configuration.bad", "media.ports"),
        ("relay_only = true", "configuration.media_relay", "media.relay_only"),
        ("port = 40000", "configuration.bad", "media"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, code: str, place: str) -> None:
    with pytest.raises(Fault) as found:
        settings(tmp_path, f"[media]\n{text}\n")
    assert (found.value.code, found.value.place) == (code, place)


@pytest.mark.parametrize(
    ("text", "host", "verdict", "words"),
    [
        ("", "127.0.0.1", Verdict.GOOD, "valfria UDP-portar"),
        ("", "0.0.0.0", Verdict.WARNING, "som en brandvägg stänger"),  # noqa: S104 - what is asked about
        ("[media]\nports = [40000, 40999]", "0.0.0.0", Verdict.GOOD, "40000–40999"),  # noqa: S104
        (f"{TURN}[media]\nrelay_only = true", "0.0.0.0", Verdict.GOOD, "inga egna portar"),  # noqa: S104
    ],
)
async def test_doctor_says_which_ports_must_be_open(
    tmp_path: Path, clock: StandingClock, text: str, host: str, verdict: Verdict, words: str
) -> None:
    configuration = settings(tmp_path, text, host=host, port=0)
    (found,) = [check async for check in examine(configuration, clock) if check.name == "media"]
    assert found.verdict is verdict
    assert words in found.sentence % found.values


async def test_open_rooms_are_counted_for_those_who_watch_the_server(office: Office) -> None:
    """Figures only: nobody's name."""

    async def metrics() -> str:
        browser = await office.site.browser()
        return await (await browser.get("/metrics")).text()

    assert "samtid_rooms 0.0" in await metrics()
    _, cookie = await office.worker("anna")
    await office.enter(await office.page(cookie))
    text = await metrics()
    for line in ("samtid_rooms 1.0", "samtid_room_people 1.0", "samtid_rooms_lost 0.0"):
        assert line in text
    assert "Anna" not in text
