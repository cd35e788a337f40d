"""The same-day share counts what domain 57 says, and postponing never improves it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from care.contacts.channel import Channel
from care.contacts.life import Status
from care.ids import new_id
from care.localtime import SWEDEN
from care.measures.hiding import Share
from care.measures.same_day import Row, count, measure

DAY = date(2026, 12, 1)
GROUP = new_id()
NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)


def row(**more: Any) -> Row:
    values: dict[str, Any] = {
        "id": new_id(), "group_id": GROUP, "owed_date": DAY, "status": Status.DONE, "cause": None,
        "channel": Channel.PHYSICAL, "first_channel": Channel.PHYSICAL, "actual_start": NOON,
        "replaces_id": None,
    }  # fmt: skip
    return Row(**{**values, **more})


def total(*rows: Row) -> Share:
    return measure(count(rows, SWEDEN)).total


def test_done_on_its_day_counts_as_done() -> None:
    assert total(row(), row(status=Status.MISSED, actual_start=None)) == Share(1, 2)


def test_a_row_postponed_and_done_tomorrow_stays_in_todays_denominator_as_not_done() -> None:
    assert total(row(actual_start=NOON + timedelta(days=1))) == Share(0, 1)


def test_midnight_is_the_municipalitys_midnight() -> None:
    """23.30 UTC on 30 November is half past midnight on 1 December in Sweden."""
    assert total(row(actual_start=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))) == Share(1, 1)


def test_declined_by_the_client_before_the_start_is_not_owed() -> None:
    assert total(row(status=Status.DECLINED, actual_start=None)) == Share(0, 0)


def test_cancelled_because_the_client_is_away_or_withdrew_consent_costs_nothing() -> None:
    for cause in ("client_away", "consent_withdrawn", "rule_ended"):
        assert total(row(status=Status.CANCELLED, cause=cause, actual_start=None)) == Share(0, 0)


def test_cancelled_by_us_stays_in_the_denominator() -> None:
    assert total(row(status=Status.CANCELLED, cause="no_staff", actual_start=None)) == Share(0, 1)


def test_unknown_is_never_counted_as_done() -> None:
    assert total(row(status=Status.UNKNOWN, actual_start=None)) == Share(0, 1)


def test_a_moved_visit_that_was_done_by_video_counts_as_digital_and_moved() -> None:
    measured = measure(count([row(channel=Channel.VIDEO)], SWEDEN))
    assert (measured.total, measured.digital, measured.physical, measured.moved) == (
        Share(1, 1), Share(1, 1), Share(0, 0), Share(1, 1))  # fmt: skip


def test_a_call_that_became_a_visit_by_the_clients_word_is_a_visit_and_no_lost_call() -> None:
    """A withdrawn consent costs the digital share nothing: it counts as any visit that was done."""
    for cause in ("consent_withdrawn", "no_video_today"):
        moved = row(first_channel=Channel.VIDEO, cause=cause)
        measured = measure(count([moved, row(channel=Channel.VIDEO, first_channel=Channel.VIDEO)], SWEDEN))
        assert (measured.total, measured.digital, measured.physical, measured.moved) == (
            Share(2, 2), Share(1, 1), Share(1, 1), Share(0, 0))  # fmt: skip


def test_a_split_row_counts_once_and_only_when_every_part_is_done() -> None:
    root = row(status=Status.REPLACED, actual_start=None)
    hands = row(replaces_id=root.id)
    call = row(replaces_id=root.id, channel=Channel.VIDEO, status=Status.PLANNED, actual_start=None)
    assert total(root, hands, call) == Share(0, 1)
    done_call = row(replaces_id=root.id, channel=Channel.VIDEO)
    assert total(root, hands, done_call) == Share(1, 1)


def test_a_chain_of_replacements_counts_by_its_last_row() -> None:
    first = row(status=Status.REPLACED, actual_start=None)
    second = row(status=Status.REPLACED, replaces_id=first.id, actual_start=None)
    third = row(replaces_id=second.id)
    assert total(first, second, third) == Share(1, 1)


rows = st.lists(
    st.builds(
        row,
        status=st.sampled_from(Status),
        channel=st.sampled_from(Channel),
        cause=st.sampled_from([None, "client_away", "no_staff"]),
        actual_start=st.sampled_from([None, NOON, NOON + timedelta(days=1)]),
    ),
    max_size=30,
)


@given(rows)
def test_physical_and_digital_add_up_to_the_total(many: list[Row]) -> None:
    measured = measure(count(many, SWEDEN))
    assert measured.physical + measured.digital == measured.total
    assert measured.moved.whole <= measured.digital.whole


@given(rows, st.randoms())
def test_the_order_of_rows_does_not_matter(many: list[Row], random: Any) -> None:
    mixed = list(many)
    random.shuffle(mixed)
    assert measure(count(mixed, SWEDEN)) == measure(count(many, SWEDEN))


def test_an_id_that_is_not_there_does_not_hide_its_successor() -> None:
    assert total(row(replaces_id=UUID(int=1))) == Share(1, 1)
