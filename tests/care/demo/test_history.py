"""What has become of the days gone by: the shares of domain 5.5, and traces that hold together."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from care.contacts.life import END_STATES, Status, may_step
from care.contacts.performing import DeclineCause
from care.localtime import SWEDEN, to_instant
from tests.care.demo.rows import TODAY, Demo, Row, grouped, make_demo

DONE = ("done", "done_phone")


def is_owed(row: Row) -> bool:
    return bool(row["status"] != "declined" and row["cause"] != "client_away")


def done_same_day(row: Row) -> bool:
    return bool(row["status"] in DONE and row["actual_start"].astimezone(SWEDEN).date() == row["owed_date"])


def test_everything_gone_by_has_ended_and_everything_ahead_is_planned(demo: Demo) -> None:
    """No row before now is open, save those put off; none ahead has begun."""
    for row in demo.tables["planned_contact"]:
        end = row["start"] + timedelta(minutes=row["minutes"])
        if end <= demo.now:
            assert row["status"] in END_STATES
        elif row["start"] > demo.now:
            assert row["status"] == "planned"


def test_a_day_in_progress_is_cut_at_now() -> None:
    """At ten past two rows that are over have ended, visits begun are under way, the rest is planned."""
    now = to_instant(datetime(2026, 12, 1, 14, 10))
    demo = make_demo(20250601, now)
    count: Counter[Any] = Counter()
    for row in demo.contacts:
        if row["owed_date"] == TODAY:
            end = row["start"] + timedelta(minutes=row["minutes"])
            kind = "over" if end <= now else "begun" if row["start"] <= now else "ahead"
            count[kind, row["status"]] += 1
            if kind == "begun" and row["channel"] == "physical" and row["status"] == "underway":
                assert row["actual_start"] == row["start"]
    assert not [
        1 for kind, status in count if kind == "over" and status not in END_STATES and status != "planned"
    ]
    assert count["begun", "underway"] > 3
    assert not [1 for kind, status in count if kind == "ahead" and status != "planned"]
    # What was put off to tomorrow is the only thing over that is still planned.
    tomorrow = TODAY + timedelta(days=1)
    left = [row for row in demo.contacts if row["owed_date"] == TODAY and row["planned_date"] > TODAY]
    assert {(row["planned_date"], row["status"]) for row in left} <= {(tomorrow, "planned")}
    assert count["over", "planned"] == 0


def test_the_same_day_share_is_95_to_98_percent(demo: Demo) -> None:
    """Over sixty days, and in each whole week, between 95 and 98 % (a week may stray by a point)."""
    owed = [row for row in demo.history if is_owed(row)]
    assert 0.95 <= sum(map(done_same_day, owed)) / len(owed) <= 0.98
    for rows in _weeks(owed):
        assert 0.94 <= sum(map(done_same_day, rows)) / len(rows) <= 0.99


def _weeks(rows: list[Row]) -> list[list[Row]]:
    weeks: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        weeks[row["owed_date"].isocalendar()[:2]].append(row)
    return [mine for mine in weeks.values() if len({row["owed_date"] for row in mine}) == 7]


def test_safety_rows_are_hardly_ever_missed(demo: Demo) -> None:
    """Of P1 rows at most one in a hundred was missed."""
    first = [row for row in demo.history if row["priority"] == "P1" and is_owed(row)]
    assert sum(row["status"] == "missed" for row in first) / len(first) < 0.01


def test_two_percent_are_declined_for_one_of_five_reasons(demo: Demo) -> None:
    """Declined rows are 1.5–2.5 %, each with a reason that a worker can choose."""
    declined = [row for row in demo.history if row["status"] == "declined"]
    assert 0.015 <= len(declined) / len(demo.history) <= 0.025
    assert {row["cause"] for row in declined} == {cause.value for cause in DeclineCause}


def test_four_percent_of_calls_are_not_answered_half_of_them_at_the_second_ring(demo: Demo) -> None:
    """First rings without answer are 3–5 % of rung rows; of those, 35–65 % were answered on the second."""
    calls = grouped(demo.tables["call"], "contact_id")
    first = [sorted(rings, key=lambda ring: ring["rung_at"]) for rings in calls.values()]
    unanswered = [rings for rings in first if rings[0]["cause"] == "no_answer"]
    assert 0.03 <= len(unanswered) / len(first) <= 0.05
    answered = [rings for rings in unanswered if rings[1]["cause"] == "hung_up"]
    assert 0.35 <= len(answered) / len(unanswered) <= 0.65
    assert all(rings[1]["rung_at"] - rings[0]["rung_at"] == timedelta(minutes=5) for rings in unanswered)


def test_two_percent_of_calls_fail_and_the_phone_takes_over(demo: Demo) -> None:
    """Technical failures are 1–3 % of calls; each ended on the phone."""
    failed = {call["contact_id"] for call in demo.tables["call"] if call["cause"] == "media_failed"}
    assert 0.01 <= len(failed) / len({call["contact_id"] for call in demo.tables["call"]}) <= 0.03
    assert {row["status"] for row in demo.contacts if row["id"] in failed} == {"done_phone"}


@pytest.mark.parametrize(
    "goal",
    [
        "medication",
        "meal",
        "wellbeing_check",
        "social",
        "activity",
        "follow_up",
        "personal_care",
        "household",
    ],
)
def test_receipts_are_written_for_86_to_96_percent(demo: Demo, goal: str) -> None:
    """Of done contacts with a line of a goal type, about nine in ten have a receipt."""
    done = {row["id"] for row in demo.history if row["status"] in DONE}
    lines = [
        line
        for line in demo.tables["contact_line"]
        if line["contact_id"] in done and line["goal_type"] == goal
    ]
    receipted = {row["line_id"] for row in demo.tables["receipt"]}
    share = sum(line["id"] in receipted for line in lines) / len(lines)
    assert 0.84 <= share <= 0.98


def test_receipts_are_one_a_line_of_a_done_row(demo: Demo) -> None:
    """No line has two receipts, none of a row that was not done, none written before it was over."""
    rows = {row["id"]: row for row in demo.tables["planned_contact"]}
    lines = {line["id"]: line["contact_id"] for line in demo.tables["contact_line"]}
    count = Counter(receipt["line_id"] for receipt in demo.tables["receipt"])
    assert set(count.values()) == {1}
    for receipt in demo.tables["receipt"]:
        assert lines[receipt["line_id"]] == receipt["contact_id"]
        row = rows[receipt["contact_id"]]
        assert row["status"] in DONE
        assert receipt["at"] >= row["actual_end"]


def test_a_client_who_pressed_klart_is_told_apart(demo: Demo) -> None:
    """Presses belong to reminders alone and name no worker."""
    channel = {row["id"]: row["channel"] for row in demo.tables["planned_contact"]}
    mine = [row for row in demo.tables["receipt"] if row["result"] == "pressed"]
    assert mine
    assert {channel[row["contact_id"]] for row in mine} == {"prompt"}
    assert {row["staff_id"] for row in mine} == {None}


def test_clients_answer_in_55_percent_and_88_percent_are_happy(demo: Demo) -> None:
    """Of those who had a call on a day 50–60 % pressed a face, and 85–91 % of the faces are happy."""
    talked = {
        (row["client_id"], row["owed_date"])
        for row in demo.history
        if row["channel"] == "video" and row["status"] == "done"
    }
    faces = Counter(row["face"] for row in demo.tables["client_pulse"] if row["date"] < TODAY)
    assert 0.50 <= sum(faces.values()) / len(talked) <= 0.60
    assert 0.85 <= faces["happy"] / sum(faces.values()) <= 0.91


def test_71_percent_of_staff_kept_to_the_plan(demo: Demo) -> None:
    """Of the answers at the end of a shift 68–74 % are yes; the rows name nobody."""
    answers = Counter(row["answer"] for row in demo.tables["staff_pulse"])
    assert 0.68 <= answers["yes"] / sum(answers.values()) <= 0.74
    assert set(demo.tables["staff_pulse"][0]) == {"id", "group_id", "date", "answer"}


def test_a_pulse_says_nothing_of_when_or_who(demo: Demo) -> None:
    """Ids of answers are random in shape, and only today's list of those asked is kept."""
    for table in ("client_pulse", "staff_pulse"):
        assert {row["id"].version for row in demo.tables[table]} == {4}
    for table in ("client_pulse_asked", "staff_pulse_asked"):
        assert {row["date"] for row in demo.tables[table]} <= {TODAY}


