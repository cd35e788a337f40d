"""What a unit manager finds who looks at the log."""

from __future__ import annotations

from enum import StrEnum

from care.errors import Fault

#: Letters of a note.
LONGEST = 500


class Finding(StrEnum):
    """Whether somebody had a reason to open what was opened."""

    FINE = "fine"
    #: It is not clear why it was opened, or it should not have been.
    FOLLOW_UP = "follow_up"


def check_note(finding: Finding, note: str, *, is_own: bool = False) -> None:
    """Raise `Fault` ``sample.note`` when something is to be followed up without a word about what.

    ``sample.own_note`` when somebody judges what they opened themselves without saying why it was needed.
    """
    if finding is Finding.FOLLOW_UP and not note:
        raise Fault("sample.note", "Skriv vad som ska följas upp.", place="note")
    if is_own and not note:
        raise Fault("sample.own_note", "Du öppnade själv. Skriv varför det behövdes.", place="note")
