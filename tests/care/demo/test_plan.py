"""The rows of the reference municipality: invariants of domain 5.6, mix and rhythm of 5.3–5.5."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from dateutil.rrule import rrulestr

from care.demo.catalogue import BY_CODE, CATALOGUE
from care.demo.order import NIGHT_CHECK, Order
from care.demo.roads import minutes
from care.localtime import SWEDEN
from tests.care.demo.rows import TODAY, Demo, Row, grouped

KINDS = {
    "PV": "care",
    "TI": "check",
    "SO": "social",
    "MA": "meal",
    "HE": "house",
    "HS": "health",
}


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def minute(instant: datetime) -> int:
    wall = instant.astimezone(SWEDEN)
    return wall.hour * 60 + wall.minute


def day_orders(demo: Demo) -> list[Order]:
    return [order for order in demo.town.cycle.orders if order.kind != NIGHT_CHECK]


def profile(demo: Demo, order: Order) -> str:
    return demo.town.people[order.person].profile or ""


# --- the catalogue -------------------------------------------------------------------------------------


def test_the_catalogue_has_every_service_of_the_handbook(demo: Demo) -> None:
    """All codes of domain 5.5 with law, minutes, window and class; a neutral word for the screen."""
    codes = {row["code"]: row for row in demo.tables["service"]}
    wanted = (
        "PV-MOR PV-MID PV-KVA PV-DUS PV-NAT TI-DAG TI-NAT TI-TEL SO-SAM SO-AKT SO-GRP MA-STO MA-PAM MA-INK "
        "HE-STA HE-TVA HE-BAD HE-DIS HE-POS HS-PAM HS-OVL HS-ROB HS-STR HS-SAR HS-INS HS-UPF CH-VEC"
    )
    assert set(wanted.split()) <= set(codes)
    assert {code for code, row in codes.items() if row["law"] == "HSL"} == {
        "HS-PAM", "HS-OVL", "HS-ROB", "HS-STR", "HS-SAR", "HS-INS", "HS-UPF",
    }  # fmt: skip
    assert codes["TI-DAG"]["video_minutes"] == 5
    assert {
        row["window_before"] for code, row in codes.items() if code in ("PV-MOR", "PV-MID", "PV-KVA")
    } == {45}


def test_delegated_tasks_are_health_care_that_needs_hands() -> None:
    """What needs a delegation is health care with hands on: administration, stockings, wounds, insulin."""
    delegated = {entry.code for entry in CATALOGUE if entry.delegated}
    assert delegated == {"HS-OVL", "HS-STR", "HS-SAR", "HS-INS"}
    assert all(BY_CODE[code].digital == "hands_required" for code in delegated)


def test_the_screens_words_say_nothing_of_illness() -> None:
    """A screen stands in a living room: no word on it names medicine, wounds or insulin."""
    told = {entry.word.lower() for entry in CATALOGUE}
    assert not [
        word for word in told for secret in ("läkemedel", "sår", "insulin", "medicin") if secret in word
    ]


# --- how many, of what, when ------------------------------------------------------------------------------


def test_a_fortnight_has_501_rows_a_day(demo: Demo) -> None:
    """The orders add up to 14 × 501 rows, and by profile to contacts a day × clients × 14."""
    count: Counter[Any] = Counter()
    for order in day_orders(demo):
        count[profile(demo, order)] += len(order.pattern.days)
    assert sum(count.values()) == 14 * 501
    assert count == {"A": 336, "B": 1155, "C": 2310, "D": 2205, "E": 1008}


def test_any_fortnight_of_the_plan_has_its_7014_rows(demo: Demo) -> None:
    """Rows are made for every order on each of its days: 7 014 in any fourteen days running."""
    count = Counter(row["rule_day"] for row in demo.contacts)
    days = sorted(count)
    assert len(days) == 75
    for first in range(0, 61, 7):
        assert sum(count[day] for day in days[first : first + 14]) == 14 * 501


def test_mean_minutes_are_those_of_the_profiles(demo: Demo) -> None:
    """35, 18, 20, 24 and 26 minutes in the mean: 188 client hours a day and 19 more for the second person."""
    rows: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    second = 0
    for order in day_orders(demo):
        rows[profile(demo, order)] += len(order.pattern.days)
        spent[profile(demo, order)] += len(order.pattern.days) * order.minutes
        second += len(order.pattern.days) * order.minutes * (order.staff - 1)
    mean = {word: spent[word] / rows[word] for word in rows}
    assert mean == pytest.approx({"A": 35, "B": 18, "C": 20, "D": 24, "E": 26}, abs=0.5)
    assert sum(spent.values()) / 14 / 60 == pytest.approx(188, abs=2)
    assert second / 14 / 60 == pytest.approx(19, abs=1.5)


def test_60_percent_of_the_heaviest_visits_have_two_workers(demo: Demo) -> None:
    """Of the double-staffed clients' rows 60 % need two; nobody else's do."""
    two = sum(len(order.pattern.days) for order in day_orders(demo) if order.staff == 2)
    assert two / 1008 == pytest.approx(0.60, abs=0.01)
    assert {profile(demo, order) for order in day_orders(demo) if order.staff == 2} == {"E"}


def test_the_visit_mix_is_the_handbooks(demo: Demo) -> None:
    """Personal care 47 %, health 17 %, meals 13 %, checks 9 %, social 5 %, household 9 %."""
    count = Counter(KINDS[demo.codes(row)[0][:2]] for row in demo.contacts)
    share = {kind: number / len(demo.contacts) for kind, number in count.items()}
    wanted = {"care": 0.47, "health": 0.17, "meal": 0.13, "check": 0.09, "social": 0.05, "house": 0.09}
    assert share == pytest.approx(wanted, abs=0.005)


def test_twelve_percent_are_digital(demo: Demo) -> None:
    """60 a day: 26 reminders, 14 checks, 16 social calls and 4 follow-ups."""
    count: Counter[Any] = Counter()
    for row in demo.contacts:
        if row["first_channel"] in ("video", "prompt"):
            count[demo.codes(row)[0]] += 1
    daily = {code: number / 75 for code, number in count.items()}
    reminders = daily["HS-PAM"] + daily["MA-PAM"]
    assert reminders == pytest.approx(26, abs=0.6)
    assert daily["TI-DAG"] == pytest.approx(14, abs=0.5)
    assert daily["SO-SAM"] == pytest.approx(16, abs=0.5)
    assert daily["HS-UPF"] == pytest.approx(4, abs=0.3)
    assert sum(count.values()) / len(demo.contacts) == pytest.approx(0.12, abs=0.005)


def test_about_a_quarter_could_be_digital_when_the_day_breaks(demo: Demo) -> None:
    """Rows that need no hands, one worker and no fixed place are 22–32 %: the ceiling under disruption."""
    able = [
        row
        for row in demo.contacts
        if row["priority"] != "P1"
        and row["staff_needed"] == 1
        and all(BY_CODE[code].digital.may_be_digital for code in demo.codes(row))
    ]
    assert 0.22 <= len(able) / len(demo.contacts) <= 0.32


def test_the_day_has_its_rhythm(demo: Demo) -> None:
    """Most rows begin in the morning, fewest per hour in the valley; social calls lie in the valley.

    The handbook's shares are wishes: 30 day workers cannot begin 34 % of the rows in three hours and drive
    between them, so mornings are a little thinner and the afternoon fuller.
    """
    edges = (600, 720, 840, 960, 1140, 1441)
    count = Counter(
        next(i for i, edge in enumerate(edges) if minute(row["start"]) < edge) for row in demo.contacts
    )
    share = [100 * count[i] / len(demo.contacts) for i in range(6)]
    wanted = (34, 13, 18, 8, 17, 10)
    allowed = (7, 3, 4, 11, 4, 3)
    for have, want, off in zip(share, wanted, allowed, strict=True):
        assert have == pytest.approx(want, abs=off)
    calls = [row for row in demo.contacts if row["channel"] == "video" and demo.codes(row) == ["SO-SAM"]]
    assert sum(780 <= minute(row["start"]) < 975 for row in calls) / len(calls) > 0.7


def test_fifteen_cameras_look_twice_a_night(demo: Demo) -> None:
    """Thirty checks a night, made by night staff, between 22 and 06."""
    night = {row["id"] for row in demo.tables["home_care_group"] if row["is_night_patrol"]}
    mine = {row["id"] for row in demo.tables["staff"] if row["group_id"] in night}
    rows = [row for row in demo.tables["planned_contact"] if row["channel"] == "camera_check"]
    assert Counter(Counter(row["rule_day"] for row in rows).values()) == {30: 75}
    assert all(minute(row["start"]) >= 1320 or minute(row["start"]) < 360 for row in rows)
    assert {who for row in rows for who in demo.staff[row["id"]]} <= mine


# --- invariants ---------------------------------------------------------------------------------------------


def test_no_digital_row_without_consent(demo: Demo) -> None:
    """Who is called, reminded or looked at has said yes before, and so has whoever lives there."""
    given: dict[tuple[UUID, str], set[str]] = defaultdict(set)
    for row in demo.tables["consent"]:
        if not row["refused"] and row["withdrawn_at"] is None and row["given_at"] < demo.history[0]["start"]:
            given[row["client_id"], row["kind"]].add(row["person"])
    alone = {row["id"]: row["lives_alone"] for row in demo.tables["client"]}
    for row in demo.tables["planned_contact"]:
        if row["channel"] == "physical":
            continue
        kind = "camera_check" if row["channel"] == "camera_check" else "digital_visit"
        assert "client" in given[row["client_id"], kind]
        assert alone[row["client_id"]] or "cohabitant" in given[row["client_id"], kind]


def test_no_row_that_needs_hands_is_digital(demo: Demo) -> None:
    """A row with a line that needs hands is physical, without exception."""
    for row in demo.contacts:
        if any(BY_CODE[code].digital == "hands_required" for code in demo.codes(row)):
            assert row["channel"] == "physical"


def test_nobody_lives_on_screens_alone(demo: Demo) -> None:
    """Every client with calls has a visit in any seven days."""
    days = sorted({row["owed_date"] for row in demo.contacts})
    visits: dict[UUID, set[date]] = defaultdict(set)
    for row in demo.contacts:
        if row["channel"] == "physical":
            visits[row["client_id"]].add(row["owed_date"])
    for client in {row["client_id"] for row in demo.contacts if row["channel"] in ("video", "prompt")}:
        for first in range(len(days) - 6):
            assert visits[client] & set(days[first : first + 7])


def test_health_care_lines_say_who_ordered_them(demo: Demo) -> None:
    """An HSL line has a nurse who ordered it, a SoL line none; a digital one a nurse who allows it."""
    nurses = {row["id"] for row in demo.tables["staff"] if row["title"] == "nurse"}
    channel = {row["id"]: row["channel"] for row in demo.tables["planned_contact"]}
    health = {row["id"] for row in demo.tables["client"] if row["has_health_care"]}
    client = {row["id"]: row["client_id"] for row in demo.tables["planned_contact"]}
    for line in demo.tables["contact_line"]:
        assert (line["ordered_by_id"] in nurses) == (line["law"] == "HSL")
        if line["law"] == "HSL":
            assert client[line["contact_id"]] in health
            if channel[line["contact_id"]] != "physical":
                assert line["digital_allowed_by_id"] in nurses


def test_nobody_is_in_two_places_at_once(demo: Demo) -> None:
    """A worker's rows follow each other, with time for the road between two homes."""
    people = {person.id: person for person in demo.town.people}
    rows: dict[UUID, list[Row]] = defaultdict(list)
    for row in demo.tables["planned_contact"]:
        for who in demo.staff.get(row["id"], []):
            rows[who].append(row)
    for mine in rows.values():
        mine.sort(key=lambda row: (row["start"], row["minutes"]))
        for a, b in pairwise(mine):
            end = a["start"] + timedelta(minutes=a["minutes"])
            assert end <= b["start"]
            put_off = a["planned_date"] != a["owed_date"] or b["planned_date"] != b["owed_date"]
            if a["channel"] == b["channel"] == "physical" and not put_off:
                here, there = people[a["client_id"]], people[b["client_id"]]
                if here.is_protected or there.is_protected:
                    continue
                assert b["start"] - end >= timedelta(
                    minutes=minutes(here.spot, there.spot) if here is not there else 0
                )


