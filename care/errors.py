"""The one error type of the whole program.

A `Fault` carries a stable machine word (``code``), a plain sentence in Swedish that is also the
gettext message id, the values that fill the sentence, the place (field, column, line…) and the HTTP
status that the web answers with. The command line prints the sentence and exits with `exit_code`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from care.words import Word, fill


class Fault(Exception):
    """Something that the caller did, or met, that must be said in words.

    Parameters
    ----------
    code
        Stable lower-case word, e.g. ``consent.missing``. Documented in ``docs/errors.md``.
    sentence
        What is wrong and what to do, in plain Swedish, with ``%(name)s`` places for `values`.
    status
        HTTP status, 400–599. 422 bad input, 404 not yours or not there, 403 not allowed, 409 conflict.
    place
        Where: a field, column, route or object word; never personal data.
    values
        What fills the sentence. Never secrets.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        status: int = 422,
        place: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.sentence = sentence
        self.status = status
        self.place = place
        self.values: dict[str, Any] = dict(values or {})
        super().__init__(code, self.say())

    def say(self, translate: Any = None) -> str:
        """The sentence filled in, in Swedish or through `translate` (a gettext function)."""
        return fill(self.sentence, self.values, translate)

    @property
    def exit_code(self) -> int:
        """Exit status of the command line: 2 bad input, 1 failed."""
        return 2 if self.status < 500 else 1

    def as_dict(self, translate: Any = None) -> dict[str, Any]:
        """RFC 9457 problem details."""
        problem: dict[str, Any] = {
            "type": f"urn:samtid:{self.code}",
            "code": self.code,
            "title": self.say(translate),
            "status": self.status,
        }
        if self.place is not None:
            problem["place"] = self.place
        return problem


def not_found(what: str = "sidan") -> Fault:
    """Not there, or not for you: the two answer alike, so that nobody can probe."""
    return Fault(
        "not_found",
        "Det du söker finns inte här, eller så är det inte ditt.",
        status=404,
        values={"what": what},
    )


def stale(what: str = Word("raden")) -> Fault:
    """Somebody else changed it first; nothing was saved."""
    return Fault(
        "stale",
        "Någon annan hann ändra %(what)s. Läs om sidan och försök igen. Inget är sparat.",
        status=409,
        values={"what": Word(what)},
    )