def test_history_steps_are_those_that_a_row_may_take(demo: Demo) -> None:
    """Each row's history is a way through the state machine, in order, to the state that it has."""
    status = {row["id"]: row["status"] for row in demo.tables["planned_contact"]}
    version = {row["id"]: row["version"] for row in demo.tables["planned_contact"]}
    for contact, steps in grouped(demo.tables["contact_history"], "contact_id").items():
        before = "planned"
        for step in (one for one in steps if one["event"] != "postponed"):
            assert step["status_before"] == before
            assert may_step(Status(before), Status(step["status_after"]))
            before = step["status_after"]
        assert before == status[contact]
        assert version[contact] == 1 + len(steps)
        assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)


def test_ids_are_shaped_as_everywhere_else(demo: Demo) -> None:
    """Ids of rows are UUIDs of version 7, and no table has the same twice."""
    for table, rows in demo.tables.items():
        if "pulse" in table or table == "goal_type":
            continue
        ids = [row["id"] for row in rows]
        assert len(set(ids)) == len(ids)
        assert {one.version for one in ids[::50]} == {7}


def test_calls_hold_together(demo: Demo) -> None:
    """A talked call rang, was answered, connected and ended in that order, with figures of both sides."""
    quality = Counter(row["call_id"] for row in demo.tables["call_quality"])
    sides = Counter(row["call_id"] for row in demo.tables["call_participant"])
    for call in demo.tables["call"]:
        assert sides[call["id"]] == 2
        if call["cause"] == "hung_up":
            assert call["rung_at"] < call["answered_at"] < call["connected_at"] < call["ended_at"]
            assert 300 < call["setup_ms"] < 3000
            assert quality[call["id"]] == 2
        else:
            assert call["connected_at"] is None
            assert quality[call["id"]] == 0
    for row in demo.tables["call_quality"]:
        assert 0 <= row["loss_percent"] < 10
        assert row["path"] in ("host", "srflx", "prflx", "relay")


