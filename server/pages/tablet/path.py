""" "Prova vägen nu": whether picture and sound find the way to a tablet, without its camera or microphone."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.devices import Device
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.rendering import address_of, go_to, render
from server.pages.tablet.found import find_tablet
from server.pages.tablet.path_words import RESULTS, figures
from server.security.actor import actor
from server.security.gate import right
from server.tablets.path_test.asking import RUN_WITHIN, ask_for_path_test, latest_test

routes = web.RouteTableDef()


@routes.post("/surfplattor/{id}/vagprov", name="tablet_path_test")
@right(Action.DEVICE_CHANGE)
async def begin(request: web.Request) -> web.StreamResponse:
    """Have a made-up picture and tone sent there and back."""
    async with request.app[DATABASE].write() as session:
        device, _here = await find_tablet(request, session, Action.DEVICE_CHANGE, "path tested")
        await ask_for_path_test(
            session, device, request.app[CLOCK].now(), account_id=actor(request).account_id
        )
    return go_to(address_of(request, "tablet", id=device.id) + "#vagen")


@routes.get("/surfplattor/{id}/vagen", name="tablet_path")
@right(Action.DEVICE_READ)
async def state(request: web.Request) -> web.StreamResponse:
    """The latest test as a part of the page, asked for anew while one goes on."""
    async with request.app[DATABASE].read() as session:
        device, _here = await find_tablet(request, session, Action.DEVICE_READ)
        return render(
            request, "_tablets_path.html", device=device, **await path_view(request, session, device)
        )


async def path_view(request: web.Request, session: AsyncSession, device: Device) -> dict[str, Any]:
    """What the part about the way shows."""
    now, say = request.app[CLOCK].now(), translations(request[LANGUAGE]).gettext
    test = await latest_test(session, device.id)
    return {
        "path_test": test,
        "path_goes_on": test is not None and test.ended_at is None and now - test.asked_at < RUN_WITHIN,
        "path_words": RESULTS[test.result] if test is not None and test.result is not None else None,
        "path_figures": figures(test.facts, say) if test is not None else [],
    }
