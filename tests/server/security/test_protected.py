"""A protected identity (I3) on every page: its name only for whom it knows, and never where it is."""

from __future__ import annotations

import re

import pytest

from care.accounts import Role
from care.clients import Client, ContactPerson, Protection
from care.disruptions import DisruptionKind
from care.ids import new_id
from tests.builders import make_staff
from tests.server.conftest import Browser, Site
from tests.server.security.side import Side, make_side
from tests.server.security.tries import TRIES, Try, ask

WHERE = ("Efternamnson", "070-999", "070999", "Gömda gatan", "Nyckeln", "Hemort", "Anhörigsson", "Höghuset")
#: Her colleague and her neighbour's neighbour, who are no secret.
NOT_MEANT = re.compile(r"Hemligs (Vårdare|V\.|andra granne)")
#: Pages without an id in their address, and what they are asked for.
LISTS: dict[str, list[dict[str, str]]] = {
    "my_day": [{}],
    "clients": [{}],
    "plan": [{}, {"visa": "roda"}],
    "needs": [{}],
    "tablets": [{}],
    "tablet_pair": [{}],
    "plan_call": [{}],
    "disruption": [{"slag": kind.value} for kind in DisruptionKind],
    "print_day": [{"vad": what} for what in ("personal", "brukare", "ring")],
    "checkins": [{}],
    "follow_up": [{}],
    "exports": [{}],
}
#: What can be read with an id of its own.
READ = (
    "client", "contact", "call", "receipt", "plan_row", "plan_call_rule", "proposal", "proposal_list",
    "proposal_csv", "tablet", "tablet_pairing", "checkin",
)  # fmt: skip


@pytest.fixture
async def side(site: Site) -> Side:
    async with site.database.write() as session:
        side = await make_side(session, site.town, "Hemlig")
        for one in (side.client, side.mate):
            client = await session.get_one(Client, one.id)
            client.protection = Protection.ASSUMED_IDENTITY
            client.last_name, client.phone, client.door_note = "Efternamnson", "070-999 99 99", "Nyckeln ute"
            client.address, client.place, client.building = "Gömda gatan 1", "Hemort", "Höghuset"
            session.add(
                ContactPerson(
                    id=new_id(),
                    client_id=client.id,
                    name="Lena Anhörigsson",
                    relation="dotter",
                    phone="070-999 11",
                )
            )
    return side


async def pages(site: Site, browser: Browser, side: Side) -> dict[str, str]:
    """The text of everything that can be read, by route and what was asked for."""
    found = {}
    for name, asked in LISTS.items():
        for query in asked:
            found[f"{name} {query}"] = (await ask(site, browser, name, Try(), side, query))[1]
    for name in READ:
        found[name] = (await ask(site, browser, name, TRIES[name][0], side))[1]
    return found


async def test_a_colleague_whom_it_does_not_know_never_meets_its_name(site: Site, side: Side) -> None:
    """Neither in a list nor by an id that somebody has got hold of."""
    async with site.database.write() as session:
        stranger = await make_staff(session, site.town, "Siv", "Ek")
    browser = await site.signed_in("siv", Role.CARE_WORKER, staff_id=stranger.id)
    told = {
        (name, word)
        for name, text in (await pages(site, browser, side)).items()
        for word in ("Hemlig", *WHERE)
        if word in NOT_MEANT.sub("", text)
    }
    assert told == set()


async def test_who_plans_has_its_first_name_and_nothing_more(site: Site, side: Side) -> None:
    """Pages are open on desks: where it lives, its number and who is near to it stand on none."""
    browser = await site.signed_in("karin", Role.COORDINATOR, Role.UNIT_MANAGER)
    found = await pages(site, browser, side)
    told = {(name, word) for name, text in found.items() for word in WHERE if word in text}
    assert told == set()
    assert "Hemlig" in found["clients {}"]
    assert "Hemlig" in found["client"]
