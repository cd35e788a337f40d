"""Access tokens: what they open, what they never open, how they end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from care.access.log import AccessLog
from care.access.rights import Action
from care.accounts import Account, AccountRole, Role
from care.contacts.contact import ContactLine
from care.errors import Fault
from care.ids import new_id
from care.programs import AccessToken
from care.services import Law, Service
from scheduler.ticks.day_end import day_end
from server.accounts import disable, leave_on
from server.security import asker
from server.security.factors import reset
from server.security.pending import shut_out
from server.security.throttle import TOKEN, TOKEN_ADDRESS
from server.security.tokens import make, offered
from tests.builders import moment
from tests.server.api.conftest import Made, Program, make_program
from tests.server.conftest import Site

DAY = "/contacts?date=2026-12-01"


async def test_a_token_is_kept_as_a_hash(site: Site, program: Program) -> None:
    """Whoever reads the database cannot speak for anybody."""
    async with site.database.read() as session:
        token = (await session.scalars(select(AccessToken))).one()
    kept = repr({column: getattr(token, column) for column in AccessToken.__mapper__.columns.keys()})  # noqa: SIM118
    assert program.token not in kept
    assert program.token.removeprefix("samtid_") not in kept


async def test_a_token_opens_the_api_and_nothing_else(site: Site, program: Program) -> None:
    """Pages and sockets know people's sessions only."""
    await program.get(DAY)
    page = await program.browser.get(
        "/planen", headers={"Authorization": f"Bearer {program.token}"}, allow_redirects=False
    )
    assert page.status == 303
    assert page.headers["Location"].startswith("/logga-in")


async def test_what_is_no_token_is_refused(site: Site) -> None:
    """401 in JSON with how to sign in; a cookie that is sent beside it does not help."""
    browser = await site.signed_in("samordnaren", Role.COORDINATOR)
    unknown = "samtid_" + "a" * 43
    for said in (f"Bearer {unknown}", "Bearer x", "Basic YW5uYTp4", "Bearer", "", unknown):
        answer = await browser.get("/api/v1/groups", headers={"Authorization": said})
        assert answer.status == 401, said
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["code"] == "token.bad"


async def test_nobody_gets_nothing(site: Site, program: Program) -> None:
    """Without a token or a session every route but the description answers 401."""
    answer = await program.browser.get("/api/v1/groups")
    assert answer.status == 401
    assert (await answer.json())["code"] == "sign_in.needed"


async def test_a_token_ends_on_its_day(site: Site, program: Program) -> None:
    site.clock.move(timedelta(days=30, seconds=1))
    assert (await program.ask("GET", "/groups")).status == 401


async def test_a_token_loses_what_the_account_loses(site: Site, program: Program) -> None:
    """A role that is taken away, and an account that is closed, are gone for the program at once."""
    async with site.database.write() as session:
        await session.execute(delete(AccountRole))
    assert (await program.ask("GET", "/groups")).status == 403
    async with site.database.write() as session:
        account = (await session.scalars(select(Account).where(Account.username == "planeringen"))).one()
        account.disabled_at = site.clock.now()
    assert (await program.ask("GET", "/groups")).status == 401


async def test_a_token_has_one_role_of_several(site: Site, made: Made) -> None:
    """A manager who also administrates gives a program the manager's eyes only."""
    account = await site.account("chefen", Role.UNIT_MANAGER, Role.ADMINISTRATOR)
    async with site.database.write() as session:
        chosen = offered(Role.ADMINISTRATOR, changing=True)
        _, text = await make(session, account, Role.ADMINISTRATOR, chosen, "Plattor", 1, site.clock.now())
    program = Program(await site.browser(), text)
    assert (await program.ask("GET", DAY)).status == 403
    assert (await program.ask("GET", "/tablets")).status == 200


