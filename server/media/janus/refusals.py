"""What Janus' numbers mean for people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from server.media.description import Unusable
from server.media.faults import fault
from server.media.janus.session import Gone, Refused

ROOM_EXISTS, NO_ROOM, NO_FEED, FULL = 427, 426, 428, 432
#: What it says to a session description that cannot be used.
_DESCRIPTION = {437, 464, 465, 466, 467}

log = logging.getLogger(__name__)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what a node says, or that it says nothing, into a `Fault`."""
    try:
        yield
    except Gone:
        raise fault("media.away") from None
    except Unusable:
        raise fault("media.description") from None
    except Refused as refused:
        if refused.code == FULL:
            raise fault("media.full") from None
        if refused.code in _DESCRIPTION:
            raise fault("media.description") from None
        log.warning("a media node refused: %s", refused)
        raise fault("media.away") from None
