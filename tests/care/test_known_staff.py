"""Whom a client knows: the named care worker first, then those named as known, each once."""

from __future__ import annotations

from care.known_staff import is_known, known_staff
from care.storage.database import Database
from tests.builders import make_client, make_known, make_staff, make_town


async def test_the_named_care_worker_is_known_best_and_stands_there_once(database: Database) -> None:
    async with database.write() as session:
        town = await make_town(session)
        anna, bo, eva = [await make_staff(session, town, name) for name in ("Anna", "Bo", "Eva")]
        client = await make_client(session, town)
        await make_known(session, client, bo)
        await make_known(session, client, anna)
        client.named_care_worker_id = anna.id
        assert await known_staff(session, client) == {anna.id: 0, bo.id: 1}
        assert await is_known(session, client, anna.id)
        assert await is_known(session, client, bo.id)
        assert not await is_known(session, client, eva.id)


async def test_a_client_without_a_named_care_worker_knows_nobody_by_that(database: Database) -> None:
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town, "Anna")
        client = await make_client(session, town)
        assert await known_staff(session, client) == {}
        assert not await is_known(session, client, anna.id)
