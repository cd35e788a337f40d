"""The accounts page: an administrator makes, changes and closes accounts, and every change is logged."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from care.accounts import Account, AccountRole, Role
from care.ids import new_id
from tests.builders import make_staff
from tests.server.conftest import PASSWORD, Browser, Site, sign_in


async def things(site: Site) -> list[str]:
    """What the log says has been done with accounts, ids left out."""
    return [re.sub(r"account:[0-9a-f-]+:", "", row.thing) for row in await site.log() if row.allowed]


async def known(site: Site, username: str) -> Account:
    async with site.database.read() as session:
        return (await session.scalars(select(Account).where(Account.username == username))).one()


def shown_password(page: str) -> str:
    found = re.search(r"<code>([a-z0-9-]{23})</code>", page)
    assert found is not None
    return found[1]


async def post(browser: Browser, path: str, **data: str) -> int:
    return (await browser.post(path, data=data, allow_redirects=False)).status


async def test_administrator_makes_an_account_that_works(site: Site) -> None:
    """From the form to the new person's first page: name, role in a group, a password shown once."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Åke", "Öberg")
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    answer = await boss.post(
        "/konton",
        data={
            "username": "Ake",
            "staff": str(staff.id),
            "role": "coordinator",
            "group": str(site.town.group.id),
        },
    )
    page = await answer.text()
    assert "Åke Öberg" in page
    assert "Samordnare, Bräcke" in page
    password = shown_password(page)
    account = await known(site, "ake")
    assert account.staff_id == staff.id
    assert password not in await (await boss.get(f"/konton/{account.id}")).text()
    assert (await sign_in(await site.browser(), "ake", password)).status == 303
    assert "made" in await things(site)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"username": "x"}, "2 till 64 tecken"),
        ({"username": "boss"}, "Det finns redan ett konto som heter boss"),
        ({"username": "ny", "role": "king"}, "Välj något av det som finns i listan"),
        ({"username": "ny", "role": "device"}, "Den rollen kan ett konto inte ha"),
        ({"username": "ny", "group": str(new_id())}, "Den gruppen finns inte"),
        ({"username": "ny", "group": "x"}, "Välj något"),
        ({"username": "ny", "staff": str(new_id())}, "finns inte bland personalen"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(site: Site, given: dict[str, str], sentence: str) -> None:
    """Nothing is made, and what was filled in stays."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    answer = await boss.post("/konton", data={"role": "coordinator", **given})
    page = await answer.text()
    assert answer.status in {409, 422}
    assert sentence in page
    assert f'value="{given["username"]}"' in page
    async with site.database.read() as session:
        assert len((await session.scalars(select(Account))).all()) == 1


async def test_roles_are_given_and_taken(site: Site) -> None:
    """Twice the same role is one; taking the last leaves somebody who may do nothing."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    account = await site.account("anna")
    path = f"/konton/{account.id}/roller"
    for _ in range(2):
        assert await post(boss, path, role="care_worker", group=str(site.town.group.id)) == 303
    async with site.database.read() as session:
        role = (await session.scalars(select(AccountRole).where(AccountRole.account_id == account.id))).one()
    assert await post(boss, f"{path}/{role.id}/bort") == 303
    assert await post(boss, f"{path}/{role.id}/bort") == 404
    assert (await things(site))[-3:] == [
        "role care_worker given",
        "role care_worker given",
        "role care_worker taken",
    ]


async def test_new_password_signs_out_everywhere(site: Site) -> None:
    """Whoever had the old password is out, and only the new one works."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    anna = await site.signed_in("anna", Role.ADMINISTRATOR)
    account = await known(site, "anna")
    page = await (await boss.post(f"/konton/{account.id}/losenord")).text()
    assert (await anna.get("/konton", allow_redirects=False)).status == 303
    assert (await sign_in(await site.browser(), "anna")).status == 422
    assert (await sign_in(await site.browser(), "anna", shown_password(page))).status == 303
    assert "password reset" in await things(site)


async def test_close_and_open_again(site: Site) -> None:
    """A closed account is out and cannot come in; opened again it is as before."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    anna = await site.signed_in("anna", Role.COORDINATOR)
    account = await known(site, "anna")
    assert await post(boss, f"/konton/{account.id}/stang") == 303
    assert (await anna.get("/konto", allow_redirects=False)).status == 303
    assert (await sign_in(await site.browser(), "anna")).status == 422
    assert await post(boss, f"/konton/{account.id}/oppna") == 303
    assert (await sign_in(await site.browser(), "anna")).status == 303
    assert {"disabled", "enabled"} <= set(await things(site))


async def test_signed_in_devices_are_seen_and_ended(site: Site) -> None:
    """A lost phone is signed out from here."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    account = await site.account("anna", Role.COORDINATOR)
    phone = await site.browser()
    await phone.post(
        "/logga-in",
        data={"username": "anna", "password": PASSWORD},
        headers={
            "User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
        },
        allow_redirects=False,
    )
    assert "Chrome, Android" in await (await boss.get(f"/konton/{account.id}")).text()
    assert await post(boss, f"/konton/{account.id}/logga-ut") == 303
    assert (await phone.get("/konto", allow_redirects=False)).status == 303


async def test_nobody_can_lock_the_last_door(site: Site) -> None:
    """The last administrator keeps the role, and nobody closes their own account."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    account = await known(site, "boss")
    assert await post(boss, f"/konton/{account.id}/stang") == 409
    async with site.database.read() as session:
        role = (await session.scalars(select(AccountRole))).one()
    assert await post(boss, f"/konton/{account.id}/roller/{role.id}/bort") == 409
    other = await site.account("anna", Role.ADMINISTRATOR)
    assert await post(boss, f"/konton/{other.id}/stang") == 303
    assert await post(boss, f"/konton/{account.id}/roller/{role.id}/bort") == 409, (
        "a closed one does not count"
    )


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
async def test_only_administrators(site: Site, role: Role) -> None:
    """Every address of the page is shut to every other role, and the refusal is logged."""
    browser = await site.signed_in("anna", role)
    target = await site.account("bo", Role.COORDINATOR)
    for path in ("/konton", "/konton/nytt", f"/konton/{target.id}"):
        assert (await browser.get(path)).status == 403
    for path in ("roller", "losenord", "logga-ut", "stang", "oppna"):
        assert await post(browser, f"/konton/{target.id}/{path}", role="administrator") == 403
    assert await post(browser, "/konton", username="ny", role="administrator") == 403
    rows = await site.log()
    assert len(rows) == 9
    assert not any(row.allowed for row in rows)


@pytest.mark.parametrize("path", ["x", "%00", "0", "' OR 1=1", "019a2553-2f80-7643-9141-1c357655f7dd"])
async def test_ids_that_are_not_there(site: Site, path: str) -> None:
    """What is no account is not found."""
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    assert (await boss.get(f"/konton/{path}")).status == 404
    assert await post(boss, f"/konton/{path}/stang") == 404


async def test_own_password_is_changed_by_its_owner_alone(site: Site) -> None:
    """The old one is asked for, the new one must be good, and other devices are signed out."""
    here = await site.signed_in("anna", Role.COORDINATOR)
    there = await site.browser()
    await sign_in(there, "anna")
    new = "tolv blöta katter sover"
    for old, first, again, status in (
        ("fel", new, new, 422),
        (PASSWORD, "kort", "kort", 422),
        (PASSWORD, "annaannaanna", "annaannaanna", 422),
        (PASSWORD, new, new + "x", 422),
        (PASSWORD, new, new, 200),
    ):
        assert await post(here, "/konto/losenord", old=old, new=first, again=again) == status
    assert (await here.get("/konto", allow_redirects=False)).status == 200
    assert (await there.get("/konto", allow_redirects=False)).status == 303
    assert (await sign_in(await site.browser(), "anna", new)).status == 303
