"""Who takes which route: the cheapest pairing (the Hungarian method, O(n³))."""

from __future__ import annotations

from collections.abc import Sequence

_FAR = float("inf")


def cheapest(cost: Sequence[Sequence[float]]) -> list[int]:
    """For each row of a square `cost` the column it is paired with, so that the sum is least."""
    size = len(cost)
    row_price, column_price = [0.0] * (size + 1), [0.0] * (size + 1)
    row_of, way = [0] * (size + 1), [0] * (size + 1)
    for row in range(1, size + 1):
        row_of[0] = row
        column = 0
        least, seen = [_FAR] * (size + 1), [False] * (size + 1)
        while True:
            seen[column] = True
            current, step, following = row_of[column], _FAR, 0
            for j in range(1, size + 1):
                if seen[j]:
                    continue
                reduced = cost[current - 1][j - 1] - row_price[current] - column_price[j]
                if reduced < least[j]:
                    least[j], way[j] = reduced, column
                if least[j] < step:
                    step, following = least[j], j
            for j in range(size + 1):
                if seen[j]:
                    row_price[row_of[j]] += step
                    column_price[j] -= step
                else:
                    least[j] -= step
            column = following
            if row_of[column] == 0:
                break
        while column:
            row_of[column] = row_of[way[column]]
            column = way[column]
    pairs = [0] * size
    for j in range(1, size + 1):
        pairs[row_of[j] - 1] = j - 1
    return pairs
