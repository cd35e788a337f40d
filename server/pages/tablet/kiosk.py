"""The tablet's pages: its one page, its service worker, and the door through which it is paired.

Nothing here knows anything of anybody: the day comes by the socket, to a tablet that has signed its hello.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from aiohttp import web

from care.contacts.step import Hand
from care.errors import Fault, not_found
from scheduler.tablet_calls import tablet_is_back
from server.keys import CLOCK, DATABASE, LANGUAGE, THROTTLE
from server.language import DEFAULT, SCREEN_LANGUAGES, translations
from server.pages.assets import ASSETS, Assets
from server.pages.rendering import render
from server.security.address import client_address
from server.security.gate import open_to_all
from server.security.throttle import PAIRING_ADDRESS
from server.tablets import pairing
from server.tablets.face import picture
from server.tablets.home import clients_of
from server.tablets.keys import check_number, read_key

routes = web.RouteTableDef()

#: What the page needs without cover, beside everything under ``kiosk/`` and ``call/``.
SHELL = (
    "words.js", "gallery.js", "css/tokens.css", "css/fonts.css", "css/base.css", "css/tiles.css",
    "lib/icons.svg", "icons/samtid.svg",
)  # fmt: skip
_FOLDERS = ("kiosk/", "call/", "lib/fonts/")
_WORDS = [f"/ord/{language}.json" for language in SCREEN_LANGUAGES if language != DEFAULT]
_WORKER = "kiosk/worker.js"
#: A pairing request is a few hundred bytes.
_LONGEST = 4096


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /kiosk/pairing``."""

    public_key: dict[str, str]
    secret: str | None = None
    code: str | None = None
    label: str | None = None


@routes.get("/kiosk", name="kiosk")
@open_to_all("the tablet's page shows nothing before the tablet has proved who it is")
async def kiosk(request: web.Request) -> web.StreamResponse:
    """The one page of the tablet."""
    # Its language is the client's, which the page learns when it has come in.
    request[LANGUAGE] = DEFAULT
    response = render(request, "kiosk/kiosk.html", version=request.app[ASSETS].version)
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.get("/kiosk/worker.js", name="kiosk_worker")
@open_to_all("the program's own file, the same for everybody")
async def worker(request: web.Request) -> web.StreamResponse:
    """The service worker; its first line changes with every version: so browsers notice a new one."""
    assets = request.app[ASSETS]
    text = f"// {assets.version}\n" + assets.files[_WORKER].read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/kiosk"}
    return web.Response(text=text, content_type="text/javascript", headers=headers)


@routes.get("/kiosk/shell.json", name="kiosk_shell")
@open_to_all("the program's own addresses, the same for everybody")
async def shell(request: web.Request) -> web.StreamResponse:
    """Which files the tablet keeps, and of which version."""
    assets = request.app[ASSETS]
    body = {"version": assets.version, "files": ["/kiosk", *_WORDS, *shell_files(assets)]}
    return web.json_response(body, headers={"Cache-Control": "no-cache"})


def shell_files(assets: Assets) -> list[str]:
    """The addresses of the tablet's own files."""
    return [
        assets.address(path)
        for path in sorted(assets.files)
        if path in SHELL or (path.startswith(_FOLDERS) and path != _WORKER and not path.endswith(".md"))
    ]


@routes.get("/kiosk/face/{name}", name="kiosk_face")
@open_to_all("a drawn picture by its number; it says nothing of whose face it is")
async def kiosk_face(request: web.Request) -> web.StreamResponse:
    """A face under an address that stays, so that the tablet can keep it."""
    path = picture(request.match_info["name"])
    file = request.app[ASSETS].files.get(path) if path else None
    if file is None:
        raise not_found("bild")
    return web.FileResponse(file, headers={"Cache-Control": "public, max-age=604800"})


@routes.post("/kiosk/pairing", name="kiosk_pairing")
@open_to_all("a tablet has no account; the secret or the code, and then a worker, let it in")
async def pair(request: web.Request) -> web.StreamResponse:
    """Ask to be let in, or how it went (docs/protocol.md, section 2)."""
    wish = _read(await _body(request))
    throttle, address = request.app[THROTTLE], client_address(request)
    await throttle.check(PAIRING_ADDRESS, address)
    key, now = read_key(wish.public_key), request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        if wish.secret is not None:
            claim = await pairing.claim_by_secret(session, now, wish.secret, key)
        else:
            claim = await pairing.claim_by_code(session, now, wish.code or "", key)
        if claim.pairing is not None and claim.pairing.device_id is not None:
            # Let in by itself (a demo): asking again how it went finds nothing more to do.
            for client in await clients_of(session, claim.pairing.device_id, now):
                await tablet_is_back(session, client.id, clock=request.app[CLOCK], hand=Hand("tablet.paired"))
    if claim.fault is not None:
        if claim.fault.code in ("pairing.unknown", "pairing.tries"):
            await throttle.spend(PAIRING_ADDRESS, address)
        raise claim.fault
    if claim.pairing is not None and claim.pairing.device_id is not None:
        return web.json_response({"state": "paired", "device": str(claim.pairing.device_id), "protocol": 1})
    return web.json_response(
        {
            "state": "confirm",
            "sentence": translations(request.get(LANGUAGE, "sv")).gettext(
                "Personalen ser efter att det stämmer"
            ),
            "number": check_number(key),
        },
        status=202,
    )


async def _body(request: web.Request) -> Any:
    if request.content_length is not None and request.content_length > _LONGEST:
        raise Fault("too_large", "Det som skickades är för stort.", status=413)
    raw = await request.content.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise Fault("too_large", "Det som skickades är för stort.", status=413)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise _bad("body") from None


def _read(body: Any) -> _Request:
    try:
        wish = msgspec.convert(body, _Request)
    except msgspec.ValidationError:
        raise _bad("body") from None
    if (wish.secret is None) == (wish.code is None):
        raise _bad("code")
    if max(len(wish.secret or ""), len(wish.code or ""), len(wish.label or "")) > 200:
        raise _bad("code")
    return wish


def _bad(place: str) -> Fault:
    return Fault("pairing.bad", "Det gick inte att förstå vad surfplattan frågade.", place=place)