def test_no_client_is_visited_by_two_rows_at_once(demo: Demo) -> None:
    """A client's rows do not overlap, save one put off from another day."""
    for rows in grouped(demo.contacts, "client_id").values():
        mine = sorted(
            (row for row in rows if row["planned_date"] == row["owed_date"] and demo.staff.get(row["id"])),
            key=lambda row: row["start"],
        )
        for a, b in pairwise(mine):
            assert a["start"] + timedelta(minutes=a["minutes"]) <= b["start"]


def test_everybody_works_inside_their_shift(demo: Demo) -> None:
    """Each row lies inside a shift of each of its workers, who is not away from it."""
    shifts = grouped(
        (row for row in demo.tables["shift"] if row["absent_from"] is None and row["kind"] != "digital"),
        "staff_id",
    )
    for row in demo.tables["planned_contact"]:
        end = row["start"] + timedelta(minutes=row["minutes"])
        if row["channel"] == "camera_check" and row["planned_date"] == TODAY - timedelta(days=60):
            continue  # the night before the first day has no shifts
        for who in demo.staff.get(row["id"], []):
            assert any(shift["start"] <= row["start"] and end <= shift["end"] for shift in shifts[who])


def test_shifts_keep_time_for_a_break(demo: Demo) -> None:
    """What a worker has on a shift, without the roads, leaves at least half an hour free."""
    hours: dict[tuple[UUID, date], list[Row]] = defaultdict(list)
    for row in demo.tables["shift"]:
        hours[row["staff_id"], row["date"]].append(row)
    for (who, day), rows in _by_worker_and_day(demo).items():
        length = max(row["end"] - row["start"] for row in hours[who, day])
        assert sum(row["minutes"] for row in rows) <= length.total_seconds() / 60 - 30


