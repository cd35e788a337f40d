"""A consent counts from when it was given and confirmed until it is withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from care.consent import Consent, ConsentKind, ConsentPerson, GivenHow, has_consent
from care.ids import new_id

GIVEN = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def consent(**change: Any) -> Consent:
    values: dict[str, Any] = {
        "kind": ConsentKind.DIGITAL_VISIT,
        "person": ConsentPerson.CLIENT,
        "given_how": GivenHow.ORAL,
        "given_at": GIVEN,
        "confirmed_at": GIVEN,
        "refused": False,
        "withdrawn_at": None,
        **change,
    }
    return Consent(id=new_id(), client_id=new_id(), **values)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"given_at": NOW}, True),
        ({"given_at": NOW + timedelta(seconds=1)}, False),
        ({"confirmed_at": None}, False),
        ({"given_how": GivenHow.IMPORTED, "confirmed_at": None}, False),
        ({"given_how": GivenHow.IMPORTED}, True),
        ({"refused": True}, False),
        ({"withdrawn_at": NOW + timedelta(seconds=1)}, True),
        ({"withdrawn_at": NOW}, False),
        ({"withdrawn_at": GIVEN}, False),
        ({"confirmed_at": NOW + timedelta(seconds=1)}, False),
    ],
)
def test_when_a_consent_is_valid(change: dict[str, Any], valid: bool) -> None:
    """Given, confirmed, not refused, not withdrawn: each alone decides."""
    assert consent(**change).valid(NOW) is valid


def test_a_yes_for_one_thing_by_one_person_is_no_yes_for_another() -> None:
    """Kind and person must be the ones asked for."""
    yes = [consent()]
    assert has_consent(yes, ConsentKind.DIGITAL_VISIT, NOW)
    assert not has_consent(yes, ConsentKind.AUTO_ANSWER, NOW)
    assert not has_consent(yes, ConsentKind.DIGITAL_VISIT, NOW, ConsentPerson.COHABITANT)
    assert not has_consent([], ConsentKind.DIGITAL_VISIT, NOW)


def test_a_new_yes_after_a_withdrawal_counts() -> None:
    """What was withdrawn stays withdrawn; the new one stands on its own."""
    assert has_consent([consent(withdrawn_at=GIVEN), consent(given_at=NOW)], ConsentKind.DIGITAL_VISIT, NOW)


def test_a_later_no_beats_an_earlier_yes() -> None:
    """Who has said no since has no valid consent, whatever lies in the drawer; a yes after that counts."""
    no = consent(refused=True, given_at=GIVEN + timedelta(days=1))
    assert not has_consent([consent(), no], ConsentKind.DIGITAL_VISIT, NOW)
    again = consent(given_at=GIVEN + timedelta(days=2))
    assert has_consent([consent(), no, again], ConsentKind.DIGITAL_VISIT, NOW)
    others = consent(refused=True, given_at=GIVEN + timedelta(days=1), person=ConsentPerson.COHABITANT)
    assert has_consent([consent(), others], ConsentKind.DIGITAL_VISIT, NOW)
