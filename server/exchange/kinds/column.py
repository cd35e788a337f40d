"""What a column of a kind of file is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a file. Its name is also its default heading.

    Attributes
    ----------
    name
        The heading in Swedish, e.g. ``brukare_id``.
    required
        The file must have it. (Whether each line must have a value is the row's own business.)
    standard
        One of the columns of the documented format, which exports write. The others are understood when a
        column map or a file has them.
    number
        Written as a number in workbooks.
    """

    name: str
    required: bool = False
    standard: bool = True
    number: bool = False
