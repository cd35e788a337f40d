"""Another group's ids in every address and every form: 404, nothing changed, and the try is logged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from care.access.rights import Action, Relation, relations
from care.accounts import Role
from care.storage.columns import Base
from care.storage.database import Database
from server.configuration import Configuration, Turn
from tests.builders import make_group
from tests.server.conftest import Site
from tests.server.security.side import make_side
from tests.server.security.tries import TRIES, ask

_ACCOUNTS = "an account is the whole municipality's, and administrators' alone"
_RETENTION = "what is erased is decided for the whole municipality"
_SPOKEN = "a sentence spoken for every screen names nobody"
_OWN = "one's own alone, found by the account: tests/server/security and tests/server/api try another's"
#: Routes with a part in their address that names nobody of a group, and why.
NOBODYS = {
    **dict.fromkeys(
        (
            "account", "account_disable", "account_enable", "account_give_role", "account_leave",
            "account_reset", "account_reset_factors", "account_sign_out", "account_take_role",
        ),
        _ACCOUNTS,
    ),
    **dict.fromkeys(("retention_approve", "retention_resume", "retention_withdraw"), _RETENTION),
    **dict.fromkeys(("kiosk_phrase", "phrase_record", "phrase_remove"), _SPOKEN),
    **dict.fromkeys(("own_sign_out_one", "own_token_revoke", "import_errors"), _OWN),
    "kiosk_face": "a drawn picture by its number",
    "static": "the program's own files",
    "words": "the program's own words",
}  # fmt: skip
#: Routes that are no request with one answer, and where each relation is tried at them.
SOCKETS = {
    "socket_worker": "tests/server/security/test_sockets.py",
    "socket_guest": "tests/server/guests",
    "socket_tablet": "tests/server/security/test_sockets.py and tests/server/calls/test_hostile.py",
}
#: Written at every request, or by the clock.
NOT_COMPARED = {"access_log", "sign_in"}


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """With a relay: without one nobody is invited from outside, whoever asks."""
    return Configuration(data=tmp_path, turn=Turn(urls=["turn:127.0.0.1:3478"], secret="hemligt"))


def right_of(site: Site, name: str) -> Action:
    (route, *_) = site.app.router[name]
    return Action(route.handler.samtid_right)  # type: ignore[attr-defined]


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    async with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in await session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name not in NOT_COMPARED
        }


def test_every_route_that_names_somebody_is_tried(site: Site) -> None:
    """A new route with an id in its address has to be tried here too."""
    named = {
        route.name
        for route in site.app.router.routes()
        if route.resource is not None and "{" in route.resource.canonical and route.method != "HEAD"
    }
    assert named - set(NOBODYS) <= set(TRIES)
    assert not set(NOBODYS) & set(TRIES)


def test_every_route_is_accounted_for(site: Site) -> None:
    """It is tried by role and relation, or a sentence says why there is nobody to try it on."""
    routes = {str(route.name): route for route in site.app.router.routes()}
    assert {*NOBODYS, *SOCKETS, *TRIES} <= set(routes)
    for name, route in routes.items():
        said = str(getattr(route.handler, "samtid_right", ""))
        is_open = said.startswith("open: ") and len(said.split()) > 4
        assert is_open or said in set(Action), name
        # What asks for a right without naming anybody is tried in test_rights.py by the role alone.
        assert route.resource is not None
        if "{" in route.resource.canonical:
            assert name in TRIES or len(NOBODYS[name].split()) > 3, name
        if "socket" in route.resource.canonical:
            assert name in SOCKETS


@pytest.mark.parametrize("role", [Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER])
async def test_another_groups_ids_do_not_exist(site: Site, role: Role) -> None:
    """404 (403 where the role may never), not a word of anybody, nothing changed, and the try is logged."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        theirs = await make_side(session, replace(site.town, group=elsewhere), "Stina")
        own = await make_side(session, site.town, "Karin")
    browser = await site.signed_in("anna", role, staff_id=own.staff.id)
    before = await everything(site.database)
    wrong: list[object] = []
    for name, tries in TRIES.items():
        allowed = relations(right_of(site, name), role)
        if Relation.EVERYWHERE in allowed:
            continue
        for number, one in enumerate(tries):
            seen = len(await site.log())
            status, text = await ask(site, browser, name, one, theirs)
            refused = [row for row in (await site.log())[seen:] if not row.allowed]
            logged = [(row.where, row.group_id) for row in refused]
            if (
                status != (404 if allowed else 403)
                or "Stina" in text
                or logged != [(name, elsewhere.id if allowed else None)]
            ):
                wrong.append((name, number, status, logged))
    assert wrong == []
    assert await everything(site.database) == before


async def test_ones_own_can_be_done(site: Site) -> None:
    """The same requests about one's own group work: what was refused above was refused for the group."""
    manager = await site.signed_in("chefen", Role.COORDINATOR, Role.UNIT_MANAGER)
    wrong: list[object] = []
    for name, tries in TRIES.items():
        for number, one in enumerate(tries):
            if (
                name == "disruption_plan"
            ):  # plans for seconds; tests/server/pages/plan/test_proposals.py does it
                continue
            async with site.database.write() as session:
                side = await make_side(session, site.town)
            status, text = await ask(site, manager, name, one, side)
            if status >= 400:
                wrong.append((name, number, status, text))
    assert wrong == []
