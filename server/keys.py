"""Every key of the application and of a request, in one place and typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from care.clock import Clock
from care.storage.database import Database
from scheduler.planning import PlanningPool
from server.configuration import Configuration

if TYPE_CHECKING:
    from server.alerts.sender import Sender
    from server.events import OutboxTail
    from server.pages.frame import Frame
    from server.pages.rendering import Renderer
    from server.rooms.desk import RoomDesk
    from server.security.actor import Actor
    from server.security.openid import Provider
    from server.security.passwords import Passwords
    from server.security.throttle import Throttle

CONFIGURATION = web.AppKey("configuration", Configuration)
DATABASE = web.AppKey("database", Database)
CLOCK = web.AppKey("clock", Clock)
#: The machine's own clock, never moved: what other machines (phones, sign-in services) are compared with.
MACHINE_CLOCK = web.AppKey("machine_clock", Clock)
RENDERER: web.AppKey[Renderer] = web.AppKey("renderer")
FRAME: web.AppKey[Frame] = web.AppKey("frame")
TAIL: web.AppKey[OutboxTail] = web.AppKey("tail")
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords")
THROTTLE: web.AppKey[Throttle] = web.AppKey("throttle")
#: The municipality's own sign-in service under ``provider``, once the server runs and when there is one.
OPENID: web.AppKey[dict[str, Provider]] = web.AppKey("openid")
#: Only where a way to reach closed phones is set up.
SENDER: web.AppKey[Sender] = web.AppKey("sender")
#: Who is in which room of three to twelve.
ROOMS: web.AppKey[RoomDesk] = web.AppKey("rooms")
PLANNING = web.AppKey("planning", PlanningPool)

ACTOR: web.RequestKey[Actor] = web.RequestKey("actor")
LANGUAGE = web.RequestKey("language", str)
