"""The one place where an error becomes a response: a page, a fragment or RFC 9457 JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from care.errors import Fault
from care.ids import new_id
from server.keys import LANGUAGE
from server.language import translations
from server.pages.rendering import go_to, render

log = logging.getLogger("samtid.faults")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into words. Nothing of the inside is ever shown."""
    try:
        return await handler(request)
    except Fault as fault:
        return answer(request, fault)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        response = answer(request, _from_http(error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:
        reference = new_id().hex[-8:]
        # The route's name, not the address: an address holds ids.
        route = request.match_info.route.name or "unnamed"
        log.exception("unexpected error %s in %s", reference, route)
        return answer(
            request,
            Fault(
                "unexpected",
                "Något gick fel hos oss. Inget är sparat. Försök igen, och uppge %(reference)s om det "
                "fortsätter.",
                status=500,
                values={"reference": reference},
            ),
        )


def answer(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The response that says `fault`; one that is only too early says how long to wait."""
    response = _said(request, fault)
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS and "seconds" in fault.values:
        response.headers["Retry-After"] = str(fault.values["seconds"])
    return response


def _said(request: web.Request, fault: Fault) -> web.StreamResponse:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    if _wants_json(request):
        return web.Response(
            text=json.dumps(fault.as_dict(say), ensure_ascii=False),
            status=fault.status,
            content_type="application/problem+json",
            headers={"WWW-Authenticate": "Bearer"} if _is_for_programs(request, fault) else None,
        )
    if fault.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        where = quote(request.path_qs, safe="/?=&-") if request.path != "/" else ""
        target = f"/logga-in?vidare={quote(where, safe='')}" if where else "/logga-in"
        if "HX-Request" in request.headers:
            return web.Response(status=HTTPStatus.OK, headers={"HX-Redirect": "/logga-in"})
        return go_to(target)
    template = "_fault.html" if "HX-Request" in request.headers else "fault.html"
    return render(request, template, status=fault.status, fault=fault, sentence=fault.say(say))


def _is_for_programs(request: web.Request, fault: Fault) -> bool:
    return fault.status == HTTPStatus.UNAUTHORIZED and request.path.startswith("/api/")


def _wants_json(request: web.Request) -> bool:
    if request.path.startswith("/api/"):
        return True
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept


#: What the web framework itself refuses.
SENTENCES = {
    HTTPStatus.NOT_FOUND: (
        "not_found",
        "Adressen leder ingenstans. Den kan vara felskriven, eller så är sidan borttagen.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method", "Så kan sidan inte användas."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", "Det som skickades är för stort."),
    HTTPStatus.FORBIDDEN: ("forbidden", "Du får inte göra det här."),
}
UNKNOWN = ("bad_request", "Det gick inte att förstå det som skickades.")


def _from_http(error: web.HTTPException) -> Fault:
    code, sentence = SENTENCES.get(HTTPStatus(error.status), UNKNOWN)
    return Fault(code, sentence, status=error.status)
