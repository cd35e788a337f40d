"""One word for the state of a row: what matters most wins, and time alone moves it on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.localtime import to_instant
from care.services import Priority
from server.pages.contact.row_state import may_ring, next_change, row_state

START = to_instant(datetime(2026, 12, 1, 14, 30))


def row(status: Status = Status.DUE, channel: Channel = Channel.VIDEO, **more: Any) -> PlannedContact:
    more = {"priority": Priority.P2, "deadline": None, **more}
    return PlannedContact(
        status=status, channel=channel, start=START, window_end=START + timedelta(minutes=30), **more
    )


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("contact", "now", "word"),
    [
        (row(Status.PLANNED), minutes(-60), ""),
        (row(Status.PLANNED), minutes(-10), "nu"),
        (row(), minutes(31), "försenad"),
        (row(deadline=minutes(10)), minutes(11), "bråttom"),
        (row(deadline=minutes(10), priority=Priority.P4), minutes(11), "nu"),
        (row(Status.UNDERWAY), minutes(90), "pågår"),
        (row(Status.AWAITING), minutes(11), "svarar inte"),
        (row(Status.AWAITING, Channel.PHYSICAL), minutes(11), "inte gjord"),
        (row(Status.UNKNOWN), minutes(11), "oklart"),
        (row(Status.DONE), minutes(11), "klar"),
        (row(Status.DONE_PHONE), minutes(11), "klar på telefon"),
        (row(Status.DECLINED), minutes(11), "avböjd"),
        (row(Status.CANCELLED), minutes(11), "inställd"),
        (row(Status.MISSED), minutes(11), "blev inte av"),
    ],
)
def test_the_word_of_a_row(contact: PlannedContact, now: datetime, word: str) -> None:
    """Each state has its own word; a deadline is red only for what is about safety."""
    assert row_state(contact, now).word == word


def test_changed_and_unreceipted_rows_say_so() -> None:
    """A change is said until the row is late; a done row without receipt asks for it."""
    assert row_state(row(Status.PLANNED), minutes(-60), is_changed=True).word == "ändrad"
    assert row_state(row(Status.PLANNED), minutes(31), is_changed=True).word == "försenad"
    assert row_state(row(Status.DONE), minutes(31), lacks_receipt=True).word == "kvittera"


def test_every_word_that_needs_a_person_has_a_shape() -> None:
    """Nothing is told by colour alone."""
    for status in Status:
        state = row_state(row(status), minutes(60))
        assert bool(state.word) == bool(state.symbol)


def test_ringing_opens_ten_minutes_before_and_closes_with_the_row() -> None:
    """Until then a reason is needed; visits are never rung."""
    assert not may_ring(row(), minutes(-10.5))
    assert may_ring(row(), minutes(-10))
    assert may_ring(row(channel=Channel.PHONE), minutes(120))
    assert not may_ring(row(Status.DONE), minutes(0))
    assert not may_ring(row(channel=Channel.PHYSICAL), minutes(0))


def test_the_next_change_of_looks_is_when_the_word_changes() -> None:
    """At each instant given the word is another than just before, and after the last one it stays."""
    contact = row(deadline=minutes(10))
    moment, words = minutes(-60), ["" for _ in range(1)]
    while (following := next_change(contact, moment)) is not None:
        moment = following
        words.append(row_state(contact, moment).word)
    assert words == ["", "nu", "bråttom", "bråttom"]
    assert next_change(row(Status.DONE), minutes(-60)) is None
