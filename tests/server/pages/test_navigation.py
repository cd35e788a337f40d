"""The menu begins with what each role works with most, and so does the day."""

from __future__ import annotations

import re

import pytest

from care.accounts import Role
from tests.server.conftest import Site


@pytest.mark.parametrize(
    ("role", "leading"),
    [
        (Role.COORDINATOR, ["/planen", "/behover", "/hant", "/planera"]),
        (Role.UNIT_MANAGER, ["/uppfoljning", "/avstamning", "/behover", "/planen"]),
        (Role.ADMINISTRATOR, ["/konton"]),
        (Role.NEEDS_ASSESSOR, ["/brukare"]),
        (Role.LICENSED_PROFESSIONAL, ["/brukare"]),
    ],
)
async def test_a_role_begins_where_it_works_most(site: Site, role: Role, leading: list[str]) -> None:
    """The first page after sign-in is the first word of the menu."""
    browser = await site.signed_in("nils", role)
    page = await browser.get("/")
    assert page.url.path == leading[0]
    links = re.findall(r'<a[^>]* href="(/[a-z-]+)"', await page.text())
    assert [link for link in dict.fromkeys(links) if link != "/konto"][: len(leading)] == leading
