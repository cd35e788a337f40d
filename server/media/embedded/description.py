"""Session descriptions from outside: read once, refused in one way when they cannot be used."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import SessionDescription

Result = TypeVar("Result")

#: Longer is not read, characters.
LONGEST = 200_000
#: What aiortc raises at descriptions that it cannot read or use.
_UNUSABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, ArithmeticError,
    InternalError, InvalidAccessError, InvalidStateError, OperationError, OSError,
)  # fmt: skip


class Unusable(Exception):
    """A description or candidate that cannot be used. Its words are for the log, never for people."""


async def usable(doing: Awaitable[Result]) -> Result:
    """What `doing` gives; raises `Unusable` where aiortc could not make sense of what came from outside."""
    try:
        return await doing
    except _UNUSABLE as error:
        raise Unusable(type(error).__name__) from error


def published(sdp: str) -> SessionDescription:
    """A browser's offer to send: bundled, one m-line a kind at most. Raises `Unusable`."""
    if len(sdp) > LONGEST:
        raise Unusable("too long")
    try:
        read = SessionDescription.parse(sdp)
    except _UNUSABLE as error:
        raise Unusable(type(error).__name__) from error
    kinds = [media.kind for media in read.media]
    if not kinds or len(set(kinds)) < len(kinds) or not set(kinds) <= {"audio", "video"}:
        raise Unusable("m-lines")
    return read


def identity(read: SessionDescription) -> tuple[str | None, str | None]:
    """What tells one connection from another: its ICE user name and password."""
    ice = read.media[0].ice
    return (ice.usernameFragment, ice.password) if ice is not None else (None, None)
