""" "Systemet fungerar inte": advice on paper, whom to ring, a report that needs no database and no sign-in.

The page stands in the browser from the last time anything worked; what is written is kept there until it has
been told. Here it ends in a file: it can be read when the rest of the server cannot.
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from server.keys import CLOCK, CONFIGURATION, LANGUAGE, RENDERER
from server.language import DEFAULT, LANGUAGES
from server.operations.fault_reports import note
from server.pages.assets import ASSETS
from server.pages.form import read_form
from server.security.address import client_address
from server.security.gate import open_to_all
from server.security.throttle import Limit, Throttle

routes = web.RouteTableDef()

LONGEST = 1000
#: From one address: the file has an end, and one who fills it would silence everybody else. What is refused
#: is kept by the browser and sent later.
REPORTS = Limit("fault-report", 30, 10)
#: In this process's memory: it must not need that anything else works.
_TRIES = web.AppKey("fault_reports", Throttle)
_FILES = ("css/tokens.css", "css/fault_report.css", "fault-report.js", "words.js")


def setup(app: web.Application) -> None:
    app[_TRIES] = Throttle()


@routes.get("/fel", name="fault_report")
@open_to_all("advice that is the same for everybody, for when sign-in does not work either")
async def page(request: web.Request) -> web.StreamResponse:
    """One plain page without anybody's data; the browser keeps it."""
    language = request.get(LANGUAGE, DEFAULT)
    text = request.app[RENDERER].alone(
        language, "fault_report.html", phone=request.app[CONFIGURATION].help_phone, longest=LONGEST
    )
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-cache"})


@routes.get("/fel/arbetare.js", name="fault_report_worker")
@open_to_all("the program's own file, the same for everybody")
async def worker(request: web.Request) -> web.StreamResponse:
    """The service worker that keeps the page; it names the files of this version."""
    assets = request.app[ASSETS]
    words = [f"/ord/{language}.json" for language in LANGUAGES if language != DEFAULT]
    kept = {"version": assets.version, "files": [*words, *(assets.address(name) for name in _FILES)]}
    source = assets.files["fault-report-worker.js"].read_text(encoding="utf-8")
    text = f"self.faultFiles = {json.dumps(kept)};\n{source}"
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/fel"}
    return web.Response(text=text, content_type="text/javascript", headers=headers)


@routes.post("/fel", name="fault_report_send")
@open_to_all("a report that the system does not work must not need that it works")
async def send(request: web.Request) -> web.StreamResponse:
    """``what``, and ``at`` and ``key`` as the browser noted them; the same key twice is one report."""
    form = await read_form(request)
    what = form.text("what", longest=LONGEST, needed=True)
    await request.app[_TRIES].spend(REPORTS, client_address(request))
    line = {
        "received": request.app[CLOCK].now().isoformat(timespec="seconds"),
        "at": form.text("at", longest=40),
        "key": form.text("key", longest=40),
        "what": what,
    }
    await asyncio.to_thread(note, request.app[CONFIGURATION].data, line)
    return web.Response(status=204)
