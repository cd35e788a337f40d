"""Whose hand a change is, for the history: a person on a page, or a program through the API."""

from __future__ import annotations

from aiohttp import web

from care.contacts.step import Hand
from server.security.actor import actor
from server.security.tokens import API


def hand(request: web.Request) -> Hand:
    """The account of the request, and the way it came."""
    return Hand("api" if request.path.startswith(API) else "page", actor(request).account_id)
