"""Session descriptions from outside: read once, refused in one way when they cannot be used."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TypeVar

from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import SessionDescription

#: Foundation, component, transport, priority, address, port, type, and more words.
_CANDIDATE = re.compile(
    r"(?:candidate:)?[\w+/]{1,64} [12] (?:udp|tcp) \d{1,10} [\w.:%-]{1,255} \d{1,5} typ [a-z]{1,8}"
    r"(?: [\x21-\x7e]+)*",
    re.IGNORECASE,
)

Result = TypeVar("Result")

#: The codec of each kind that everybody speaks, so that nothing has to be translated.
CODECS = {"audio": "audio/opus", "video": "video/vp8"}
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
    for media in read.media:
        if CODECS[media.kind] not in {codec.mimeType.lower() for codec in media.rtp.codecs}:
            raise Unusable("codecs")
    if None in identity(read) or not fingerprints(read):
        raise Unusable("ice or dtls")
    return read


def fingerprints(read: SessionDescription) -> tuple[str, ...]:
    """Whose key it is: a browser makes one for each connection, and keeps it when the network changes."""
    dtls = read.media[0].dtls
    return tuple(sorted(one.value for one in dtls.fingerprints)) if dtls is not None else ()


def answered(sdp: str) -> str:
    """A browser's answer, looked at before anybody else reads it. Raises `Unusable`."""
    if len(sdp) > LONGEST:
        raise Unusable("too long")
    try:
        read = SessionDescription.parse(sdp)
    except _UNUSABLE as error:
        raise Unusable(type(error).__name__) from error
    if not read.media:
        raise Unusable("m-lines")
    return sdp


def candidate(line: str) -> str:
    """A candidate line of a browser, with what it begins with. Raises `Unusable`."""
    if not _CANDIDATE.fullmatch(line):
        raise Unusable("candidate")
    return line if line.startswith("candidate:") else f"candidate:{line}"


def identity(read: SessionDescription) -> tuple[str | None, str | None]:
    """What tells one connection from another: its ICE user name and password."""
    ice = read.media[0].ice
    return (ice.usernameFragment, ice.password) if ice is not None else (None, None)
