"""Which words of a text look like a client's name."""

from __future__ import annotations

import pytest

from care.checkin.names import clients_named
from care.storage.database import Database
from tests.builders import make_client, make_group, make_town


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ring tidigare på dagen.", []),
        ("Ingrid ville ha te.", ["Ingrid"]),
        ("Vi flyttade ingrids dusch.", ["ingrids"]),
        ("INGRID, och Bergström igen", ["INGRID", "Bergström"]),
        ("Anna-Karin och Karin", ["Anna-Karin", "Karin"]),
        ("En bergström finns inte", []),
        ("Åk om byggena", []),
        ("Per vecka", ["Per"]),
        ("Tio minuter per vecka, och vi får bo kvar i dag", []),
        ("Ingrid Ingrid", ["Ingrid"]),
        ("Ingridsson", []),
        ("12 3 !?", []),
        ("", []),
    ],
)
async def test_names_of_the_groups_clients_are_found(
    sqlite_database: Database, text: str, words: list[str]
) -> None:
    """First names however they are written, surnames with a capital; genitives and half names too."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
        for first, last in (
            ("Ingrid", "Bergström"), ("Anna-Karin", "Ek Lund"), ("Per", "Dahl"), ("Bo", "Å"), ("Dag", "Öst"),
        ):  # fmt: skip
            await make_client(session, town, first_name=first, last_name=last)
    async with sqlite_database.read() as session:
        assert await clients_named(session, town.group.id, text) == words


async def test_other_groups_names_are_not_told(sqlite_database: Database) -> None:
    """Trying names out shows nothing of another group."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
        other = await make_group(session, town.municipality, "Tuve")
        await make_client(session, town, first_name="Ingrid", group_id=other.id)
    async with sqlite_database.read() as session:
        assert await clients_named(session, town.group.id, "Ingrid") == []
