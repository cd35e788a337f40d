"""Words in a text that may be the name of a client: minutes are about the work, never about a person."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
#: First names that are ordinary words too, where they are written small: "per vecka", "bo kvar", "i dag".
ORDINARY = frozenset(
    {"bo", "björn", "dag", "iris", "karl", "liv", "linnea", "lo", "max", "my", "per", "ros", "saga", "sol",
     "sten", "stig", "tor", "ulv", "viola"}
)  # fmt: skip
_SHORTEST = 2


async def clients_named(session: AsyncSession, group_id: UUID, text: str) -> list[str]:
    """The words of `text` that are a first name or surname of a client of the group, as they are written.

    A genitive counts ("Ingrids"), and half of a double name. Written small only first names count, and not
    those that are ordinary words: most surnames are hills and trees.
    """
    words = list(dict.fromkeys(_WORD.findall(text)))
    if not words:
        return []
    first: set[str] = set()
    last: set[str] = set()
    for row in await session.execute(
        select(Client.first_name, Client.last_name).where(Client.group_id == group_id)
    ):
        first |= _parts(row.first_name)
        last |= _parts(row.last_name)
    return [word for word in words if _is_name(word, first, last)]


def _parts(name: str) -> set[str]:
    whole = {part.casefold() for part in name.split()}
    halves = {half for part in whole for half in part.split("-")}
    return {part for part in whole | halves if len(part) >= _SHORTEST}


def _is_name(word: str, first: set[str], last: set[str]) -> bool:
    for form in _forms(word.casefold()):
        if word[0].isupper():
            if form in first or form in last:
                return True
        elif form in first and form not in ORDINARY:
            return True
    return False


def _forms(word: str) -> set[str]:
    """The word itself, without the s of a genitive, and the halves of a double name."""
    whole = {word, word.removesuffix("s")}
    return whole | {half for form in whole for half in form.split("-") if len(half) >= _SHORTEST}
