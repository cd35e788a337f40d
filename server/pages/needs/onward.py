"""Where to go: addresses of pages that may not be there, and the way on after something was saved."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web


def link(request: web.Request, name: str, **parts: object) -> str | None:
    """The address of the route `name`, or None when this installation has no such page."""
    resource = request.app.router.named_resources().get(name)
    if resource is None:
        return None
    return str(resource.url_for(**{key: str(value) for key, value in parts.items()}))


def onward(request: web.Request, address: str) -> web.Response:
    """Saved: on to `address`, for a whole page and for htmx alike.

    A browser that follows a redirect inside htmx would put the next page into the present one; and on the
    very page that is shown, going to a part of it would read nothing anew.
    """
    if "HX-Request" in request.headers:
        if "#" in address and address.split("#", maxsplit=1)[0] == _shown(request):
            return web.Response(headers={"HX-Refresh": "true"})
        return web.Response(headers={"HX-Redirect": address})
    return web.Response(status=303, headers={"Location": address})


def _shown(request: web.Request) -> str:
    """The path and query of the page that htmx asks from; empty when it does not say so in a usable way."""
    try:
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
