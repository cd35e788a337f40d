"""Every key of the application and of a request, in one place and typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from care.clock import Clock
from care.storage.database import Database
from server.configuration import Configuration

if TYPE_CHECKING:
    from server.events import OutboxTail
    from server.pages.rendering import Renderer
    from server.security.actor import Actor

CONFIGURATION = web.AppKey("configuration", Configuration)
DATABASE = web.AppKey("database", Database)
CLOCK = web.AppKey("clock", Clock)
RENDERER: web.AppKey[Renderer] = web.AppKey("renderer")
TAIL: web.AppKey[OutboxTail] = web.AppKey("tail")

ACTOR: web.RequestKey[Actor] = web.RequestKey("actor")
LANGUAGE = web.RequestKey("language", str)
