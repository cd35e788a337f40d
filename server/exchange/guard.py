"""The guard against formula injection, and its exact opposite.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break (or their full-width twins) may be
run as a formula when a spreadsheet opens the file. Such a text is written with an apostrophe before it. A
text that begins with an apostrophe gets one more, so that taking one away always gives back what was there:
``unguard(guard(text)) == text`` for every text. CSV and xlsx are guarded alike, because a workbook is easily
saved as CSV later.
"""

from __future__ import annotations

_RISKY = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'")


def guard(text: str) -> str:
    """`text`, safe to open in a spreadsheet."""
    return f"'{text}" if text[:1] in _RISKY else text


def unguard(text: str) -> str:
    """What `guard` was given. A text that it would never have made is left as it is."""
    return text[1:] if text[:1] == "'" and text[1:2] in _RISKY else text
