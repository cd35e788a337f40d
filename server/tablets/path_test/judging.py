"""One result of what both sides have measured. Pure."""

from __future__ import annotations

from typing import Any

from care.path_tests import PathResult
from server.tablets.path_test.measured import Came
from server.tablets.path_test.messages import PathSeen


def judge(came: Came, seen: PathSeen | None) -> PathResult:
    """What one pass has shown: the first thing on the way that was wrong.

    `came` is what the server has received, `seen` what the tablet says that it has; None when it said
    nothing.
    """
    if seen is not None and seen.problem == "call":
        return PathResult.CALL_FIRST
    if seen is not None and seen.problem is not None:
        return PathResult.UNABLE
    if came.connected_ms is None:
        return PathResult.NO_PATH
    if seen is None:
        return PathResult.NO_ANSWER
    checks = (
        (seen.right_pictures > 0, PathResult.NO_PICTURE_DOWN),
        (came.right_pictures > 0, PathResult.NO_PICTURE_UP),
        (seen.tone_heard, PathResult.NO_SOUND_DOWN),
        (came.is_tone_heard, PathResult.NO_SOUND_UP),
    )
    return next((result for holds, result in checks if not holds), PathResult.WELL)


def whole(direct: PathResult, relay: PathResult | None) -> PathResult:
    """One result for both passes; `relay` is None where there is no TURN server, or the first failed."""
    if direct is not PathResult.WELL or relay is None or relay is PathResult.WELL:
        return direct
    return PathResult.NO_RELAY if relay.tells else relay


def figures(came: Came, seen: PathSeen | None) -> dict[str, Any]:
    """What is kept of a pass."""
    kept: dict[str, Any] = {
        "connected_ms": came.connected_ms, "pictures_up": came.pictures, "tone_up_db": came.tone_db,
    }  # fmt: skip
    if seen is not None:
        kept |= {
            "pictures_down": seen.pictures, "tone_down_db": seen.tone_db, "path": seen.path,
            "round_trip_ms": seen.round_trip_ms, "problem": seen.problem,
        }  # fmt: skip
    return kept
