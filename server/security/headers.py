"""What the browser may load and tell: the headers of every answer, set in one place.

There is no inline script or style and no foreign address: a page that needs either is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from server.configuration import Configuration
from server.keys import CONFIGURATION

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_ONE_YEAR = 31_536_000

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "base-uri 'none'",
)
_OURS = ("camera", "microphone", "autoplay", "fullscreen", "screen-wake-lock", "speaker-selection")
_NOBODYS = ("display-capture", "geolocation", "gyroscope", "hid", "midi", "payment", "serial", "usb")
_FEATURES = ", ".join([*(f"{name}=(self)" for name in _OURS), *(f"{name}=()" for name in _NOBODYS)])

ALWAYS = {
    "Permissions-Policy": _FEATURES,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(configuration: Configuration, host: str) -> str:
    """The content security policy; sockets of our own host are named, as older browsers need that."""
    if configuration.public_url:
        host = urlsplit(configuration.public_url).netloc
    socket = ""
    if _HOST.fullmatch(host):
        socket = f" {'wss' if configuration.is_secure else 'ws'}://{host}"
    return "; ".join((*_POLICY, f"connect-src 'self'{socket}"))


def transport(configuration: Configuration) -> str | None:
    """Strict-Transport-Security, for a name of our own; never for an address or a bare machine name."""
    host = urlsplit(configuration.url).hostname or ""
    if not configuration.is_secure or "." not in host:
        return None
    try:
        ip_address(host)
    except ValueError:
        return f"max-age={_ONE_YEAR}"
    return None


def on_prepare(
    configuration: Configuration,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """The signal that sets the headers of every response: pages, files, errors, sockets."""
    strict = transport(configuration)

    async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", policy(request.app[CONFIGURATION], request.host))
        # What people see is about people: nothing is kept unless the route says so.
        headers.setdefault("Cache-Control", "no-store")
        if strict:
            headers.setdefault("Strict-Transport-Security", strict)
        headers.pop("Server", None)

    return set_headers