async def test_a_token_that_reads_does_not_change(site: Site, made: Made) -> None:
    """The role may; the token may not; the refusal is logged."""
    program = await make_program(site, "tavlan", Role.COORDINATOR, changing=False)
    step = {"step": "decline", "version": made.own.visit.version, "cause": "not_today"}
    answer = await program.ask("POST", f"/contacts/{made.own.visit.id}/steps", json=step)
    assert answer.status == 403
    assert [row.where for row in await site.log() if not row.allowed] == ["api_contact_step"]


async def test_a_token_reads_under_the_law_of_its_role(site: Site, made: Made) -> None:
    """A needs assessor's program is told of what is done under SoL, a licensed professional's under HSL."""
    async with site.database.write() as session:
        line = (await session.scalars(select(ContactLine).where(ContactLine.id == made.own.line))).one()
        health = ContactLine(
            id=new_id(), contact_id=line.contact_id, seq=line.seq + 1, service_id=line.service_id,
            goal_type=line.goal_type, law=Law.HSL, minutes=5,
        )  # fmt: skip
        service = site.town.services["HS-PAM"]
        health.service_id = service.id
        session.add(health)
        social = await session.scalar(select(Service.code).where(Service.id == line.service_id))
    both, only_social = f"/contacts/{line.contact_id}", f"/contacts/{made.own.visit.id}"
    assessor = await make_program(site, "bistand", Role.NEEDS_ASSESSOR)
    nurse = await make_program(site, "ssk", Role.LICENSED_PROFESSIONAL)
    worker = await make_program(site, "vard", Role.CARE_WORKER, group_id=made.own.group.id)
    assert (await assessor.get(both))["services"] == [social]
    assert (await nurse.get(both))["services"] == ["HS-PAM"]
    assert (await worker.get(both))["services"] == [social, "HS-PAM"]
    assert (await assessor.ask("GET", only_social)).status == 200
    assert (await nurse.ask("GET", only_social)).status == 404


async def test_a_token_is_made_for_what_the_role_may(site: Site, made: Made) -> None:
    """Nobody makes a token for a role they lack, for what the role may not do, or for ever."""
    account = await site.account("anna", Role.CARE_WORKER)
    async with site.database.write() as session:
        for role, action, days, code in (
            (Role.COORDINATOR, Action.PLAN_READ, 1, "token.role"),
            (Role.CARE_WORKER, Action.PROPOSAL_APPROVE, 1, "token.actions"),
            (Role.CARE_WORKER, Action.PLAN_READ, 367, "token.days"),
            (Role.CARE_WORKER, Action.PLAN_READ, 0, "token.days"),
        ):
            with pytest.raises(Fault) as told:
                await make(session, account, role, [action], "x", days, site.clock.now())
            assert told.value.code == code


async def test_ones_own_page(site: Site, made: Made) -> None:
    """Made on the page, shown once, used, revoked there; another's cannot be revoked; all of it logged."""
    browser = await site.signed_in("samordnaren", Role.COORDINATOR)
    form = {"name": "Tavlan i köket", "role": "coordinator", "days": "30"}
    page = await (await browser.post("/konto/nycklar", data=form)).text()
    (token,) = re.findall(r"samtid_[\w-]{43}", page)
    program = Program(await site.browser(), token)
    await program.get("/groups")
    page = await (await browser.get("/konto/nycklar")).text()
    assert token not in page
    assert "Tavlan i köket" in page
    (revoke,) = re.findall(r'action="(/konto/nycklar/[^"]+)"', page)
    other = await site.signed_in("anna", Role.COORDINATOR)
    assert (await other.post(revoke)).status == 404
    await program.get("/groups")
    assert (await browser.post(revoke)).status == 200
    assert (await program.ask("GET", "/groups")).status == 401
    async with site.database.read() as session:
        things = (await session.scalars(select(AccessLog.thing).where(AccessLog.action == "sign_in"))).all()
    assert sum(one.startswith("token made") for one in things) == 1
    assert sum(one.startswith("token revoked") for one in things) == 1


