"""Each role × relation × own and other group at the sockets: whom one may ring, and whose news one hears."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from care.access.log import AccessLog
from care.access.rights import Action, relations
from care.accounts import Role
from care.outbox import announce
from server.calls import socket
from tests.server.calls.lines import Key, Line, open_line, open_page, open_tablet
from tests.server.conftest import Browser, Site
from tests.server.security.trier import ALWAYS, GIVES, Bond, Trier

#: What people do at a socket, by its right; the tablet's own socket is tried further down.
CASES = [
    pytest.param(role, bond, id=f"{role.value}-{bond.value}")
    for role in Role
    for bond in Bond
    if bond in (Bond.OWN_GROUP, Bond.OTHER_GROUP)
    or role in (Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER)
]


def origin_of(site: Site) -> str:
    return str(site.server.make_url("")).rstrip("/")


async def page_of(site: Site, browser: Browser) -> Line:
    """The socket of a page of whoever is signed in, welcomed."""
    line = await open_page(browser.session, origin_of(site))
    await line.hear("welcome")
    return line


@pytest.mark.parametrize(("role", "bond"), CASES)
async def test_who_may_ring_is_the_table(site: Site, role: Role, bond: Bond) -> None:
    """A call that the table gives begins or is stopped by a rule; any other does not exist, and is logged."""
    trier = Trier(site, role, bond)
    side = await trier.begin()
    page = await page_of(site, trier.browser)
    answer = await page.ask("call", contact=side.video.id, connection="w1")
    is_allowed = bool(relations(Action.CALL_MAKE, role) & (GIVES[bond] | ALWAYS))
    assert (answer.get("code") == "not_found") is not is_allowed, answer
    async with site.database.read() as session:
        logged = [
            (one.allowed, one.client_id)
            for one in await session.scalars(
                select(AccessLog).where(
                    AccessLog.where == "socket_worker", AccessLog.action == Action.CALL_MAKE.value
                )
            )
        ]
    assert logged == [(is_allowed, side.client.id)]
    assert is_allowed or "Stina" not in str(answer)
    await page.close()


@pytest.mark.parametrize("bond", [Bond.OWN_GROUP, Bond.OTHER_GROUP])
@pytest.mark.parametrize("role", list(Role))
async def test_whose_news_one_hears_is_the_table(site: Site, role: Role, bond: Bond) -> None:
    """News of a group reach those of the group who have a day there; who has not hears nothing at all."""
    trier = Trier(site, role, bond)
    side = await trier.begin()
    witness = await site.signed_in("vittnet", Role.COORDINATOR)
    heard, seen = await page_of(site, trier.browser), await page_of(site, witness)
    async with site.database.write() as session:
        await announce(
            session, site.clock.now(), "task.changed", group_id=side.group.id, task=side.task.id, kind="x"
        )
    # The witness has heard it: so has everybody who is to hear it.
    await seen.hear("changed", topic="task.changed")
    told = [one for one in await heard.settle() if one["type"] == "changed"]
    mine = bool(relations(Action.OWN_DAY_READ, role)) and bond is Bond.OWN_GROUP
    assert bool(told) is mine, told
    await heard.close()
    await seen.close()


async def test_nobody_signed_in_hears_nothing(site: Site) -> None:
    """The worker's socket says goodbye before anything else."""
    browser = await site.browser()
    line = await open_line(browser.session, origin_of(site), "/socket/personal")
    assert await line.closed() == socket.NOT_RECOGNISED
    assert [one["type"] for one in line.heard] == ["bye"]


@pytest.mark.parametrize("role", [Role.CARE_WORKER, Role.ADMINISTRATOR])
async def test_a_persons_session_opens_no_tablets_socket(site: Site, role: Role) -> None:
    """Only the key of the tablet does: whoever is signed in is a stranger there."""
    trier = Trier(site, role, Bond.OWN_GROUP)
    side = await trier.begin()
    line = await open_tablet(trier.browser.session, origin_of(site), side.device.id, Key())
    assert await line.closed() == socket.NOT_RECOGNISED
    assert "Stina" not in str(line.heard)
