"""There is one clock, and SAMTID_NOW moves it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from care.clock import StandingClock, SystemClock, clock_from_environment
from care.errors import Fault


def test_the_standing_clock_moves_by_hand_only() -> None:
    """It stands at the local time it was given, and knows the local day."""
    clock = StandingClock(datetime(2026, 12, 1, 0, 30))
    assert clock.now() == datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert clock.today() == date(2026, 12, 1)
    clock.move(timedelta(hours=-1))
    assert clock.today() == date(2026, 11, 30)
    clock.set(datetime(2026, 7, 1, 12))
    assert clock.now() == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_the_system_clock_is_the_machines_and_aware() -> None:
    """Without SAMTID_NOW nothing is moved."""
    clock = clock_from_environment({})
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["2026-12-01T06:40", "2026-12-01T05:40+00:00", "2026-12-01T06:40+01:00"])
def test_samtid_now_moves_the_clock_and_it_runs_on(text: str) -> None:
    """Local wall time or an instant: the clock starts there and goes forward."""
    clock = clock_from_environment({"SAMTID_NOW": text})
    start = datetime(2026, 12, 1, 5, 40, tzinfo=UTC)
    first = clock.now()
    assert start <= first < start + timedelta(minutes=1)
    assert clock.now() >= first
    assert isinstance(clock, SystemClock)


@pytest.mark.parametrize("text", ["i dag", "2026-13-01", "2026-12-01T25:00", "nu" * 100])
def test_a_bad_samtid_now_is_said_in_words(text: str) -> None:
    """With the variable as its place."""
    with pytest.raises(Fault) as fault:
        clock_from_environment({"SAMTID_NOW": text})
    assert (fault.value.code, fault.value.place) == ("clock.bad_now", "SAMTID_NOW")


def test_samtid_now_in_the_gap_is_said_in_words() -> None:
    """02.30 on the spring night does not exist."""
    with pytest.raises(Fault, match=r"time\.gap"):
        clock_from_environment({"SAMTID_NOW": "2027-03-28T02:30"})
