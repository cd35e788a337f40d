"""What a guest's browser is recognised by: a secret of its own in a cookie that no script reads.

It says nothing of any call: an invitation is bound to it the first time its link is opened there.
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from care.guests.invitation import is_secret
from server.keys import CONFIGURATION

#: Links are sent some days ahead; the cookie outlives them.
KEPT = timedelta(days=30)


def cookie_name(request: web.Request) -> str:
    """``__Host-`` binds the cookie to this very host; it demands HTTPS."""
    return "__Host-samtid-gast" if request.app[CONFIGURATION].is_secure else "samtid-gast"


def read_device(request: web.Request) -> str | None:
    """The secret of the device, when it looks like one of ours."""
    secret = request.cookies.get(cookie_name(request), "")
    return secret if is_secret(secret) else None


def give_device(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=int(KEPT.total_seconds()),
        path="/",
        secure=request.app[CONFIGURATION].is_secure,
        httponly=True,
        samesite="Strict",
    )
