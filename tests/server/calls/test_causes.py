"""Every cause of an ended call has its words, for worker and coordinator, and stands in the document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from care.calls.life import CallState, Cause
from server.calls.causes import CAUSES
from server.calls.words import for_worker

DOCUMENT = (Path(__file__).parents[3] / "docs/calls.md").read_text(encoding="utf-8")
DOCUMENT = DOCUMENT[DOCUMENT.index("## Why calls end") :]


def _same(text: str) -> str:
    return text


@pytest.mark.parametrize("cause", list(Cause), ids=lambda cause: cause.value)
def test_each_cause_is_told_in_the_document_as_on_the_pages(cause: Cause) -> None:
    """The same sentences, word for word."""
    rows = re.findall(rf"^\| `{cause.value}` \| (.+) \| (.+) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    told = CAUSES[cause]
    assert rows == [(for_worker(CallState.ENDED, cause, "Ingrid", _same), told.word, told.advice)]


def test_the_document_names_the_causes_that_count_as_failed() -> None:
    (said,) = re.findall(r"Technical causes\s+\((.+?)\) count", DOCUMENT, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", said)) == {cause.value for cause in Cause if cause.is_technical}
