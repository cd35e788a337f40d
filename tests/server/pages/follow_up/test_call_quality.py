""" "Samtalens kvalitet": causes, paths and courses by group, and nobody named in the list."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from care.accounts import Role
from care.calls.call import Call, CallParticipant, CallQuality, CallRole
from care.calls.life import CallState, Cause
from care.calls.trouble import Trouble
from care.ids import new_id
from care.municipality import Group
from server.pages.follow_up.call_quality import PATHS, TROUBLES
from tests.builders import make_client, make_contact, make_staff, make_tablet, moment
from tests.server.conftest import Browser, Site

ADDRESS = "/samtalskvalitet"


async def call(
    site: Site, group: Group | None = None, *, name: str = "Ingrid", ago: int = 1, **more: Any
) -> UUID:
    """An ended call `ago` hours ago, with what both sides measured."""
    figures: dict[str, Any] = {
        "path": "relay", "protocol": "tcp", "loss_percent": 2.5, "freezes": 3, "round_trip_ms": 80.0,
        "jitter_ms": 4.0, "kilobits": 450.0, "ice_ms": 240, "dtls_ms": 90, "heard_ms": 410,
        "troubles": ["camera_dark"],
        "series": [[5, 80.0, 0.0, 4.0, 0, 450.0], [10, 95.0, 5.0, 6.0, 3, 300.0]],
    }  # fmt: skip
    figures |= more.pop("figures", {})
    async with site.database.write() as session:
        anna = await make_staff(session, site.town)
        where: dict[str, Any] = {"group_id": group.id} if group else {}
        client = await make_client(session, site.town, name, **where)
        tablet = await make_tablet(session, client, last_seen_at=site.clock.now())
        rung = site.clock.now() - timedelta(hours=ago)
        row = await make_contact(
            session, client, site.town.services["TI-DAG"], moment("2026-11-30 10:00"), staff=[anna]
        )
        made = Call(**{
            "id": new_id(), "contact_id": row.id, "state": CallState.ENDED, "cause": Cause.LOST,
            "rung_at": rung,
            "answered_at": rung + timedelta(seconds=9), "setup_ms": 620,
            "ended_at": rung + timedelta(minutes=4), **more,
        })  # fmt: skip
        session.add(made)
        session.add(CallParticipant(id=new_id(), call_id=made.id, role=CallRole.CLIENT, device_id=tablet.id))
        for role in (CallRole.WORKER, CallRole.CLIENT):
            session.add(CallQuality(id=new_id(), call_id=made.id, role=role, **figures))
    return made.id


async def seen(browser: Browser, address: str = ADDRESS, status: int = 200) -> str:
    answer = await browser.get(address)
    assert answer.status == status
    text = re.sub(r"<[^>]+>", " ", (await answer.text()).split("<main")[1])
    return html.unescape(re.sub(r"\s+", " ", text))


async def test_the_list_tells_how_calls_went_and_names_nobody(site: Site) -> None:
    """Cause with advice, share of failures, set-up, path, freezes and loss; no name, no tablet, no worker."""
    await call(site)
    await call(
        site, name="Greta", cause=Cause.HUNG_UP, figures={"path": "host", "protocol": "udp", "freezes": 0}
    )
    text = await seen(await site.signed_in("cia", Role.COORDINATOR))
    for words in (
        "Skärmens uppkoppling bröts", "Ring på telefon. Händer det ofta", "Någon lade på", "50 %", "0,6 s",
        "genom relä", "TCP", "direkt, samma nät", "2,5 %",
    ):  # fmt: skip
        assert words in text, words
    for name in ("Ingrid", "Greta", "Anna", "Lind"):
        assert name not in text
    assert {row.thing for row in await site.log() if row.action == "call_quality.read"} == {"calls"}


async def test_one_call_in_its_course(site: Site) -> None:
    """Phases, each side's figures and troubles, a chart with its table; and the opening is logged."""
    made = await call(site)
    browser = await site.signed_in("cia", Role.COORDINATOR)
    page = await (await browser.get(f"{ADDRESS}/{made}")).text()
    assert page.count('src="data:image/svg+xml;base64,') == 2
    text = await seen(browser, f"{ADDRESS}/{made}")
    for words in ("0,41 s", "9,0 s", "0,24 s", "0,09 s", "bilden var svart", "0.10", "95", "450 kbit/s"):
        assert words in text, words
    entries = [row for row in await site.log() if row.thing == f"call:{made}"]
    assert entries
    assert all(row.client_id is not None for row in entries)


async def test_calls_of_another_group_are_not_there(site: Site, kalarne: Group) -> None:
    """Neither in the list, nor by group, nor by id."""
    theirs = await call(site, kalarne, name="Karl")
    browser = await site.signed_in("cia", Role.COORDINATOR)
    assert "Inga samtal har slutat" in await seen(browser)
    assert (await browser.get(f"{ADDRESS}?grupp={kalarne.id}")).status == 404
    assert (await browser.get(f"{ADDRESS}/{theirs}")).status == 404
    everywhere = await site.signed_in("adam", Role.ADMINISTRATOR)
    assert "Skärmens uppkoppling bröts" in await seen(everywhere)


@pytest.mark.parametrize("role", [Role.CARE_WORKER, Role.NEEDS_ASSESSOR, Role.LICENSED_PROFESSIONAL])
async def test_others_do_not_see_it(site: Site, role: Role) -> None:
    made = await call(site)
    browser = await site.signed_in("someone", role)
    assert (await browser.get(ADDRESS)).status == 403
    assert (await browser.get(f"{ADDRESS}/{made}")).status == 403


async def test_odd_addresses_and_calls_that_go_on(site: Site) -> None:
    """404 for what is no call or has not ended; a call from before the period is not listed."""
    going = await call(site, state=CallState.CONNECTED, cause=None, ended_at=None)
    await call(site, name="Greta", ago=40)
    browser = await site.signed_in("cia", Role.COORDINATOR)
    for address in (f"{ADDRESS}/{going}", f"{ADDRESS}/{new_id()}", f"{ADDRESS}/x", f"{ADDRESS}?grupp=x"):
        assert (await browser.get(address)).status == 404
    assert "Inga samtal har slutat" in await seen(browser, f"{ADDRESS}?period=dag")
    assert "Skärmens uppkoppling bröts" in await seen(browser)


async def test_a_call_without_figures_is_shown_all_the_same(site: Site) -> None:
    """Figures that were never told, or are older than 90 days, are dashes."""
    figures = dict.fromkeys(
        ["path", "protocol", "loss_percent", "freezes", "round_trip_ms", "jitter_ms", "kilobits", "ice_ms",
         "dtls_ms", "heard_ms"]
    ) | {"troubles": [], "series": []}  # fmt: skip
    made = await call(site, cause=Cause.NO_ANSWER, answered_at=None, setup_ms=None, figures=figures)
    browser = await site.signed_in("cia", Role.COORDINATOR)
    assert "Inget svar" in await seen(browser)
    assert "–" in await seen(browser, f"{ADDRESS}/{made}")


def test_every_path_and_trouble_has_its_words() -> None:
    assert set(TROUBLES) == set(Trouble)
    assert set(PATHS) == {"host", "srflx", "prflx", "relay"}
