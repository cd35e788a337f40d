"""What is wrong with a file: where, a stable word, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from care.errors import Fault


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning about a file.

    Attributes
    ----------
    file
        The file's own name, without folders.
    line
        Line in the file as an editor or Excel counts; the heading is line 1. 0 when the whole file is meant.
    column
        The heading as it is written in the file, or None when the whole line is meant.
    code
        Stable word, e.g. ``import.date``.
    sentence, values
        As in `Fault`: the Swedish sentence, which is also the message id, and what fills it.
    """

    file: str
    line: int
    column: str | None
    code: str
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, fault: Fault, file: str, line: int, column: str | None = None) -> Problem:
        """The fault, given its place in a file."""
        return cls(file, line, column, fault.code, fault.sentence, fault.values)

    def say(self, translate: Any = None) -> str:
        """The sentence filled in."""
        text: str = translate(self.sentence) if translate else self.sentence
        return text % self.values if self.values else text

    def as_dict(self, translate: Any = None) -> dict[str, Any]:
        """As the command line and the API report it: line, column, code, message."""
        return {"line": self.line, "column": self.column, "code": self.code, "message": self.say(translate)}


class Unreadable(Fault):
    """The file, from some line on, cannot be read at all: nothing in it may be imported."""

    def __init__(self, code: str, sentence: str, *, line: int = 0, **values: Any) -> None:
        super().__init__(code, sentence, place=f"line {line}" if line else None, values=values)
        self.line = line