async def test_a_form_that_is_wrong_says_so(site: Site) -> None:
    """Nothing is made, and the page says which field."""
    browser = await site.signed_in("samordnaren", Role.COORDINATOR)
    right = {"name": "Tavlan", "role": "coordinator", "days": "30"}
    for field, value in (("name", ""), ("name", "x" * 101), ("role", "administrator"), ("days", "999")):
        answer = await browser.post("/konto/nycklar", data={**right, field: value})
        assert answer.status == 422
        assert f'id="{field}-error"' in await answer.text()
    async with site.database.read() as session:
        assert (await session.scalars(select(AccessToken))).all() == []


async def test_a_cookie_is_no_way_round(site: Site, made: Made) -> None:
    """With a session the API works from our own pages; from another site, or as a form, nothing changes."""
    browser = await site.signed_in("samordnaren", Role.COORDINATOR)
    address = f"/api/v1/contacts/{made.own.visit.id}/steps"
    step = {"step": "decline", "version": made.own.visit.version, "cause": "not_today"}
    foreign = await browser.post(address, json=step, headers={"Origin": "https://elak.example"})
    assert foreign.status == 403
    form = await browser.post(address, data=step)
    assert form.status == 415
    own = await browser.post(address, json=step, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status == 200, await own.text()


async def the_account(site: Site) -> Account:
    async with site.database.read() as session:
        return (await session.scalars(select(Account).where(Account.username == "planeringen"))).one()


@pytest.mark.parametrize("end", ["disable", "reset", "shut_out"])
async def test_a_token_ends_for_good_with_the_account(site: Site, program: Program, end: str) -> None:
    """Closed, a lost phone, signed out everywhere: it stays ended when the account opens again."""
    await site.account("admin", Role.ADMINISTRATOR)
    account, now = await the_account(site), site.clock.now()
    assert (await program.ask("GET", "/groups")).status == 200
    async with site.database.write() as session:
        mine = await session.get_one(Account, account.id)
        if end == "disable":
            await disable(session, now, mine)
        else:
            await (reset if end == "reset" else shut_out)(session, mine.id, now)
    assert (await program.ask("GET", "/groups")).status == 401
    async with site.database.write() as session:
        (await session.get_one(Account, account.id)).disabled_at = None
    assert (await program.ask("GET", "/groups")).status == 401


async def test_a_token_ends_with_the_last_day(site: Site, program: Program) -> None:
    """At the municipality's midnight, and for good once the day's end has passed over it."""
    async with site.database.write() as session:
        account = await session.get_one(Account, (await the_account(site)).id)
        await leave_on(session, site.clock.now(), account, site.clock.today())
    site.clock.set(moment("2026-12-01 23:59"))
    assert (await program.ask("GET", "/groups")).status == 200
    site.clock.set(moment("2026-12-02 00:00"))
    assert (await program.ask("GET", "/groups")).status == 401
    await day_end(site.database, site.clock)
    async with site.database.write() as session:
        (await session.get_one(Account, account.id)).last_day = None
    assert (await program.ask("GET", "/groups")).status == 401


async def test_a_program_that_asks_too_often_waits(
    site: Site, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with how long; another token is not held up, and a page is not."""
    other = await make_program(site, "uppfoljningen", Role.COORDINATOR)
    monkeypatch.setattr(asker, "TOKEN", replace(TOKEN, times=3))
    assert [(await program.ask("GET", "/groups")).status for _ in range(4)] == [200, 200, 200, 429]
    answer = await program.ask("GET", "/groups")
    assert (await answer.json())["code"] == "throttle.program"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert (await other.ask("GET", "/groups")).status == 200


async def test_guessing_tokens_is_slowed_down(site: Site, program: Program) -> None:
    """Wrong ones from one address end in 429; a good one from there goes on."""
    wrong = Program(program.browser, "samtid_" + "a" * 43)
    statuses = [(await wrong.ask("GET", "/groups")).status for _ in range(TOKEN_ADDRESS.times + 1)]
    assert statuses == [401] * TOKEN_ADDRESS.times + [429]
    answer = await wrong.ask("GET", "/groups")
    assert 1 <= int(answer.headers["Retry-After"]) <= 600
    assert (await program.ask("GET", "/groups")).status == 200
