"""Who is shown where. A viewer has places (pairs of m-lines) from the start; people move in and out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Who = TypeVar("Who", bound=Hashable)


def arrange(now: Sequence[Who | None], wanted: Sequence[Who]) -> list[Who | None]:
    """The new occupants of the places: who stays keeps the place, the most important others get what is free.

    `wanted` is in order of importance; those without a place are left out.
    """
    chosen = list(dict.fromkeys(wanted))[: len(now)]
    new = [one if one in chosen else None for one in now]
    waiting = [one for one in chosen if one not in new]
    for at, one in enumerate(new):
        if one is None and waiting:
            new[at] = waiting.pop(0)
    return new
