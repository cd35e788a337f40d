"""The accessibility statement can be read by everybody, and every page leads to it."""

from __future__ import annotations

from care.accounts import Role
from tests.server.conftest import Site


async def test_anybody_reads_the_statement(site: Site) -> None:
    """Without signing in; it says what is missing and whom to tell, and names the municipality only."""
    browser = await site.browser()
    answer = await browser.get("/tillganglighet")
    page = await answer.text()
    assert answer.status == 200
    for words in ("WCAG 2.2", "inte helt tillgängligt", "Digg", "Bräcke (prov)"):
        assert words in page


async def test_every_page_leads_there(site: Site) -> None:
    """From the sign-in page and from within."""
    link = 'href="/tillganglighet"'
    assert link in await (await (await site.browser()).get("/logga-in")).text()
    boss = await site.signed_in("boss", Role.ADMINISTRATOR)
    assert link in await (await boss.get("/konton")).text()
