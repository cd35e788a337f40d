"""Every role × relation × route × own and other group: exactly the table of rights, and nothing more.

The routes come from the router itself, the expectation from `care.access.rights` alone, so a new route, role
or relation is tried here without anybody thinking of it; one that cannot be tried makes the first tests fail.
"""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from care.access.log import AccessLog
from care.access.rights import RIGHTS, Action, Relation, relations
from care.accounts import Role
from tests.server.conftest import Site
from tests.server.security.side import make_side
from tests.server.security.trier import GIVES, NEEDS_TOO, Bond, Trier, nobody
from tests.server.security.tries import TRIES, Try, ask

#: Routes that plan for seconds, or end the session that tries: tried where they are refused.
ONLY_REFUSED = {"disruption_plan"}


def rights_of(site: Site) -> dict[str, Action]:
    """The action of every route that is not open to all, by the route's name."""
    found = {}
    for route in site.app.router.routes():
        said = getattr(route.handler, "samtid_right", None)
        assert said is not None, f"{route} declares no right"
        if not said.startswith("open: "):
            found[str(route.name)] = Action(said)
    return found


def test_every_route_declares_its_right(site: Site) -> None:
    """Default deny: what is open to all says why that is safe, in a sentence."""
    rights_of(site)
    open_to_all = {
        str(route.name): str(getattr(route.handler, "samtid_right", ""))
        for route in site.app.router.routes()
        if str(route.name) not in rights_of(site)
    }
    assert {name for name, why in open_to_all.items() if len(why.removeprefix("open: ").split()) < 4} == set()


def test_the_table_is_whole() -> None:
    """Every action stands in it, guests have their one call and nothing more, and no relation is unused."""
    assert set(RIGHTS) == set(Action)
    assert [action for action in Action if relations(action, Role.GUEST)] == [Action.GUEST_JOIN]
    used = {one for held in RIGHTS.values() for given in held.values() for one in given}
    assert used == set(Relation)


def asked_of(bond: Bond, action: Action) -> bool:
    """Groups decide about everything; the other bonds matter where the table names them for some role."""
    if bond in (Bond.OWN_GROUP, Bond.OTHER_GROUP):
        return True
    return any(GIVES[bond] & given for given in RIGHTS[action].values())


async def last_refusal(site: Site, where: str) -> int:
    """The place in the log of the latest refusal at a route; 0 when there is none."""
    async with site.database.read() as session:
        found = await session.scalar(
            select(func.max(AccessLog.seq)).where(AccessLog.where == where, AccessLog.allowed.is_(False))
        )
    return found or 0


#: Somebody of each role in the group and outside it; the other bonds for the roles that work near people.
CASES = [
    pytest.param(role, bond, id=f"{role.value}-{bond.value}")
    for role in Role
    for bond in Bond
    if bond in (Bond.OWN_GROUP, Bond.OTHER_GROUP)
    or role in (Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER, Role.ADMINISTRATOR)
]


@pytest.mark.parametrize(("role", "bond"), CASES)
async def test_exactly_the_table(site: Site, role: Role, bond: Bond) -> None:
    """What the table gives is done; all else answers 403 (never for the role) or 404, and is logged."""
    trier = Trier(site, role, bond)
    shared = await trier.begin()
    wrong: list[object] = []
    for name, action in rights_of(site).items():
        if not asked_of(bond, action):
            continue
        may_ever = bool(relations(action, role))
        for number, one in enumerate(TRIES.get(name, [])):
            is_allowed = trier.expects(name, action)
            if is_allowed and name in ONLY_REFUSED:
                continue
            is_form = "POST" in {route.method for route in site.app.router[name]}
            side = await trier.fresh() if is_allowed and is_form else shared
            seen = await last_refusal(site, name)
            status, text = await ask(site, trier.browser, name, one, side)
            if is_allowed:
                if status in (401, 403, 404) or status >= 500:
                    wrong.append((name, number, "is in the table, but refused", status))
                continue
            refused = await last_refusal(site, name) > seen
            if status != (404 if may_ever else 403) or "Stina" in text:
                wrong.append((name, number, "is not in the table, but answered", status))
            if not refused and name not in NEEDS_TOO:
                wrong.append((name, number, "refused without a word in the log", status))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_pages_about_nobody_in_particular(site: Site, role: Role) -> None:
    """Lists, forms and deeds without anybody named: the role decides alone, and refusals are logged."""
    browser = await site.signed_in("anna", role)
    wrong: list[object] = []
    for name, action in rights_of(site).items():
        if name in TRIES and "{" in site.app.router[name].canonical:
            continue
        parts = nobody(site, name)
        status, _ = await ask(site, browser, name, Try(lambda _, given=parts: given), None)  # type: ignore[misc, arg-type]
        if relations(action, role):
            # What is named does not exist; that somebody may ask is all that is asked here.
            if status in (401, 403) or status >= 500:
                wrong.append((name, "is in the table, but refused", status))
            continue
        if status != 403 or not await last_refusal(site, name):
            wrong.append((name, "is not in the table, but answered", status))
    assert wrong == []


async def test_nobody_signed_in_gets_nothing(site: Site) -> None:
    """To the sign-in page, or 401: nothing is told of whether it exists."""
    async with site.database.write() as session:
        side = await make_side(session, site.town, "Stina")
    browser = await site.browser()
    for name in rights_of(site):
        given = TRIES[name][0].parts(side) if name in TRIES else nobody(site, name)
        status, text = await ask(site, browser, name, Try(lambda _, given=given: given), side)  # type: ignore[misc]
        assert status in (303, 401), name
        assert "Stina" not in text
