"""What a tablet is told by itself: its day, its pace, and that it is no longer wanted."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from care.accounts import Account, AccountRole
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand, alter
from care.devices import Device
from care.outbox import announce
from scheduler.ticks.day_end import day_end
from server.calls import socket
from server.calls.routes import DAYS
from server.security import sessions
from tests.builders import make_client, make_contact, moment
from tests.server.calls.conftest import House

HAND = Hand(by="test")


async def test_a_changed_row_reaches_the_tablet(house: House) -> None:
    """A move in the plan is a new day on the screen, by itself; another home hears nothing."""
    tablet = await house.tablet()
    day = await tablet.hear("day")
    assert day["names"] == ["Ingrid"]
    assert [row["time"] for row in day["rows"] if row["channel"] == "video"] == ["06.45"]
    async with house.database.write() as session:
        other = await make_client(session, house.town, "Sven", "Ek")
        row = await make_contact(session, other, house.town.services["TI-DAG"], moment("2026-12-01 09:00"))
        await alter(session, row, at=house.clock.now(), hand=HAND, start=moment("2026-12-01 10:00"))
    async with house.database.write() as session:
        row = await session.get_one(PlannedContact, house.contact_id)
        await alter(session, row, at=house.clock.now(), hand=HAND, start=moment("2026-12-01 07:30"))
    day = await tablet.hear("day")
    assert [row["time"] for row in day["rows"] if row["channel"] == "video"] == ["07.30"]


async def test_the_pace_follows_the_plan(small_house: House) -> None:
    """Fast from ten minutes before a row, slow otherwise."""
    house = small_house
    house.clock.set(moment("2026-12-01 03:00"))
    tablet = await house.tablet()
    days = house.server.app[DAYS]
    house.clock.set(moment("2026-12-01 06:36"))
    await days.look_after()
    assert (await tablet.hear("pace"))["pace"] == "near"
    house.clock.set(moment("2026-12-01 12:00"))
    await days.look_after()
    assert (await tablet.hear("pace"))["pace"] == "idle"


async def test_signs_of_life_are_kept(small_house: House) -> None:
    """A connected tablet has been seen now; one that has gone keeps its last time."""
    house = small_house
    tablet = await house.tablet()
    house.clock.move(timedelta(minutes=3))
    await house.server.app[DAYS].look_after()
    seen = house.clock.now()
    await tablet.close()
    house.clock.move(timedelta(minutes=3))
    await house.server.app[DAYS].look_after()
    async with house.database.read() as session:
        assert (await session.get_one(Device, house.device.id)).last_seen_at == seen


async def test_revoking_ends_everything(house: House) -> None:
    """The call ends for the worker, and the tablet erases what it has."""
    page, tablet = await house.page(), await house.tablet()
    await house.talk(page, tablet)
    async with house.database.write() as session:
        device = await session.get_one(Device, house.device.id)
        device.revoked_at = house.clock.now()
        await announce(
            session, house.clock.now(), "device.revoked", client_id=house.ingrid.id, device=device.id
        )
    assert (await page.hear("state", state="ended"))["cause"] == "revoked"
    assert await tablet.closed() == socket.NOT_RECOGNISED
    assert tablet.heard[-1]["erase"] is True


async def test_a_test_of_the_screen(small_house: House) -> None:
    """Staff try the screen: the tablet is told to show its test."""
    house = small_house
    tablet = await house.tablet()
    async with house.database.write() as session:
        await announce(
            session, house.clock.now(), "device.changed", client_id=house.ingrid.id,
            device=house.device.id, test=True,
        )  # fmt: skip
    await tablet.hear("test")
    answer = await tablet.ask(
        "health", camera="granted", microphone="granted", sound="ok", wake_lock="ok", voice=True,
        touch_needed=False, battery={"level": 0.8, "charging": True}, screen={"width": 1280, "height": 800},
    )  # fmt: skip
    assert answer["type"] == "ok"
    async with house.database.read() as session:
        kept = (await session.get_one(Device, house.device.id)).health
    assert (kept["sound"], kept["battery"]) == ("ok", {"level": 0.8, "charging": True})


async def test_an_old_page_is_told_of_newer_ones(small_house: House) -> None:
    """A kiosk with another version than the server's reads itself again when it suits."""
    tablet = await small_house.tablet(version="000000000000")
    reload = await tablet.hear("reload")
    assert len(reload["version"]) == 12


async def test_a_workers_page_hears_what_changes(small_house: House) -> None:
    """Own rows and own group: ids only. Very many at once are told by topic alone."""
    house = small_house
    page = await house.page()
    async with house.database.write() as session:
        row = await session.get_one(PlannedContact, house.contact_id)
        await alter(session, row, at=house.clock.now(), hand=HAND, note="Ring på baksidan")
    changed = await page.hear("changed")
    assert changed["contact"] == str(house.contact_id)
    assert "baksidan" not in str(changed)
    async with house.database.write() as session:
        for number in range(80):
            await announce(
                session,
                house.clock.now(),
                "task.changed",
                group_id=house.town.group.id,
                task=f"{number:032x}",
            )
    changed = await page.hear("changed", topic="task.changed")
    assert "task" not in changed


async def test_signing_out_ends_the_socket(small_house: House) -> None:
    """A session that has been ended says goodbye at once."""
    house = small_house
    page = await house.page()
    async with house.database.write() as session:
        await sessions.revoke_all(session, house.account_id, house.clock.now())
    assert await page.closed() == socket.NOT_RECOGNISED
    assert page.heard[-1]["code"] == "sign_in.needed"


async def test_the_last_day_ends_the_socket_at_midnight(small_house: House) -> None:
    """A page that is open when somebody's last day is over is closed by the tick, untouched as it is."""
    house = small_house
    async with house.database.write() as session:
        account = await session.get_one(Account, house.account_id)
        account.last_day = house.clock.today()
    page = await house.page()
    await day_end(house.database, house.clock)
    assert "bye" not in {one["type"] for one in page.heard}
    house.clock.set(moment("2026-12-02 00:00"))
    await day_end(house.database, house.clock)
    assert await page.closed() == socket.NOT_RECOGNISED
    assert page.heard[-1]["code"] == "sign_in.needed"


async def test_a_tablet_revoked_in_the_moment_it_comes_in_is_turned_out(small_house: House) -> None:
    """The news of it came before the tablet was there to hear it; the next round finds out."""
    house = small_house
    tablet = await house.tablet()
    async with house.database.write() as session:
        (await session.get_one(Device, house.device.id)).revoked_at = house.clock.now()
    await house.server.app[DAYS].look_after()
    assert await tablet.closed() == socket.NOT_RECOGNISED
    assert (tablet.heard[-1]["code"], tablet.heard[-1]["erase"]) == ("device.revoked", True)


async def test_a_role_that_is_taken_away_holds_on_open_pages_too(house: House) -> None:
    """Nobody goes on ringing from a page that was opened while they might."""
    page = await house.page()
    async with house.database.write() as session:
        account = await session.get_one(Account, house.account_id)
        for role in await session.scalars(select(AccountRole).where(AccountRole.account_id == account.id)):
            await session.delete(role)
        await announce(session, house.clock.now(), "account.changed", account=account.id)
    worker = next(iter(house.hub.workers))
    await worker.check_session()  # as it does when it hears of it: see above
    refused = await page.ask("call", contact=house.contact_id, connection="w1")
    assert refused["code"] == "not_found"
