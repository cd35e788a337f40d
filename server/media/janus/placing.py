"""Which node a room goes to."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

#: As many as a room is reckoned to hold until they have come.
EXPECTED = 3


class Load(Struct, frozen=True):
    """A node as it is now: how many people each of its rooms holds, and how many it may carry at once."""

    name: str
    answers: bool
    most_people: int
    rooms: tuple[int, ...] = ()

    @property
    def people(self) -> int:
        """How many it is reckoned to carry: rooms fill up after they are opened."""
        return sum(max(EXPECTED, people) for people in self.rooms)

    @property
    def used(self) -> float:
        """The part of it that is used; 1 is full."""
        return self.people / self.most_people


def place(nodes: Sequence[Load], people: int = EXPECTED, *, pressing: bool = False) -> str | None:
    """The node that a room of `people` goes to: the one of which the least will be used then.

    Nodes that do not answer are left out, and those that would be more than full too, unless it is
    `pressing`: a call that goes on must go somewhere. Of equals the first by name is taken. ``None``:
    nowhere.
    """
    room = max(EXPECTED, people)
    answering = [one for one in nodes if one.answers]
    fit = [one for one in answering if one.people + room <= one.most_people]
    if not fit and pressing:
        fit = answering
    if not fit:
        return None
    return min(fit, key=lambda one: ((one.people + room) / one.most_people, one.name)).name
