"""The card of a visit says what to look at on the tablet of the home."""

from __future__ import annotations

import pytest

from care.accounts import Role
from care.contacts.channel import Channel
from care.tasks import TaskKind, open_task
from tests.builders import make_client, make_contact, make_tablet
from tests.server.conftest import Site


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (TaskKind.TABLET_POWER, "Kolla laddaren till surfplattan"),
        (TaskKind.TABLET_SILENT, "Kolla laddaren och nätet"),
    ],
)
async def test_the_next_visit_is_told_to_check_the_charger(site: Site, kind: TaskKind, words: str) -> None:
    """As long as the task stands; a call is not told, for nobody is there."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        device = await make_tablet(session, client, last_seen_at=site.clock.now())
        service = site.town.services["TI-DAG"]
        visit = await make_contact(session, client, service, site.clock.now())
        call = await make_contact(session, client, service, site.clock.now(), channel=Channel.VIDEO)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    assert words not in await (await worker.get(f"/kontakt/{visit.id}")).text()
    async with site.database.write() as session:
        await open_task(
            session, kind, group_id=client.group_id, at=site.clock.now(), deadline=site.clock.now(),
            client_id=client.id, device_id=device.id, facts={},
        )  # fmt: skip
    assert words in await (await worker.get(f"/kontakt/{visit.id}")).text()
    assert words not in await (await worker.get(f"/kontakt/{call.id}")).text()
