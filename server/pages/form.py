"""Reading what a form or an address says, so that nothing hostile gets further than here."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Literal, TypeVar, overload
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiMapping

from care.errors import Fault
from care.ids import read_id
from care.localtime import YEARS, read_day, read_wall, to_instant

Word = TypeVar("Word", bound=StrEnum)


class Form:
    """The fields of a form or the question part of an address. Texts are trimmed and free of NUL."""

    def __init__(self, fields: MultiMapping[Any]) -> None:
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def text(self, name: str, *, longest: int = 200, needed: bool = False, trim: bool = True) -> str:
        """One line or text; empty when it is not there.

        Raises `Fault` ``form.needed`` or ``form.too_long`` with the field as place.
        """
        value = self.fields.get(name, "")
        text = _clean(value, trim)
        if needed and not text:
            raise Fault("form.needed", "Fyll i det här fältet.", place=name)
        if len(text) > longest:
            raise Fault(
                "form.too_long",
                "Texten får ha högst %(count)s tecken.",
                place=name,
                values={"count": longest},
            )
        return text

    def texts(self, name: str, *, most: int = 1000) -> list[str]:
        """Every value of a field that may be ticked several times."""
        return [_clean(value, trim=True)[:200] for value in self.fields.getall(name, [])[:most]]

    def flag(self, name: str) -> bool:
        """True when the box is ticked."""
        return self.text(name) not in {"", "0", "nej", "false"}

    @overload
    def id(self, name: str, *, needed: Literal[True] = True) -> UUID: ...
    @overload
    def id(self, name: str, *, needed: bool) -> UUID | None: ...
    def id(self, name: str, *, needed: bool = True) -> UUID | None:
        """An id. Raises `Fault` ``form.bad_choice`` when it is none, ``form.needed`` when not given."""
        text = self.text(name, needed=needed)
        if not text:
            return None
        return _id(name, text)

    def ids(self, name: str) -> list[UUID]:
        """Every id of a field that may be ticked several times."""
        return [_id(name, text) for text in self.texts(name) if text]

    def one_of(self, name: str, kind: type[Word], default: Word | None = None) -> Word:
        """One of the words of `kind`. Raises `Fault` ``form.bad_choice``."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return kind(text)
        except ValueError:
            raise _bad_choice(name) from None

    def number(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number within limits. Raises `Fault` ``form.bad_number``."""
        text = self.text(name)
        if not text and default is not None:
            return default
        if not _is_number(text) or not least <= int(text) <= most:
            raise Fault(
                "form.bad_number", "Skriv ett helt tal mellan %(least)s och %(most)s.",
                place=name, values={"least": least, "most": most},
            )  # fmt: skip
        return int(text)

    @overload
    def day(self, name: str, *, needed: Literal[True] = True) -> date: ...
    @overload
    def day(self, name: str, *, needed: bool) -> date | None: ...
    def day(self, name: str, *, needed: bool = True) -> date | None:
        """A day such as 2026-12-01; None when it is not given and not `needed`.

        Raises `Fault` ``form.needed``, or ``date.bad`` also for a day of another century than ours.
        """
        text = self.text(name, needed=needed)
        return read_day(text, name) if text else None

    def wall(self, name: str) -> time:
        """A wall time such as 14:30 or 14.30. Raises `Fault` ``form.needed`` or ``time.bad``."""
        return read_wall(self.text(name, needed=True), name)

    def moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        """The instant of a local day and time such as 2026-12-01T14:30; None when it is not given.

        Raises `Fault` ``time.bad``, or ``time.gap`` for what the clock skips.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            wall = datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            wall = None
        if wall is None or wall.year not in YEARS:
            raise Fault("time.bad", "Skriv dag och tid, som 2026-12-01 14:30.", place=name)
        return to_instant(wall, zone, place=name)


async def read_form(request: web.Request) -> Form:
    """The form that was sent. Raises `Fault` ``form.unreadable`` (400)."""
    try:
        return Form(await request.post())
    except (ValueError, LookupError, AssertionError, TypeError):
        raise Fault(
            "form.unreadable",
            "Det som skickades gick inte att läsa. Öppna sidan igen och gör om det.",
            status=400,
        ) from None


def query(request: web.Request) -> Form:
    """What stands after the question mark of the address."""
    return Form(request.query)


def _is_number(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12


def _clean(value: Any, trim: bool) -> str:
    if not isinstance(value, str):  # a file where a text should be
        return ""
    text = value.replace("\0", "").encode("utf-8", "replace").decode()
    return text.strip() if trim else text


def _id(name: str, text: str) -> UUID:
    found = read_id(text)
    if found is None:
        raise _bad_choice(name)
    return found


def _bad_choice(name: str) -> Fault:
    return Fault("form.bad_choice", "Välj något av det som finns i listan.", place=name)
