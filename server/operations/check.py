"""One thing that `samtid doctor` looked at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `sentence` is Swedish with places for `values`."""

    name: str
    verdict: Verdict
    sentence: str
    values: dict[str, object]


def good(name: str, sentence: str, **values: object) -> Check:
    return Check(name, Verdict.GOOD, sentence, values)


def warning(name: str, sentence: str, **values: object) -> Check:
    return Check(name, Verdict.WARNING, sentence, values)


def bad(name: str, sentence: str, **values: object) -> Check:
    return Check(name, Verdict.BAD, sentence, values)
