"""Marks for words that are written in one place and translated in another.

Swedish is the language of the code: a sentence is its own message id. What is marked here is gathered into
the catalogues (``python -m tests.catalogue``) and translated where it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for it
    """A sentence for the catalogues."""
    return sentence


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """A counted sentence for the catalogues: for `ngettext`, with ``%(num)s`` places."""
    return one, many


class Word(str):
    """A word of ours inside a sentence's values; it is translated as the sentence is, names are not."""

    __slots__ = ()


def fill(sentence: str, values: Mapping[str, Any], translate: Callable[[str], str] | None = None) -> str:
    """The sentence with its values, in Swedish or through `translate` (a gettext function)."""
    if translate is not None:
        sentence = translate(sentence)
        values = {
            name: translate(value) if isinstance(value, Word) else value for name, value in values.items()
        }
    return sentence % values if values else sentence