def _by_worker_and_day(demo: Demo) -> dict[tuple[UUID, date], list[Row]]:
    found: dict[tuple[UUID, date], list[Row]] = defaultdict(list)
    for row in demo.contacts:
        if row["owed_date"] == row["planned_date"] and TODAY <= row["owed_date"] < TODAY + timedelta(days=7):
            for who in demo.staff.get(row["id"], []):
                found[who, row["owed_date"]].append(row)
    return found


def test_delegated_tasks_are_done_by_the_delegated(demo: Demo) -> None:
    """A row with a delegated line has only workers whose delegation holds that day."""
    holds = {row["staff_id"]: (row["valid_from"], row["valid_to"]) for row in demo.tables["delegation"]}
    for row in demo.contacts:
        if any(BY_CODE[code].delegated for code in demo.codes(row)):
            for who in demo.staff.get(row["id"], []):
                first, last = holds[who]
                assert first <= row["planned_date"] <= last


def test_calls_are_made_by_those_who_make_calls(demo: Demo) -> None:
    """A video row has one worker, who may call; four of five calls are by somebody the client knows."""
    callers = {row["id"] for row in demo.tables["staff"] if row["may_video"]}
    known = {(row["client_id"], row["staff_id"]) for row in demo.tables["known_staff"]}
    rows = [row for row in demo.contacts if row["channel"] == "video" and demo.staff.get(row["id"])]
    assert all(len(demo.staff[row["id"]]) == 1 for row in rows)
    assert {demo.staff[row["id"]][0] for row in rows} <= callers
    assert sum((row["client_id"], demo.staff[row["id"]][0]) in known for row in rows) / len(rows) > 0.7


