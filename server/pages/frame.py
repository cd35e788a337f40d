"""What the frame of every page needs: menu, account, demo banner, and what must be said all the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from sqlalchemy import select

from care.municipality import Municipality
from care.outbox import OutboxEvent
from care.storage.database import Database
from server.configuration import Configuration
from server.keys import CONFIGURATION, DATABASE, FRAME, LANGUAGE, RENDERER, TAIL
from server.language import N_, translations
from server.pages.assets import ASSETS
from server.pages.navigation import ROLE_WORDS, menu
from server.security.actor import Actor, signed_in


class Frame:
    """Known for all requests: the municipality's name, whether it is a demo, and standing notices."""

    def __init__(self, configuration: Configuration) -> None:
        self.name = ""
        self.is_demo = False
        self.notices: list[str] = []
        if configuration.is_reachable:
            if configuration.allow_password_login:
                self.notices.append(
                    N_("Här loggar man in med bara lösenord. Riktiga uppgifter kräver två steg.")
                )
            if configuration.turn is None:
                self.notices.append(
                    N_("Det finns ingen TURN-server. Samtal kan misslyckas utanför det egna nätet.")
                )

    async def read(self, database: Database) -> None:
        async with database.read() as session:
            found = await session.scalar(select(Municipality).limit(1))
        self.name, self.is_demo = (found.name, found.is_demo) if found else ("", False)

    def values(self, request: web.Request) -> dict[str, Any]:
        """The values that ``base.html`` asks for."""
        language = request.get(LANGUAGE, "sv")
        say = translations(language).gettext
        who = signed_in(request)
        return {
            "lang": language,
            "theme": None,
            "title": "Samtid",
            "demo": self.is_demo,
            "municipality": self.name,
            "system_notice": " ".join(say(sentence) for sentence in self.notices),
            "messages": [],
            "sign_out_url": "/logga-ut",
            "account_url": "/konto",
            "nav": menu(request, who, say) if who else [],
            "account": _account(request, who, say) if who else None,
        }


def _account(request: web.Request, who: Actor, say: Any) -> dict[str, Any]:
    picture = f"lib/portraits/{who.portrait}.svg"
    assets = request.app[ASSETS]
    return {
        "name": who.display_name,
        "role": ", ".join(dict.fromkeys(say(ROLE_WORDS[held.role]) for held in who.roles)),
        "group": ", ".join(who.group_names),
        "photo": assets.address(picture) if picture in assets.files else None,
    }


def setup(app: web.Application) -> None:
    app[FRAME] = Frame(app[CONFIGURATION])
    app[RENDERER].everywhere.append(app[FRAME].values)
    app.cleanup_ctx.append(_follow)


async def _follow(app: web.Application) -> AsyncIterator[None]:
    async def changed(_event: OutboxEvent) -> None:
        await app[FRAME].read(app[DATABASE])

    await app[FRAME].read(app[DATABASE])
    end = app[TAIL].subscribe("municipality.changed", changed)
    yield
    end()
