"""The made-up picture and tone: told apart from everything that is not them, and judged in one word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from av import VideoFrame

from care.path_tests import PathResult
from server.tablets.path_test.judging import judge, whole
from server.tablets.path_test.measured import Came
from server.tablets.path_test.messages import PathSeen
from server.tablets.path_test.peer import without_names
from server.tablets.path_test.picture import DOWN, UP, Picture, is_picture
from server.tablets.path_test.tone import DOWN_HERTZ, RATE, UP_HERTZ, Tone, is_heard, loudness, samples

RUN = UUID(int=1)


def picture(left: tuple[int, int, int], right: tuple[int, int, int]) -> VideoFrame:
    fields = np.zeros((120, 160, 3), np.uint8)
    fields[:, :80], fields[:, 80:] = left, right
    return VideoFrame.from_ndarray(fields, format="rgb24")


def test_only_the_tablets_own_picture_is_right() -> None:
    """Our own that came back, a black one and one turned round are not it; one coded a little off is."""
    assert is_picture(picture(*UP))
    assert is_picture(picture((60, 140, 60), (140, 60, 140)))
    for wrong in (DOWN, ((0, 0, 0), (0, 0, 0)), (UP[1], UP[0]), ((128, 128, 128), (128, 128, 128))):
        assert not is_picture(picture(*wrong))
    small = VideoFrame.from_ndarray(np.zeros((8, 8, 3), np.uint8), format="rgb24")
    assert not is_picture(small)


async def test_what_we_send_is_what_we_say() -> None:
    frame = await Picture().recv()
    assert is_picture(frame, DOWN)
    sound = samples(await Tone().recv())
    level, share = loudness(sound, DOWN_HERTZ)
    assert level == pytest.approx(20 * np.log10(0.3), abs=1.5)
    assert is_heard(level, share)


def wave(hertz: float, loud: float) -> np.ndarray[Any, Any]:
    return loud * np.sin(2 * np.pi * hertz * np.arange(RATE // 4) / RATE)


def test_a_tone_is_heard_by_its_level_and_by_standing_out() -> None:
    """Silence, another tone, a faint one, and one drowned in noise are not heard."""
    noise = np.random.default_rng(1).normal(0, 0.3, RATE // 4)
    heard = loudness(wave(UP_HERTZ, 0.3))
    assert heard[0] == pytest.approx(-10.5, abs=0.5)
    assert is_heard(*heard)
    assert is_heard(*loudness(wave(UP_HERTZ, 0.02)))
    for not_it in (
        np.zeros(RATE // 4),
        wave(DOWN_HERTZ, 0.3),
        wave(UP_HERTZ, 0.001),
        noise + wave(UP_HERTZ, 0.1),
    ):
        assert not is_heard(*loudness(not_it))
    assert loudness(np.zeros(10)) == (-120.0, 0.0)


def test_names_that_only_the_home_knows_are_left_out() -> None:
    """And the word that there are no more addresses, so that we wait for the tablet to find us."""
    hidden = "a=candidate:1 1 udp 2113937151 fc014693-7485.local 48899 typ host\r\n"
    relay = "a=candidate:2 1 udp 2113937151 192.0.2.7 48899 typ relay"
    sdp = f"v=0\r\n{hidden}{relay}\r\na=end-of-candidates\r\n"
    assert without_names(sdp).splitlines() == [
        "v=0", "a=candidate:2 1 udp 2113937151 192.0.2.7 48899 typ relay",
    ]  # fmt: skip


ALL_CAME = Came(connected_ms=300, pictures=20, right_pictures=5, tone_db=-12, is_tone_heard=True)
ALL_SEEN: dict[str, Any] = {"pictures": 20, "right_pictures": 5, "tone_heard": True, "tone_db": -30}


@pytest.mark.parametrize(
    ("came", "seen", "result"),
    [
        ({}, {}, PathResult.WELL),
        ({"connected_ms": None}, {}, PathResult.NO_PATH),
        ({"connected_ms": None}, None, PathResult.NO_PATH),
        ({}, None, PathResult.NO_ANSWER),
        ({}, {"right_pictures": 0}, PathResult.NO_PICTURE_DOWN),
        ({"right_pictures": 0}, {}, PathResult.NO_PICTURE_UP),
        ({}, {"tone_heard": False}, PathResult.NO_SOUND_DOWN),
        ({"is_tone_heard": False}, {}, PathResult.NO_SOUND_UP),
        ({"connected_ms": None}, {"problem": "call"}, PathResult.CALL_FIRST),
        ({"connected_ms": None}, {"problem": "sound"}, PathResult.UNABLE),
    ],
)
def test_one_word_for_what_was_wrong(
    came: dict[str, Any], seen: dict[str, Any] | None, result: PathResult
) -> None:
    """The first thing on the way; the path before the picture, the picture before the sound."""
    fields = {name: getattr(ALL_CAME, name) for name in ALL_CAME.__slots__}
    told = None if seen is None else PathSeen(run=RUN, **{**ALL_SEEN, **seen})
    assert judge(Came(**{**fields, **came}), told) is result


def test_the_relay_is_a_result_of_its_own() -> None:
    """What works as a call goes but not through TURN is said so; a call that came is no fault."""
    well, no_path, call = PathResult.WELL, PathResult.NO_PATH, PathResult.CALL_FIRST
    assert whole(well, None) is well
    assert whole(well, well) is well
    assert whole(well, no_path) is PathResult.NO_RELAY
    assert whole(well, call) is call
    assert whole(no_path, None) is no_path
