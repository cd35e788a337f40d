"""The people of the reference municipality: every number of domain 5.1–5.3, and what protects them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from care.demo.clients import PROFILES
from care.demo.names import FROM_ELSEWHERE, OLDER_WOMEN
from care.errors import Fault
from care.identity.personal_number import PersonalNumberKind, parse
from tests.care.demo.rows import TODAY, Demo, Row, grouped

GROUPS = ("Bräcke", "Gällö", "Kälarne")


def by_group(demo: Demo, rows: list[Row]) -> dict[str, int]:
    """How many rows each group has, in the order of the table in domain 5.3."""
    names = {row["id"]: row["name"] for row in demo.tables["home_care_group"]}
    count = Counter(names[row["group_id"]] for row in rows)
    return {name: count[name] for name in GROUPS}


def active(demo: Demo) -> list[Row]:
    return [row for row in demo.tables["client"] if row["care_scope"] == "home_care"]


def age(row: Row) -> int:
    born: date = row["birth_date"]
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def with_consent(demo: Demo, kind: str) -> set[object]:
    """Clients whose own consent of that kind stands."""
    return {
        row["client_id"]
        for row in demo.tables["consent"]
        if (row["kind"], row["person"]) == (kind, "client") and not row["withdrawn_at"] and not row["refused"]
    }


def test_it_is_named_as_invented_and_steered_flexibly(demo: Demo) -> None:
    """The municipality says that it is a demo, that its people are invented, and how it is steered."""
    (row,) = demo.tables["municipality"]
    assert (row["name"], row["code"], row["is_demo"]) == ("Bräcke (demo)", "2305", True)
    assert row["governance_mode"] == "flexible"
    assert row["settings"]["about"].startswith("Påhittade personer.")


def test_there_are_three_groups_and_a_night_patrol_without_external_providers(demo: Demo) -> None:
    """Three groups by where clients live, and a night patrol that owns no clients."""
    rows = demo.tables["home_care_group"]
    assert {row["name"] for row in rows if not row["is_night_patrol"]} == set(GROUPS)
    (night,) = (row for row in rows if row["is_night_patrol"])
    assert not [row for row in demo.tables["client"] if row["group_id"] == night["id"]]
    assert {row["provider"] for row in rows} == {"Bräcke (demo)"}
    assert [row["cars"] for row in rows] == [9, 8, 8, 2]


def test_282_persons_have_a_decision_and_197_get_daily_care(demo: Demo) -> None:
    """Clients by group as in domain 5.3: 120 + 90 + 72, of whom 85 + 62 + 50 are active."""
    assert by_group(demo, demo.tables["client"]) == {"Bräcke": 120, "Gällö": 90, "Kälarne": 72}
    assert by_group(demo, active(demo)) == {"Bräcke": 85, "Gällö": 62, "Kälarne": 50}
    assert len([row for row in demo.tables["client"] if row["care_scope"] == "limited"]) == 85


def test_87_have_health_care_at_home_74_of_them_active(demo: Demo) -> None:
    """Health care by group: 38 + 27 + 22, the overlap with the active chosen as 74."""
    rows = [row for row in demo.tables["client"] if row["has_health_care"]]
    assert by_group(demo, rows) == {"Bräcke": 38, "Gällö": 27, "Kälarne": 22}
    assert len([row for row in rows if row["care_scope"] == "home_care"]) == 74


def test_profiles_share_the_197_out(demo: Demo) -> None:
    """40 light, 55 daily check, 55 moderate, 35 heavy, 12 double-staffed."""
    count = Counter(person.profile for person in demo.town.active)
    assert count == {"A": 40, "B": 55, "C": 55, "D": 35, "E": 12}
    assert {word: sum(counts) for word, counts in PROFILES.items()} == count


def test_26_small_teams_have_seven_or_eight_clients_each(demo: Demo) -> None:
    """Eleven, eight and seven small teams, each around seven or eight clients."""
    assert by_group(demo, demo.tables["small_team"]) == {"Bräcke": 11, "Gällö": 8, "Kälarne": 7}
    sizes = Counter(row["small_team_id"] for row in active(demo))
    assert len(sizes) == 26
    assert set(sizes.values()) <= {7, 8}


def test_ages_are_68_to_101_with_a_mean_of_84(demo: Demo) -> None:
    """The active are 68–101 years old, 84 in the mean."""
    ages = [age(row) for row in active(demo)]
    assert (min(ages), max(ages)) == (68, 101)
    assert sum(ages) / len(ages) == pytest.approx(84, abs=0.5)


def test_traits_have_the_shares_of_the_handbook(demo: Demo) -> None:
    """64 % women, 68 % alone, 35 % hearing aid, 22 % impaired of whom two unclear, 70 % digital lock."""
    rows = active(demo)

    def share(count: int) -> float:
        return count / len(rows)

    women = {*OLDER_WOMEN, *(name for women, _ in FROM_ELSEWHERE.values() for name in women)}
    assert share(sum(row["first_name"] in women for row in rows)) == pytest.approx(0.64, abs=0.005)
    assert share(sum(row["lives_alone"] for row in rows)) == pytest.approx(0.68, abs=0.005)
    assert share(sum(row["has_hearing_aid"] for row in rows)) == pytest.approx(0.35, abs=0.005)
    assert share(sum(row["decision_ability"] != "own" for row in rows)) == pytest.approx(0.22, abs=0.005)
    assert sum(row["decision_ability"] == "unclear" for row in rows) == 2
    assert share(sum(row["has_digital_lock"] for row in rows)) == pytest.approx(0.70, abs=0.005)


def test_languages_are_dealt_out(demo: Demo) -> None:
    """94 % speak Swedish, 2 % Finnish, 1 % each Somali, Arabic, German and English."""
    count = Counter(row["language"] for row in active(demo))
    assert count == {"sv": 185, "fi": 4, "so": 2, "ar": 2, "de": 2, "en": 2}


def test_six_homes_have_no_mobile_cover_four_of_them_in_kalarne(demo: Demo) -> None:
    """No cover in six homes, and no tablet there."""
    rows = [row for row in demo.tables["client"] if not row["has_mobile_cover"]]
    assert by_group(demo, rows) == {"Bräcke": 1, "Gällö": 1, "Kälarne": 4}
    homes = {row["client_id"] for row in demo.tables["device_assignment"]}
    assert not homes & {row["id"] for row in rows}


def test_cohabitants_have_a_name_where_somebody_lives_along(demo: Demo) -> None:
    """Who does not live alone has a named cohabitant, and who does has none."""
    for row in active(demo):
        assert (row["cohabitant_name"] is None) == row["lives_alone"]


def test_two_protected_identities_leave_no_trace_of_their_home(demo: Demo) -> None:
    """A protected identity has no coordinates, address, phone, place, building, contact person or picture."""
    rows = [row for row in demo.tables["client"] if row["protection"] != "none"]
    assert len(rows) == 2
    hidden = (
        "latitude",
        "longitude",
        "address",
        "place",
        "building",
        "floor",
        "phone",
        "door_note",
        "portrait",
    )
    for row in rows:
        assert {row[name] for name in (*hidden, "portrait")} == {None}
        assert not [one for one in demo.tables["contact_person"] if one["client_id"] == row["id"]]
    assert len({row["centre_minutes"] for row in rows}) == 1
    assert not {row["id"] for row in rows} & {row["client_id"] for row in demo.tables["device_assignment"]}


def test_a_protected_home_is_visited_by_named_staff_only(demo: Demo) -> None:
    """Everybody planned for a protected home stands on its list of known staff."""
    known = grouped(demo.tables["known_staff"], "client_id")
    for client in (row["id"] for row in demo.tables["client"] if row["protection"] != "none"):
        named = {row["staff_id"] for row in known[client]}
        mine = [row for row in demo.contacts if row["client_id"] == client]
        ahead = [row for row in mine if row["owed_date"] >= TODAY]
        assert ahead
        assert {who for row in ahead for who in demo.staff.get(row["id"], [])} <= named


def test_no_number_can_be_taken_for_a_real_one(demo: Demo) -> None:
    """Every number reads as a reserve number with a letter: never a personnummer or samordningsnummer."""
    numbers = [row["personal_number_sealed"].decode() for row in demo.tables["client"]]
    assert len(set(numbers)) == 282
    for number, row in zip(numbers, demo.tables["client"], strict=True):
        read = parse(number, TODAY)
        assert read.kind is PersonalNumberKind.RESERVE
        assert read.birth == row["birth_date"]
        with pytest.raises(Fault):
            parse(number.replace("D", ""), TODAY)


def test_everybody_active_has_a_named_care_worker_or_a_reason(demo: Demo) -> None:
    """The named care worker is a well-known assistant nurse of the group; eight have a reason instead."""
    staff = {row["id"]: row for row in demo.tables["staff"]}
    first = {row["client_id"]: row["staff_id"] for row in demo.tables["known_staff"] if row["rank"] == 0}
    reasons: Counter[Any] = Counter()
    for row in active(demo):
        named, reason = row["named_care_worker_id"], row["no_named_care_worker_reason"]
        assert (named is None) != (reason is None)
        if named is None:
            reasons[reason] += 1
            continue
        assert first[row["id"]] == named
        assert staff[named]["title"] == "assistant_nurse"
        assert staff[named]["group_id"] == row["group_id"]
    assert reasons == {"obviously_unnecessary": 5, "declined": 3}


def test_known_staff_are_ranked_without_gaps_or_doubles(demo: Demo) -> None:
    """Each active client knows at least four, in an order without gaps, nobody twice."""
    for rows in grouped(demo.tables["known_staff"], "client_id").values():
        assert sorted(row["rank"] for row in rows) == list(range(len(rows)))
        assert len({row["staff_id"] for row in rows}) == len(rows)
    known = grouped(demo.tables["known_staff"], "client_id")
    assert all(len(known[row["id"]]) >= 2 for row in active(demo))


def test_nearly_everybody_has_somebody_to_ring(demo: Demo) -> None:
    """All but the protected have a contact person with a number that belongs to nobody."""
    rows = grouped(demo.tables["contact_person"], "client_id")
    assert len(rows) == 280
    for one in demo.tables["contact_person"]:
        assert one["phone"].startswith("070-174 0")


def test_40_tablets_stand_as_the_handbook_says(demo: Demo) -> None:
    """Tablets by group 17 + 12 + 11, nine of them with somebody who lives there."""
    homes = {row["client_id"] for row in demo.tables["device_assignment"]}
    rows = [row for row in active(demo) if row["id"] in homes]
    assert by_group(demo, rows) == {"Bräcke": 17, "Gällö": 12, "Kälarne": 11}
    assert sum(not row["lives_alone"] for row in rows) == 9
    assert all(row["decision_ability"] != "unclear" for row in rows)


def test_consents_are_as_many_as_the_handbook_says(demo: Demo) -> None:
    """40 to calls, 26 to auto-answer, 31 to relatives; three withdrawn; 15 to night cameras."""
    homes = {row["client_id"] for row in demo.tables["device_assignment"]}
    assert with_consent(demo, "digital_visit") == homes
    assert len(with_consent(demo, "auto_answer")) == 26
    assert len(with_consent(demo, "relative_calls")) == 31
    assert with_consent(demo, "auto_answer") | with_consent(demo, "relative_calls") <= homes
    assert sum(row["withdrawn_at"] is not None for row in demo.tables["consent"]) == 3
    assert len(with_consent(demo, "camera_check")) == 15


def test_eight_of_nine_cohabitants_say_yes_and_one_refuses(demo: Demo) -> None:
    """Every cohabitant of a tablet has been asked; one said no, and that home is blocked."""
    rows = [row for row in demo.tables["consent"] if row["person"] == "cohabitant"]
    assert Counter(row["refused"] for row in rows) == {False: 8, True: 1}
    (refused,) = (row["client_id"] for row in rows if row["refused"])
    assert not [row for row in demo.contacts if row["client_id"] == refused and row["channel"] != "physical"]


def test_night_cameras_are_seven_four_and_four(demo: Demo) -> None:
    """Fifteen homes are looked at twice a night."""
    rows = [row for row in active(demo) if row["night_checks"]]
    assert by_group(demo, rows) == {"Bräcke": 7, "Gällö": 4, "Kälarne": 4}
    assert {row["night_checks"] for row in rows} == {2}


def test_a_picture_is_shown_only_with_consent(demo: Demo) -> None:
    """Who has a picture has agreed to it, and no two share a face."""
    pictures = {row["id"]: row["portrait"] for row in demo.tables["client"] if row["portrait"]}
    assert set(pictures) == with_consent(demo, "photo")
    assert len(set(pictures.values())) == len(pictures)
