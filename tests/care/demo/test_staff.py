"""Staff, delegations and shifts: every number of domain 5.4, and rest between shifts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

from care.demo.accounts import accounts, password
from care.demo.shifts import duty
from care.localtime import SWEDEN
from tests.care.demo.rows import TODAY, Demo, Row, grouped

CARE = {"assistant_nurse", "care_assistant", "other"}


def names(demo: Demo) -> dict[object, str]:
    return {row["id"]: row["name"] for row in demo.tables["home_care_group"]}


def test_103_are_employed_in_care_by_group(demo: Demo) -> None:
    """39 + 27 + 25 in the groups and 12 on the night patrol."""
    group = names(demo)
    count = Counter(group[row["group_id"]] for row in demo.tables["staff"] if row["title"] in CARE)
    assert count == {"Bräcke": 39, "Gällö": 27, "Kälarne": 25, "Nattpatrullen": 12}


def test_titles_are_70_25_and_5_percent(demo: Demo) -> None:
    """72 assistant nurses, 26 care assistants and 5 others of the 103."""
    count = Counter(row["title"] for row in demo.tables["staff"])
    assert [count[title] for title in ("assistant_nurse", "care_assistant", "other")] == [72, 26, 5]


def test_the_office_is_manned(demo: Demo) -> None:
    """Three unit managers (one a group), three coordinators, five nurses, three assessors."""
    count = Counter(row["title"] for row in demo.tables["staff"])
    assert [count[title] for title in ("unit_manager", "coordinator", "nurse", "needs_assessor")] == [
        3,
        3,
        5,
        3,
    ]
    managers = [row["group_id"] for row in demo.tables["staff"] if row["title"] == "unit_manager"]
    assert len(set(managers)) == 3


def test_60_percent_are_delegated_by_a_nurse_for_a_year(demo: Demo) -> None:
    """62 of 103 may give medicine, by a nurse's word, all through the days that have rows."""
    rows = demo.tables["delegation"]
    assert len(rows) == 62
    nurses = {row["id"] for row in demo.tables["staff"] if row["title"] == "nurse"}
    for row in rows:
        assert row["given_by_id"] in nurses
        assert row["valid_from"] <= TODAY - timedelta(days=60)
        assert row["valid_to"] >= TODAY + timedelta(days=14)
        assert row["valid_to"] - row["valid_from"] <= timedelta(days=365)


def test_faces_are_shown_only_where_there_is_one_each(demo: Demo) -> None:
    """Portraits are worker-000 to worker-119, nobody shares one, and some have none."""
    shown = [row["portrait"] for row in demo.tables["staff"] if row["portrait"]]
    assert len(set(shown)) == len(shown) < len(demo.tables["staff"])
    assert all(0 <= int(name.removeprefix("worker-")) < 120 for name in shown)


def test_everybody_speaks_swedish_and_some_speak_more(demo: Demo) -> None:
    """Swedish comes first; the clients' languages are spoken by somebody."""
    spoken = Counter(language for row in demo.tables["staff"] for language in row["languages"])
    assert all(row["languages"][0] == "sv" for row in demo.tables["staff"])
    assert all(spoken[language] >= 1 for language in ("fi", "so", "ar", "de", "en"))


def present(demo: Demo) -> list[Row]:
    return [row for row in demo.tables["shift"] if row["absent_from"] is None]


def test_as_many_work_each_day_as_in_the_handbook(demo: Demo) -> None:
    """Day and evening on weekdays and weekends, and four at night, on every one of the 75 days."""
    group = names(demo)
    wanted = {
        "Bräcke": ((12, 6), (9, 5)),
        "Gällö": ((9, 5), (7, 4)),
        "Kälarne": ((9, 4), (6, 3)),
    }
    count = Counter((row["date"], group[row["group_id"]], row["kind"]) for row in present(demo))
    for day in {row["date"] for row in demo.tables["shift"]}:
        weekend = day.weekday() >= 5
        for name, numbers in wanted.items():
            assert (count[day, name, "day"], count[day, name, "evening"]) == numbers[weekend]
        assert count[day, "Nattpatrullen", "night"] == 4


def test_shifts_have_the_hours_of_the_handbook(demo: Demo) -> None:
    """07.00–16.00 (8 h paid), 14.30–21.30 (6.5 h), 21.15–07.15; summer and winter alike."""
    wanted = {
        "day": ("07:00", "16:00", 60),
        "evening": ("14:30", "21:30", 30),
        "night": ("21:15", "07:15", 60),
    }
    for row in demo.tables["shift"]:
        if row["kind"] != "digital":
            start, end = (row[key].astimezone(SWEDEN).strftime("%H:%M") for key in ("start", "end"))
            assert (start, end, row["break_minutes"]) == wanted[row["kind"]]


