"""The life of a call: ringing → connecting → connected ⇄ reconnecting → ended."""

from __future__ import annotations

from itertools import product

import pytest

from care.calls.life import STEPS, CallState, Cause, check_step
from care.errors import Fault

ALLOWED = {
    "ringing": "connecting ended",
    "connecting": "connected reconnecting ended",
    "connected": "reconnecting ended",
    "reconnecting": "connected ended",
    "ended": "",
}


@pytest.mark.parametrize(("before", "after"), list(product(CallState, CallState)), ids=lambda s: s.value)
def test_every_step_is_allowed_or_refused_as_written(before: CallState, after: CallState) -> None:
    """All 25 pairs."""
    if after.value in ALLOWED[before.value].split():
        check_step(before, after)
        return
    with pytest.raises(Fault) as fault:
        check_step(before, after)
    assert (fault.value.code, fault.value.status) == ("call.step", 409)


def test_every_state_has_a_row() -> None:
    """A new state cannot be forgotten."""
    assert set(STEPS) == set(CallState) == {CallState(word) for word in ALLOWED}


def test_only_hanging_up_is_a_conversation() -> None:
    """Every other cause means that something else than a talk happened."""
    assert [cause for cause in Cause if cause.is_conversation] == [Cause.HUNG_UP]