def test_rows_while_a_client_was_away_are_cancelled_not_missed(demo: Demo) -> None:
    """Nothing happened for somebody who was away, and nobody has missed it."""
    away = grouped(demo.tables["client_absence"], "client_id")
    assert away
    hit = 0
    for row in demo.tables["planned_contact"]:
        if (
            row["start"] + timedelta(minutes=row["minutes"]) > demo.now
            or row["planned_date"] != row["owed_date"]
        ):
            continue
        covered = any(
            one["start"] <= row["start"] and (one["end"] is None or row["start"] < one["end"])
            for one in away.get(row["client_id"], [])
        )
        assert covered == (row["cause"] == "client_away")
        hit += covered
    assert hit > 20


def faces(demo: Demo, days: int, last: date) -> list[int]:
    """How many different workers each B–E client met in `days` days up to `last`."""
    profile = {person.id: person.profile for person in demo.town.active}
    met: dict[UUID, set[UUID]] = defaultdict(set)
    for row in demo.contacts:
        near = last - timedelta(days=days) < row["planned_date"] <= last
        if near and row["status"] in DONE and row["channel"] != "prompt" and profile[row["client_id"]] != "A":
            met[row["client_id"]] |= set(demo.staff.get(row["id"], []))
    return sorted(len(who) for who in met.values())


@pytest.mark.parametrize("back", [1, 8, 15, 22, 29])
def test_fourteen_days_bring_thirteen_faces(demo: Demo, back: int) -> None:
    """B–E clients met 13 in the mean in a fortnight (12–14.5), and the worst about 24 (21–33)."""
    count = faces(demo, 14, TODAY - timedelta(days=back))
    assert 12 <= sum(count) / len(count) <= 14.5
    assert 21 <= count[-1] <= 33


@pytest.mark.parametrize("back", [1, 8, 15, 22, 29])
def test_thirty_days_bring_twenty_faces_and_two_homes_far_more(demo: Demo, back: int) -> None:
    """B–E clients met 17–21 in the mean in a month, and a few homes, by plan two, met more than 35."""
    count = faces(demo, 30, TODAY - timedelta(days=back))
    assert 17 <= sum(count) / len(count) <= 21
    assert 1 <= sum(number > 35 for number in count) <= 4


def test_by_plan_exactly_two_homes_are_passed_on_and_on(demo: Demo) -> None:
    """Read off the plan that comes round, two homes and no other meet more than 35 workers."""
    met: dict[int, set[int]] = defaultdict(set)
    for rows in demo.town.cycle.rows:
        for row in rows:
            order = demo.town.cycle.orders[row.order]
            if order.channel in ("physical", "video"):
                met[order.person].update(row.staff)
    assert sum(len(who) > 35 for who in met.values()) == 2