def test_weekday_hours_are_337_and_a_half(demo: Demo) -> None:
    """30 day and 15 evening shifts: 337.5 paid hours, a little short of what is needed on purpose."""
    tuesday = [row for row in present(demo) if row["date"] == TODAY and row["kind"] in ("day", "evening")]
    paid = sum((row["end"] - row["start"]).seconds / 3600 - row["break_minutes"] / 60 for row in tuesday)
    assert paid == 337.5


def test_digital_hours_lie_inside_a_day_shift_of_somebody_who_calls(demo: Demo) -> None:
    """Seven hours each weekday (3 + 2 + 2), ending with the day shift, with staff who make calls."""
    callers = {row["id"] for row in demo.tables["staff"] if row["may_video"] and "digital" in row["skills"]}
    ordinary = {(row["date"], row["staff_id"]): row for row in present(demo) if row["kind"] == "day"}
    hours: Counter[Any] = Counter()
    for row in demo.tables["shift"]:
        if row["kind"] == "digital":
            around = ordinary[row["date"], row["staff_id"]]
            assert around["start"] <= row["start"] < row["end"] <= around["end"]
            hours[row["date"]] += (row["end"] - row["start"]).seconds / 3600
            if row["date"] >= TODAY:
                assert row["staff_id"] in callers
    assert set(hours.values()) == {7.0}
    assert all(day.weekday() < 5 for day in hours)


def test_nobody_works_twice_a_day_or_begins_after_an_evening(demo: Demo) -> None:
    """One ordinary shift a day at most, and eleven hours of rest between an evening and a morning."""
    for rows in grouped((row for row in present(demo) if row["kind"] != "digital"), "staff_id").values():
        rows.sort(key=lambda row: row["start"])
        for a, b in pairwise(rows):
            assert b["start"] - a["end"] >= timedelta(hours=11)


def test_eight_percent_are_away_and_somebody_has_stepped_in(demo: Demo) -> None:
    """Of the shifts gone by 6–11 % were left by the rostered worker; none ahead is."""
    planned = [row for row in demo.tables["shift"] if row["kind"] in ("day", "evening")]
    gone = [row for row in planned if row["date"] < TODAY]
    away = [row for row in gone if row["absent_from"] is not None]
    assert 0.06 <= len(away) / (len(gone) - len(away)) <= 0.11
    assert all(row["absent_from"] is None for row in planned if row["date"] >= TODAY)


def test_a_stand_in_may_do_what_the_absent_one_may(demo: Demo) -> None:
    """Whoever steps in is delegated and makes calls if the rostered worker does, and was free that day."""
    town = demo.town
    for back in range(1, 61):
        who = duty(town, TODAY - timedelta(days=back), absences=True)
        rostered = {turn.worker for turn in who.turns if not turn.steps_in}
        for away, instead in who.instead.items():
            a, b = town.workers[away], town.workers[instead]
            assert b.area == a.area
            assert b.no not in rostered
            assert b.delegated >= a.delegated
            assert b.may_video >= a.may_video


def test_every_role_can_sign_in_in_every_group(demo: Demo) -> None:
    """Two care workers or more, a coordinator and a unit manager a group; nurse, assessor, admin, night."""
    made = accounts(demo.town)
    count = Counter((account.role.value, account.group) for account in made)
    for group in ("Bräcke", "Gällö", "Kälarne"):
        assert count["care_worker", group] >= 2
        assert count["coordinator", group] >= 1
        assert count["unit_manager", group] == 1
    assert count["care_worker", "Nattpatrullen"] == 1
    roles = Counter(account.role.value for account in made)
    assert roles["licensed_professional"] == roles["needs_assessor"] == roles["administrator"] == 1


def test_usernames_are_readable_and_nobody_shares_one(demo: Demo) -> None:
    """Usernames are lower case ASCII like anna.bracke."""
    usernames = [account.username for account in accounts(demo.town)]
    assert len(set(usernames)) == len(usernames)
    assert all(name.isascii() and name == name.lower() for name in usernames)


def test_a_password_follows_from_the_folders_secret_and_the_name() -> None:
    """The same folder and name give the same password; another folder or name another."""
    assert password(b"one", "anna.bracke") == password(b"one", "anna.bracke")
    assert password(b"one", "anna.bracke") != password(b"two", "anna.bracke")
    assert password(b"one", "anna.bracke") != password(b"one", "lena.gallo")
    assert len(password(b"one", "anna.bracke")) == 14


def test_somebody_with_an_account_is_at_work_every_day(demo: Demo) -> None:
    """On each day of the plan at least one of the signing-in care workers has a day or evening shift."""
    mine = {account.worker for account in accounts(demo.town) if account.role == "care_worker"}
    for index in range(28):
        kinds = {kind.value for no, kind in demo.town.roster.at_work(index).items() if no in mine}
        assert kinds & {"day", "evening"}
