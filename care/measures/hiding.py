"""Small numbers are hidden, also where a total would reveal them.

A share of fewer than `FEWEST` is hidden. Where a row of cells adds up to a total that is shown, hiding one
cell is no hiding: the next smallest is hidden with it, until at least two cells and at least `FEWEST`
answers are out of sight together.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

FEWEST = 5

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole` things."""

    part: int
    whole: int

    @property
    def is_small(self) -> bool:
        return self.whole < FEWEST

    @property
    def value(self) -> float | None:
        """The share, 0–1, to four decimals; None when there is nothing to share."""
        return round(self.part / self.whole, 4) if self.whole else None

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.whole + other.whole)


HIDDEN: dict[str, Any] = {"value": None, "hidden": True}


def shown(share: Share, *, hide: bool = False) -> dict[str, Any]:
    """``{"value", "n", "part", "hidden": False}``, or `HIDDEN` when it is small or `hide` says so."""
    if hide or share.is_small:
        return dict(HIDDEN)
    return {"value": share.value, "n": share.whole, "part": share.part, "hidden": False}


def to_hide(cells: Mapping[Key, Share]) -> set[Key]:
    """Which of `cells`, whose total is also shown, must be hidden.

    Nothing is hidden when no cell is small (an empty cell hides nothing by itself, but is never shown).
    """
    small = {key for key, share in cells.items() if share.is_small}
    secrets = {key for key in small if cells[key].whole > 0}
    if not secrets:
        return small
    hidden = set(small)
    order = sorted((key for key in cells if key not in hidden), key=lambda key: (cells[key].whole, str(key)))
    while order and (
        sum(1 for key in hidden if cells[key].whole > 0) < 2
        or sum(cells[key].whole for key in hidden) < FEWEST
    ):
        hidden.add(order.pop(0))
    return hidden


def table(cells: Mapping[Key, Share]) -> dict[Key, dict[str, Any]]:
    """Every cell as shown beside the total of them all."""
    hidden = to_hide(cells)
    return {key: shown(share, hide=key in hidden) for key, share in cells.items()}