def test_rows_for_two_have_two_and_others_one(demo: Demo) -> None:
    """As many different workers as the row needs; a row without any waits to be manned."""
    waiting: Counter[str] = Counter()
    for row in demo.contacts:
        staff = demo.staff.get(row["id"], [])
        if not staff:
            waiting[row["priority"]] += 1
        elif row["planned_date"] == row["owed_date"]:
            assert len(set(staff)) == len(staff) == row["staff_needed"]
    # What cannot wait is manned; of the rest a few rows a day are short of hands, as in life.
    assert waiting["P1"] == 0
    assert waiting["P2"] / 75 < 1
    assert sum(waiting.values()) / len(demo.contacts) < 0.02


def test_each_row_begins_inside_its_window(demo: Demo) -> None:
    """The planned start lies in the window, also of rows that have been put off."""
    for row in demo.tables["planned_contact"]:
        assert row["window_start"] <= row["start"] <= row["window_end"]


def test_rules_make_the_very_rows_that_are_planted(demo: Demo) -> None:
    """Each rule's recurrence, read by a library, gives the days of its rows and no others."""
    rows = grouped(demo.tables["planned_contact"], "rule_id")
    made = {rule: sorted(row["rule_day"] for row in mine) for rule, mine in rows.items()}
    first, last = midnight(TODAY - timedelta(days=60)), midnight(TODAY + timedelta(days=14))
    for rule in demo.tables["contact_rule"]:
        recurrence = rrulestr(rule["recurrence"], dtstart=midnight(rule["first_day"]))
        assert made[rule["id"]] == [when.date() for when in recurrence.between(first, last, inc=True)]
        assert rule["made_until"] == last.date()
    assert set(made) == {rule["id"] for rule in demo.tables["contact_rule"]}


def test_a_row_and_its_rule_say_the_same(demo: Demo) -> None:
    """Channel, minutes, workers needed, priority and lines of a row are those of its rule."""
    rules = {rule["id"]: rule for rule in demo.tables["contact_rule"]}
    lines = grouped(demo.tables["contact_rule_line"], "rule_id")
    for row in demo.contacts[::7]:
        rule = rules[row["rule_id"]]
        assert (row["first_channel"], row["minutes"], row["staff_needed"], row["priority"]) == (
            rule["channel"], rule["minutes"], rule["staff_needed"], rule["priority"])  # fmt: skip
        assert [line["service_id"] for line in demo.lines[row["id"]]] == [
            line["service_id"] for line in sorted(lines[rule["id"]], key=lambda line: line["seq"])
        ]
        assert sum(line["minutes"] for line in demo.lines[row["id"]]) == row["minutes"]
